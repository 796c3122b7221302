"""Which message a request is about.

What Twilio signs of a form is its fields, sorted by name and written one after the other without anything between them
(https://www.twilio.com/docs/usage/webhooks/webhooks-security). A person who has seen one signed request can therefore
divide the same text into other fields: `MessageSid=SM…` and `MessageType=text` into `MessageSid=SM…MessageTypetext`, or
the end of `OriginalRepliedMessageSid` into a `MessageSid`. With another identifier it would be taken for a new message.
So an identifier has exactly the documented form here, and what the host recognises a message by depends on nothing but
the signed text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trinity_channels.api import MalformedPayload
from trinity_channels_whatsapp.signature import SignedForm

# https://www.twilio.com/docs/glossary/what-is-a-sid; the two deprecated names hold the same value.
_NAMES = ("MessageSid", "SmsSid", "SmsMessageSid")
_SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
_ANY_SID = re.compile(rf"Sid({_SID.pattern})")


def message_sid(form: SignedForm) -> str:
    """Return the message's identifier at Twilio.

    Raises:
        MalformedPayload: there is none, or it is not what Twilio signed.
    """
    return identify(form)[0]


def identify(form: SignedForm) -> tuple[str, str]:
    """Return the message's identifier at Twilio, and what the event is recognised by: the same.

    Where the signed text can be read to hold several, because a person has typed one after the name of the field, the
    event is recognised by all of them: however the text is divided, it stays the same event.

    Raises:
        MalformedPayload: there is none, or it is not what Twilio signed.
    """
    sid = next(filter(None, map(form.first, _NAMES)), "")
    if not sid:
        raise MalformedPayload("The request names no message in MessageSid.")
    if not _SID.fullmatch(sid):
        raise MalformedPayload("MessageSid is not SM or MM and 32 hexadecimal digits.")
    signed = set(_signed_sids(form))
    if sid not in signed:
        raise MalformedPayload("MessageSid is not the identifier that Twilio signed.")
    return sid, sid if len(signed) == 1 else " ".join(sorted(signed))


def _signed_sids(form: SignedForm) -> Iterator[str]:
    """Find every identifier in the signed text that could be one of this message."""
    text = form.text
    for found in _ANY_SID.finditer(text):
        start = found.start()
        if text.endswith(("Message", "Sms"), 0, start) and not text.endswith("OriginalRepliedMessage", 0, start):
            yield found[1]
