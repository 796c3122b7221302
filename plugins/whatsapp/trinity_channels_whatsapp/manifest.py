"""What the host may know of WhatsApp through Twilio before it is used."""

from __future__ import annotations

from datetime import timedelta

from trinity_channels.api import AddressFormat, Capabilities, Channel, DeliveryState, Dialect, Limits, Response
from trinity_channels_whatsapp.addresses import ADDRESS
from trinity_channels_whatsapp.settings import WhatsAppSettings
from trinity_channels_whatsapp.setup_steps import SETUP_STEPS

# "Say nothing": https://www.twilio.com/docs/messaging/twiml — another media type is logged as error 12300 at Twilio.
EMPTY_TWIML = Response(200, b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")

# https://developers.facebook.com/docs/whatsapp/ — marks must touch the word and end on their line, nothing can be
# escaped, and a language after the fence would show as text.
DIALECT = Dialect(
    bold=("*", "*"),
    italic=("_", "_"),
    strike=("~", "~"),
    code=("`", "`"),
    fence=("```\n", "\n```"),
    quote="> ",
    bullet="- ",
    link="{text} ({url})",
    hugging=True,
)

MANIFEST = Channel(
    name="whatsapp",
    title="WhatsApp (Twilio)",
    provider="twilio",
    settings=WhatsAppSettings,
    # https://www.twilio.com/docs/api/errors/21617
    # A form holds at most 4,096 characters of text, of nine bytes each when encoded, and a few short fields.
    limits=Limits(text=1600, webhook_body=65_536),
    dialect=DIALECT,
    capabilities=Capabilities(
        # https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource: shown until the reply, 25 seconds at most.
        indicate=25,
        receipts=DeliveryState.READ,
        # Twilio does not say how soon a new message is listed; ten seconds is our margin.
        find_sent=10,
        # What is older could not be answered any more: the reply window has closed.
        list_missed=timedelta(hours=24),
        register_webhook=True,
        # A number that is registered already may serve another program, and only the console knows the sandbox's webhook.
        register_when_asked=True,
        register_by_hand_in_sandbox=True,
        simulator=True,
    ),
    address=AddressFormat("to_number", ADDRESS, "whatsapp:+15551234567"),
    acknowledgement=EMPTY_TWIML,
    # https://www.twilio.com/docs/whatsapp/key-concepts: free text only within 24 hours of the person's last message.
    reply_window=timedelta(hours=24),
    # Outside the reply window only paid, approved templates arrive, so the host never picks it by itself.
    auto=False,
    # The policy demands a prompt way from a bot to a person.
    escalation_rule="https://business.whatsapp.com/policy",
    setup_steps=SETUP_STEPS,
)
