"""From an authentic webhook to events. On the path of every message, hence plain string work and no models.

Messages: https://www.twilio.com/docs/messaging/guides/webhook-request, receipts:
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks. Twilio adds fields without
notice; what is not known here is kept in `raw`.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from trinity_channels.api import (
    Attachment,
    Binding,
    Button,
    DeliveryState,
    Event,
    Ignored,
    Inbound,
    Location,
    MalformedPayload,
    MessageReceived,
    OptOut,
    Quoted,
    ReceiptReceived,
    Request,
    Response,
    Sender,
    SignatureError,
)
from trinity_channels_whatsapp.addresses import PREFIX, is_address, stable_id
from trinity_channels_whatsapp.codes import failure_of
from trinity_channels_whatsapp.manifest import EMPTY_TWIML
from trinity_channels_whatsapp.settings import WhatsAppSettings, settings_of
from trinity_channels_whatsapp.signature import SignedForm, authenticate
from trinity_channels_whatsapp.states import STATES

MAX_ATTACHMENTS = 10
MAX_NAME = 100
MAX_SID = 64

# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
OPT_OUTS = {"STOP": OptOut.STOP, "START": OptOut.START, "HELP": OptOut.HELP}

# Repeated by other fields of the value, or the same for every message of a binding.
_NOT_RAW = frozenset({"AccountSid", "ApiVersion", "Body", "SmsMessageSid", "SmsSid"})


def receive(binding: Binding, request: Request) -> Inbound:
    """Authenticate one webhook and translate it; errors as the hook `receive` promises."""
    settings = settings_of(binding)
    form = authenticate(request, settings.signing_tokens)
    if not form:
        return Inbound((Ignored("not_a_form"),), EMPTY_TWIML)
    if form.first("AccountSid") != settings.account_sid:
        raise SignatureError("The request is signed, but speaks of another Twilio account.")
    status = form.first("MessageStatus")
    if status and (status != "received" or "Body" not in form):
        return Inbound((_receipt(form, status, request.url),), Response())
    return Inbound((_message(form, settings),), EMPTY_TWIML)


def _receipt(form: SignedForm, status: str, url: str) -> Event:
    state = STATES.get(status)
    if state is None:
        return Ignored("unknown_status")
    # Set by `send`; as part of the URL it is covered by the signature.
    delivery = parse_qs(urlsplit(url).query).get("delivery")
    return ReceiptReceived(
        provider_id=_sid(form),
        state=state,
        delivery=delivery[0] if delivery else None,
        failure=failure_of(form.first("ErrorCode")) if state is DeliveryState.FAILED else None,
    )


def _message(form: SignedForm, settings: WhatsAppSettings) -> Event:
    # The MessagingServiceSid of a request is no key to anything: every number in a service's pool sends the same one.
    to = form.first("To")
    if to != settings.from_number and not (settings.messaging_service_sid and to.startswith(PREFIX)):
        return Ignored("other_sender")
    sid = _sid(form)
    address = form.first("From")
    if not is_address(address):
        raise MalformedPayload("The message names no WhatsApp address in From.")
    return MessageReceived(
        event_id=sid,
        sender=Sender(
            address=address,
            stable=stable_id(address, form.first("ExternalUserId")),
            name=" ".join(form.first("ProfileName").split())[:MAX_NAME],
        ),
        text=form.first("Body"),
        provider_id=sid,
        attachments=_attachments(form),
        location=_location(form),
        button=_button(form),
        quoted=_quoted(form),
        opt_out=OPT_OUTS.get(form.first("OptOutType")),
        raw={
            name: values[0] if len(values) == 1 else tuple(values)
            for name, values in form.items()
            if name not in _NOT_RAW
        },
    )


def _sid(form: SignedForm) -> str:
    sid = form.first("MessageSid")
    if not sid or len(sid) > MAX_SID:
        raise MalformedPayload("The request names no message in MessageSid.")
    return sid


def _attachments(form: SignedForm) -> tuple[Attachment, ...]:
    count = form.first("NumMedia")
    if count == "0" or not (count.isascii() and count.isdigit()) or len(count) > len(str(MAX_ATTACHMENTS)):
        return ()
    return tuple(
        Attachment(ref=url, media_type=form.first(f"MediaContentType{index}") or "application/octet-stream")
        for index in range(min(int(count), MAX_ATTACHMENTS))
        if (url := form.first(f"MediaUrl{index}"))
    )


def _location(form: SignedForm) -> Location | None:
    if "Latitude" not in form or "Longitude" not in form:
        return None
    latitude, longitude = _degrees(form.first("Latitude"), 90), _degrees(form.first("Longitude"), 180)
    if latitude is None or longitude is None:
        return None
    return Location(latitude, longitude, label=form.first("Label"), address=form.first("Address"))


def _degrees(text: str, limit: int) -> float | None:
    try:
        degrees = float(text)
    except ValueError:
        return None
    return degrees if abs(degrees) <= limit else None  # also None for nan


def _quoted(form: SignedForm) -> Quoted | None:
    sid = form.first("OriginalRepliedMessageSid")
    return Quoted(provider_id=sid) if sid else None


def _button(form: SignedForm) -> Button | None:
    text, payload = form.first("ButtonText"), form.first("ButtonPayload")
    return Button(text, payload) if text or payload else None
