"""Sending one message, and sorting what comes back into taken, never, later, and who knows.

https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource — there is no idempotency key, so
the whole module turns on one question: may Twilio have taken it?
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from trinity_channels.api import (
    Binding,
    Context,
    DeliveryState,
    FailureKind,
    OutboundMessage,
    Receipt,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
)
from trinity_channels_whatsapp.client import Refusal, open_client, refusal_of, was_not_sent
from trinity_channels_whatsapp.codes import failure_of
from trinity_channels_whatsapp.settings import settings_of
from trinity_channels_whatsapp.states import STATES

# The StatusCallback is refused (no public host, an underscore in it), and the message with it, which matters more.
# https://www.twilio.com/docs/api/errors/21609 and https://www.twilio.com/docs/api/errors/21626
CALLBACK_REFUSED = frozenset({"21609", "21626"})

# https://www.twilio.com/docs/api/errors/20429: never processed, always safe to repeat.
TOO_MANY_REQUESTS = 20429


async def send(binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
    """Hand one message to Twilio; errors as the hook `send` promises."""
    callback = _status_callback(message, ctx.webhook_url)
    try:
        return await _create(binding, message, ctx, callback)
    except SendRejected as refused:
        if callback is None or refused.failure.code not in CALLBACK_REFUSED:
            raise
    return await _create(binding, message, ctx, None)


def receipt_of(record: Any) -> Receipt:
    """Read a Message resource, just created or listed."""
    state = STATES.get(str(record.status), DeliveryState.QUEUED)
    failure = failure_of(str(record.error_code or "")) if state is DeliveryState.FAILED else None
    return Receipt(provider_id=record.sid, state=state, failure=failure)


def _status_callback(message: OutboundMessage, webhook_url: str | None) -> str | None:
    if webhook_url is None:
        return None
    # `receive` reads it back; the query is part of what Twilio signs.
    return f"{webhook_url}{'&' if '?' in webhook_url else '?'}delivery={quote(message.id, safe='')}"


async def _create(binding: Binding, message: OutboundMessage, ctx: Context, callback: str | None) -> Receipt:
    settings = settings_of(binding)
    client, transport = open_client(settings, ctx)
    origin = (
        {"messaging_service_sid": settings.messaging_service_sid}
        if settings.messaging_service_sid
        else {"from_": settings.from_number}
    )
    if callback is not None:
        origin["status_callback"] = callback
    try:
        record = await client.api.v2010.account.messages.create_async(to=message.to, body=message.text, **origin)
    except Exception as error:  # noqa: BLE001 - the library raises whatever its parser stumbles over
        # Not chained: the cause's text may hold the number and the message.
        raise _outcome(error, transport.retry_after) from None
    if not isinstance(record.sid, str) or not record.sid:
        raise SendUnknown("Twilio answered without naming the message.")
    return receipt_of(record)


def _outcome(error: Exception, retry_after: float | None) -> SendError:
    if was_not_sent(error):
        return SendDeferred(f"Twilio could not be reached ({type(error).__name__}).")
    refusal = refusal_of(error)
    if refusal is None:
        return SendUnknown(f"The connection to Twilio gave no usable answer ({type(error).__name__}).")
    return _verdict(refusal, retry_after)


def _verdict(refusal: Refusal, retry_after: float | None) -> SendError:
    if refusal.status == HTTPStatus.TOO_MANY_REQUESTS or refusal.code == TOO_MANY_REQUESTS:
        return SendDeferred("Twilio asks for a pause: too many requests at once.", retry_after=retry_after)
    if not HTTPStatus.BAD_REQUEST <= refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return SendUnknown(f"Twilio answered HTTP {refusal.status}; it may have taken the message all the same.")
    if refusal.status == HTTPStatus.REQUEST_TIMEOUT:
        return SendUnknown("The request timed out on its way to Twilio.")
    failure = failure_of(str(refusal.code))
    if failure.kind is FailureKind.LATER:
        return SendDeferred(failure.message, retry_after=retry_after)
    return SendRejected(failure)
