"""From an authentic webhook to events. On the path of every message, hence plain string work and no models.

Messages: https://www.twilio.com/docs/messaging/guides/webhook-request, receipts:
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks. Twilio adds fields without
notice; what is not known here is kept in `raw`.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from trinity_channels.api import (
    Binding,
    DeliveryState,
    Event,
    Ignored,
    Inbound,
    MalformedPayload,
    MessageReceived,
    OptOut,
    ReceiptReceived,
    Request,
    Response,
    Sender,
    SignatureError,
)
from trinity_channels_whatsapp import content, interactive
from trinity_channels_whatsapp.addresses import PREFIX, is_address, masked, stable_id
from trinity_channels_whatsapp.codes import failure_of
from trinity_channels_whatsapp.manifest import EMPTY_TWIML
from trinity_channels_whatsapp.settings import WhatsAppSettings, settings_of
from trinity_channels_whatsapp.setup_steps import SENDER_CONSOLE
from trinity_channels_whatsapp.sids import identify, message_sid
from trinity_channels_whatsapp.signature import SignedForm, authenticate
from trinity_channels_whatsapp.states import STATES

# People choose their profile name freely; it appears in lists and in what a model is told.
MAX_NAME = 100

# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
OPT_OUTS = {"STOP": OptOut.STOP, "START": OptOut.START, "HELP": OptOut.HELP}

# Repeated by other fields of the value, or the same for every message of a binding.
_NOT_RAW = frozenset({"AccountSid", "ApiVersion", "Body", "SmsMessageSid", "SmsSid"})


def receive(binding: Binding, request: Request) -> Inbound:
    """Authenticate one webhook and translate it; errors as the hook `receive` promises."""
    settings = settings_of(binding)
    form = authenticate(request, settings.signing_tokens)
    if not form:
        # Signed JSON: from Twilio, but nothing that WhatsApp sends. A 200 avoids error 11200 in the owner's console.
        return Inbound((Ignored("not_a_form"),), EMPTY_TWIML)
    if form.first("AccountSid") != settings.account_sid:
        raise SignatureError("The request is signed, but speaks of another Twilio account.")
    status = form.first("MessageStatus")
    # Only messages have these two; a message may say that it was received, as the callback of another does.
    if status and (status != "received" or form.keys().isdisjoint({"Body", "NumMedia"})):
        # Callbacks want an empty 200; TwiML is for messages only.
        return Inbound((_receipt(form, status, request.url),), Response())
    return Inbound((_message(form, settings),), EMPTY_TWIML)


def _receipt(form: SignedForm, status: str, url: str) -> Event:
    state = STATES.get(status)
    if state is None:
        return Ignored("unknown_status")
    # Set by `send`; as part of the URL it is covered by the signature.
    delivery = parse_qs(urlsplit(url).query).get("delivery")
    return ReceiptReceived(
        provider_id=message_sid(form),
        state=state,
        delivery=delivery[0] if delivery else None,
        failure=failure_of(form.first("ErrorCode")) if state is DeliveryState.FAILED else None,
    )


def _message(form: SignedForm, settings: WhatsAppSettings) -> Event:
    address, to = form.first("From"), form.first("To")
    if (elsewhere := _elsewhere(to, settings)) is not None:
        return elsewhere
    # An agent that answers its own number would write to itself for as long as the account has credit.
    if address in {to, settings.from_number}:
        return Ignored("own_number")
    sid, event_id = identify(form)
    if not is_address(address):
        raise MalformedPayload("The message names no WhatsApp address in From.")
    message = MessageReceived(
        event_id=event_id,
        sender=Sender(
            address=address,
            stable=stable_id(address, form.first("ExternalUserId")),
            # A line break in a name could pass for a line of ours wherever the name is printed.
            name=" ".join(form.first("ProfileName").split())[:MAX_NAME],
        ),
        text=content.text(form),
        provider_id=sid,
        attachments=content.attachments(form),
        location=content.location(form),
        button=content.button(form),
        quoted=content.quoted(form),
        forwarded=content.forwarded(form),
        notes=interactive.notes(form),
        opt_out=OPT_OUTS.get(form.first("OptOutType")),
        raw={
            name: values[0] if len(values) == 1 else tuple(values)
            for name, values in form.items()
            if name not in _NOT_RAW
        },
    )
    unread = content.unread(form, message)
    return replace(message, notes=(*message.notes, *unread)) if unread else message


def _elsewhere(to: str, settings: WhatsAppSettings) -> Ignored | None:
    """Tell the owner of a message to a number that this binding does not answer for.

    The MessagingServiceSid of a request does not help: every number in a service's pool sends the same one.
    """
    if to == settings.from_number or (settings.messaging_service_sid and to.startswith(PREFIX)):
        return None
    ours = masked(settings.from_number)
    if not to.startswith(PREFIX):
        return Ignored(
            "other_channel",
            f"A message that was not sent through WhatsApp, to {masked(to)}, came to the webhook of {ours} and was not"
            " answered. Remove this webhook URL from the number's own messaging settings: Twilio Console → Phone"
            " Numbers → Manage → Active numbers → your number.",
        )
    return Ignored(
        "other_number",
        f"A message to {masked(to)} came to the webhook of {ours} and was not answered. If {masked(to)} is the right"
        " number, enter it as the WhatsApp From Number. If both are, put both into one Messaging Service and enter its"
        f" SID. If it is not, set another webhook for it: {SENDER_CONSOLE}.",
    )
