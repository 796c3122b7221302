"""Twilio's error codes in plain words: who can act, what happened, what to do.

https://www.twilio.com/docs/api/errors and, for Meta's share, https://www.twilio.com/docs/whatsapp/tutorial/error-codes.
Twilio adds codes without notice; one that is not listed is taken as permanent and shown with its page.
"""

from __future__ import annotations

import re
from typing import Final

from trinity_channels.api import Failure, FailureKind

PAGE = "https://www.twilio.com/docs/api/errors/{code}"

# Codes come from outside; the bound keeps them within what int() takes (4,300 digits) and what a page address needs.
_CODE: Final = re.compile(r"[1-9][0-9]{0,9}")
_FIRST_CODE: Final = 1000  # below, it is the HTTP status of an answer that was not Twilio's

# With these the person has told Twilio or WhatsApp that they want no messages: https://www.twilio.com/docs/api/errors/21610,
# https://www.twilio.com/docs/api/errors/63014 and https://www.twilio.com/docs/api/errors/63033
OPTED_OUT: Final = frozenset({"21610", "63014", "63033"})

_P, _L, _O, _R = FailureKind.PERMANENT, FailureKind.LATER, FailureKind.OPERATOR, FailureKind.RECIPIENT

CODES: dict[str, tuple[FailureKind, str]] = {
    # Webhooks: Twilio could not hand a message to us, or did not like the answer.
    "11200": (_O, "Twilio got an HTTP error or no answer from the webhook. Check that this server can be reached."),
    "11205": (_O, "Twilio could not connect to the webhook within ten seconds. Check address and firewall."),
    "11206": (_O, "The webhook broke the HTTP protocol. Check the proxy in front of this server."),
    "11210": (_O, "The webhook's host name does not resolve. Check the Public Chat URL and its DNS entry."),
    "11215": (_O, "The webhook redirects too often. Enter its final address at Twilio."),
    "11220": (_O, "The TLS handshake with the webhook failed. Check the server's certificate."),
    "11235": (_O, "The webhook's certificate is for another name. Install one for the public host."),
    "11236": (_O, "The webhook's certificate has expired. Renew it."),
    "11237": (_O, "The webhook's certificate chain is incomplete. Install the intermediate certificates."),
    "11750": (_O, "The webhook answered with more than 64 kB. Something else than this server answers there."),
    "12100": (_O, "The webhook did not answer with valid XML. Something else than this server answers there."),
    "12200": (_O, "The webhook answered with XML that is not TwiML. Something else than this server answers there."),
    "12300": (_O, "The webhook answered with a wrong content type. Something else than this server answers there."),
    "57012": (_O, "A webhook signature was not accepted. Compare the Auth Token and the public address with Twilio's."),
    # Requests to the API.
    "20001": (_P, "Twilio did not know a parameter of the request."),
    "20003": (
        _O,
        "Twilio refused the credentials, or the account is suspended. Copy the Auth Token again from the console.",
    ),
    "20005": (_O, "The Twilio account is not active. Sign in to the Twilio Console to have it reopened."),
    "20006": (_O, "Twilio denied access. Check which account these credentials belong to."),
    "20007": (_P, "More items to a page were asked for than Twilio lists."),
    "20009": (_L, "Twilio cannot delete this yet, for it is still in progress."),
    "20008": (_O, "Test credentials cannot do this. Use the account's live credentials."),
    "20249": (_O, "Too many WhatsApp senders were registered within 72 hours. Try the registration again after that."),
    "20403": (_O, "The Twilio account may not do this. Check its permissions in the console."),
    "20404": (_O, "Twilio has no such resource. Check the Account SID and the sender."),
    "20422": (_P, "Twilio did not accept a parameter of the request."),
    "20429": (_L, "Twilio received too many requests at once; it takes the message again in a moment."),
    # Both come with a 5xx status, after which `send` reports an unknown outcome and does not look here.
    "20500": (_L, "Twilio had an internal error."),
    "20503": (_L, "Twilio is not available at the moment."),
    # Addresses, senders and the message itself.
    "14107": (_L, "Too many messages went to this number in half a minute; Twilio suspected a loop and paused it."),
    "21211": (
        _P,
        "The recipient's address is not valid, or hidden numbers cannot be written to from this account yet.",
    ),
    "21212": (_O, "The sender's number is not valid. Correct the WhatsApp From Number."),
    "21408": (_O, "The account may not send to this region. Permit it in the console's geographic permissions."),
    "21602": (_P, "The message is empty."),
    "21603": (_O, "The sender's number is missing. Enter the WhatsApp From Number."),
    "21604": (_P, "The recipient's address is missing."),
    "21606": (_O, "The sender's number cannot send from this account. Check the WhatsApp From Number."),
    "21607": (_O, "A trial account can only send from the sandbox. Upgrade it, or use whatsapp:+14155238886."),
    "21608": (_O, "A trial account can only send to verified numbers. Verify the number or upgrade."),
    "21609": (_O, "Twilio did not accept the address for receipts. Set a Public Chat URL that the internet can reach."),
    "21610": (_R, "The person has unsubscribed with STOP. They can write START to receive messages again."),
    "21611": (_L, "The sender's queue at Twilio is full; it empties with time."),
    "21612": (_P, "Twilio cannot reach this recipient from this sender."),
    "21614": (_P, "The recipient's number is not a mobile number."),
    "21617": (_P, "The message is longer than 1,600 characters."),
    "21620": (_P, "The address of the attached file is not valid."),
    "21623": (_P, "The message has too many attached files."),
    "21624": (_P, "The time that the message may wait must be 1 to 36,000 seconds."),
    "21626": (_O, "Twilio did not accept the address for receipts; host names with an underscore are refused."),
    "21654": (_P, "Values for a template were given without a template."),
    "21655": (_O, "The template does not exist. Check its Content SID (HX…)."),
    "21656": (_P, "The values for the template are not valid JSON."),
    "21658": (_P, "A value for the template is too long."),
    "21703": (_O, "The Messaging Service has no sender. Add the WhatsApp sender to it."),
    "21704": (_O, "The Messaging Service cannot be used. Check it in the Twilio Console."),
    "21705": (_O, "The Messaging Service SID is not valid. Correct it or leave it empty."),
    "21910": (_P, "Sender and recipient are on different channels; both must start with whatsapp:."),
    "30409": (_P, "The message cannot be canceled, because it is no longer scheduled."),
    "35111": (_P, "The time to send a scheduled message at is missing."),
    "35115": (_P, "The time to send at must be more than five minutes and at most 35 days ahead."),
    "35118": (_O, "Only a Messaging Service can schedule messages. Enter its SID."),
    "35126": (_P, "The type of schedule is not supported on this channel."),
    # Delivery, any channel.
    "11751": (_P, "The attached file is larger than the channel takes."),
    "30001": (_L, "The message waited too long in Twilio's queue and was dropped. Send more slowly."),
    "30002": (_O, "The Twilio account was suspended before the message left. Sign in to the Twilio Console."),
    # Twilio names no time after which another attempt helps, so this is final.
    "30003": (_P, "The person's phone cannot be reached at present."),
    "30005": (_P, "The recipient's number is unknown."),
    "30006": (_P, "The recipient's number is a landline or cannot be reached."),
    "30007": (_P, "The message was filtered as unwanted."),
    "30008": (_P, "The message was not delivered, for a reason that the network did not report."),
    "30036": (_L, "The message was not delivered before its time ran out."),
    "30410": (_L, "The provider behind Twilio did not answer in time."),
    "30450": (
        _L,
        "Twilio blocks this destination for a while because of suspected fraud; it ends within half an hour.",
    ),
    # WhatsApp.
    "63001": (_O, "Twilio could not sign in to WhatsApp for this sender. Link the sender to Meta again."),
    "63003": (_P, "The recipient's number is not on WhatsApp."),
    "63005": (_P, "WhatsApp did not accept the content of the message."),
    "63006": (_P, "The message could not be put into WhatsApp's format."),
    "63007": (
        _O,
        "This account has no WhatsApp sender with this number. Check the number, the account and the sandbox.",
    ),
    "63008": (_O, "The WhatsApp sender is not configured correctly. Check it in the Twilio Console."),
    "63009": (_L, "WhatsApp answered with an error; it may work again in a moment."),
    "63010": (_L, "Twilio had an internal error with WhatsApp; it may work again in a moment."),
    "63012": (_L, "WhatsApp had an internal error; it may work again in a moment."),
    "63013": (_P, "The message violates WhatsApp's policy, or a template value has too many spaces in a row."),
    "63014": (_R, "The person has blocked messages from this sender."),
    "63015": (
        _R,
        "The person has not joined the sandbox. They send join <keyword> to +1 415 523 8886, every three days.",
    ),
    "63016": (
        _R,
        "More than 24 hours have passed since the person last wrote. Wait until they write; this host sends no templates.",
    ),
    "63017": (_L, "The Twilio account sends more messages per second than it may."),
    "63018": (_L, "WhatsApp's limit for this sender is reached; the sandbox takes one message every three seconds."),
    "63019": (_O, "WhatsApp could not download the attached file. Check that its address answers without a login."),
    "63020": (_O, "The sender's owner has not accepted Meta's invitation. Accept it in Meta Business Manager."),
    "63021": (_P, "WhatsApp did not accept the content: an unsupported file, or a template that is too long."),
    "63022": (_O, "The certificate of the sender's name is not valid. Register the sender again."),
    "63023": (_P, "WhatsApp refused the message without a particular reason."),
    "63024": (_P, "WhatsApp did not accept the recipient."),
    "63025": (_P, "The attached file exists already at WhatsApp."),
    "63026": (_O, "WhatsApp has marked this sender's messages as spam. Look at the sender's quality in the console."),
    "63027": (_O, "The template does not exist in this language. Create it, or choose another one."),
    "63028": (_P, "The number of values does not fit the template."),
    "63029": (_P, "The person's phone could not load the template."),
    "63030": (_P, "A part of the message is not supported for its type, such as a file with a template."),
    "63031": (_P, "Sender and recipient are the same number."),
    "63032": (_P, "WhatsApp does not deliver to this person at present, because of an experiment by Meta."),
    "63033": (_R, "The person has blocked the sender or declined its marketing messages."),
    "63034": (_P, "The attached file is too large; images may have 5 MB, other files 16 MB."),
    "63037": (_L, "The attached file could not be uploaded to WhatsApp; Twilio retries automatically."),
    "63038": (_L, "The account's daily limit of messages is reached; it frees up within 24 hours."),
    "63040": (_O, "WhatsApp has rejected the template. Change it or choose another one."),
    "63041": (_O, "WhatsApp has paused the template because of its quality. Choose another one."),
    "63042": (_O, "WhatsApp has disabled the template. Choose another one."),
    "63046": (_O, "WhatsApp has approved the template; nothing needs to be done."),
    "63049": (_P, "Meta chose not to deliver this marketing message; numbers in the US receive none at all."),
    "63051": (_O, "Meta has locked this sender, usually after a month without messages. Register it again."),
    "63062": (_O, "The terms for marketing messages have not been accepted. Accept them in Meta Business Manager."),
    "63112": (_O, "Meta has disabled the WhatsApp Business Account. Look into Meta Business Manager for the reason."),
}


def failure_of(code: str) -> Failure:
    """Explain a code, known or not; blank where Twilio gave none."""
    if not _CODE.fullmatch(code):
        return Failure("", _P, "Twilio did not deliver the message and gave no reason.")
    if int(code) < _FIRST_CODE:
        return Failure(
            code, _O, f"The answer was HTTP {code} and did not come from Twilio's API. Look at the proxy between."
        )
    kind, message = CODES.get(code, (_P, f"Twilio reports error {code}; its page explains it."))
    return Failure(code, kind, message, PAGE.format(code=code), opted_out=code in OPTED_OUT)
