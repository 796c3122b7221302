"""What an owner does in the Twilio Console, in order.

Click paths: https://www.twilio.com/docs/whatsapp/sandbox and https://www.twilio.com/docs/whatsapp/self-sign-up.
"""

from __future__ import annotations

from trinity_channels.api import SetupStep

_TRY = ("Twilio Console", "Messaging", "Try WhatsApp")
_SANDBOX = (*_TRY, "Sandbox settings")
_SENDERS = ("Twilio Console", "Messaging", "Senders", "WhatsApp Senders")
SANDBOX_CONSOLE = " → ".join(_SANDBOX)
SENDER_CONSOLE = " → ".join(_SENDERS)
OVERRIDES = "rc=2&rt=5000&rp=ct,rt,5xx"
"""What stands after # in the webhook URL, so that Twilio repeats a message that did not get through.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides: by default only a connection that could not be
made is repeated. It is neither sent nor signed.
"""

SETUP_STEPS = (
    SetupStep(
        "Copy the credentials",
        "Open the Twilio Console and copy the Account SID and the Auth Token from the top of the page. An API key"
        " cannot replace the Auth Token, because Twilio signs messages with the token only.",
    ),
    SetupStep(
        "Find the sandbox and its keyword",
        'The sender is whatsapp:+14155238886. Note what follows "join" on that page: it is the keyword to enter here.',
        sandbox=True,
        path=_TRY,
    ),
    SetupStep(
        "Register a sender",
        "Link a Meta Business Manager account; the display name is approved within 24 to 48 hours."
        " Then copy the sender's number in E.164 format, for example +14155001234.",
        sandbox=False,
        path=_SENDERS,
    ),
    SetupStep(
        "Connect",
        "Enter the Account SID, the Auth Token and the WhatsApp From Number here and connect. The webhook URL appears"
        " once a Public Chat URL is set.",
    ),
    SetupStep(
        "Point the sandbox here",
        'Paste the webhook URL into "When a message comes in", choose HTTP POST and save.',
        sandbox=True,
        path=_SANDBOX,
        connected=True,
    ),
    SetupStep(
        "Point the sender here",
        'The button "Set webhook at the provider" does this. By hand: paste the webhook URL as the'
        f" webhook for incoming messages, choose HTTP POST and save. With #{OVERRIDES} at the end of the URL, Twilio also"
        " repeats a message that did not get through.",
        sandbox=False,
        path=(*_SENDERS, "your registered sender"),
        connected=True,
    ),
    SetupStep(
        "Let testers join",
        'Everyone who wants to test opens WhatsApp and sends "join <keyword>" to +1 415 523 8886. A phone is in one'
        " sandbox at a time, and has to join again after three days.",
        sandbox=True,
        connected=True,
        invitation="Open WhatsApp and send “join {sandbox_keyword}” to +1 415 523 8886. Wait for the confirmation, then"
        " write your question there.",
    ),
)
