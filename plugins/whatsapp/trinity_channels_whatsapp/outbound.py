"""Sending one message, and sorting what comes back into taken, never, later, and unknown.

https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource — there is no idempotency key, so
the whole module turns on one question: may Twilio have taken it?
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from trinity_channels.api import (
    Binding,
    Context,
    FailureKind,
    OutboundMessage,
    Receipt,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
    http,
)
from trinity_channels_whatsapp.answers import RefusedError
from trinity_channels_whatsapp.client import Api
from trinity_channels_whatsapp.codes import failure_of
from trinity_channels_whatsapp.message import receipt_of
from trinity_channels_whatsapp.settings import settings_of

# The StatusCallback is refused (no public host, an underscore in it), and the message with it, which matters more.
# https://www.twilio.com/docs/api/errors/21609 and https://www.twilio.com/docs/api/errors/21626
CALLBACK_REFUSED = frozenset({"21609", "21626"})

# https://www.twilio.com/docs/api/errors/20429: never processed, always safe to repeat.
TOO_MANY_REQUESTS = 20429

# https://www.twilio.com/docs/api/errors/63038: of trial accounts and of new senders.
DAILY_LIMIT = 63038


async def send(binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
    """Hand one message to Twilio; errors as the hook `send` promises."""
    callback = _status_callback(message, ctx.webhook_url)
    try:
        return await _create(binding, message, ctx, callback)
    # Both codes answer the request itself, so the message was certainly not sent, and a second request cannot double it.
    except SendRejected as refused:
        if callback is None or refused.failure.code not in CALLBACK_REFUSED:
            raise
    return await _create(binding, message, ctx, None)


def _status_callback(message: OutboundMessage, webhook_url: str | None) -> str | None:
    if webhook_url is None:
        return None
    # `receive` reads it back; the query is part of what Twilio signs.
    return f"{webhook_url}{'&' if '?' in webhook_url else '?'}delivery={quote(message.id, safe='')}"


async def _create(binding: Binding, message: OutboundMessage, ctx: Context, callback: str | None) -> Receipt:
    settings = settings_of(binding)
    form = {"To": message.to, "Body": message.text}
    if settings.messaging_service_sid:
        form["MessagingServiceSid"] = settings.messaging_service_sid
    else:
        form["From"] = settings.from_number
    if callback is not None:
        form["StatusCallback"] = callback
    api = Api(settings, ctx)
    try:
        receipt = receipt_of(await api.call("POST", f"{api.account}/Messages.json", data=form))
    except RefusedError as refused:
        raise _verdict(refused) from None
    except http.CallError as error:
        raise http.sending(error, "Twilio") from None
    # Without a sid no receipt could be matched: read the message back instead.
    if not receipt.provider_id:
        raise SendUnknown("Twilio answered without naming the message.")
    return receipt


def _verdict(refused: RefusedError) -> SendError:
    # A 429 like any other, but it lasts up to a day: tried again in a moment, it would be refused until it is given up.
    if refused.code == DAILY_LIMIT:
        return SendRejected(failure_of(str(refused.code)))
    if refused.status == HTTPStatus.TOO_MANY_REQUESTS or refused.code == TOO_MANY_REQUESTS:
        return SendDeferred("Twilio asks for a pause: too many requests at once.", retry_after=refused.retry_after)
    if HTTPStatus.MULTIPLE_CHOICES <= refused.status < HTTPStatus.BAD_REQUEST:
        # Twilio's API never redirects, and a redirect is not followed: nothing behind it has seen the message.
        return SendDeferred(
            f"HTTP {refused.status} redirected the request, so Twilio's API was not reached. Look at the proxy between."
        )
    # Twilio's own 5xx can follow after it has stored the message.
    if not HTTPStatus.BAD_REQUEST <= refused.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return SendUnknown(f"Twilio answered HTTP {refused.status}; it may still have taken the message.")
    # A proxy may give up with 408 after it has passed the request on.
    if refused.status == HTTPStatus.REQUEST_TIMEOUT:
        return SendUnknown("The request timed out on its way to Twilio.")
    failure = failure_of(str(refused.code))
    if failure.kind is FailureKind.LATER:
        return SendDeferred(failure.message, retry_after=refused.retry_after)
    return SendRejected(failure)
