"""Sending one message, and sorting what comes back into taken, never, later, and unknown.

https://core.telegram.org/bots/api#sendmessage — there is no idempotency key and no way to look back, so only an explicit
refusal proves that a message was not taken. After some of these the message is corrected and sent again at once.
"""

from __future__ import annotations

from http import HTTPStatus

from trinity_channels.api import (
    Binding,
    Context,
    DeliveryState,
    Failure,
    FailureKind,
    OutboundMessage,
    Receipt,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
    http,
)
from trinity_channels_telegram import client
from trinity_channels_telegram.addresses import Place, place_of
from trinity_channels_telegram.fields import whole
from trinity_channels_telegram.markup import as_plain_text
from trinity_channels_telegram.refusals import failure_of, is_pause
from trinity_channels_telegram.settings import settings_of

CORRECTIONS = 3
"""How often one message may be corrected: its markup, its topic, its chat."""


async def send(binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
    """Hand one message to Telegram; errors as the hook `send` promises."""
    place = place_of(message.to)
    if place is None:
        raise SendRejected(Failure("bad_address", FailureKind.PERMANENT, "This is not a Telegram address."))
    parameters: dict[str, object] = {
        **place.parameters,
        "text": message.text,
        "parse_mode": "HTML",
        # A preview would have Telegram fetch whatever address the agent wrote.
        "link_preview_options": {"is_disabled": True},
    }
    # A 400 certainly was not taken, so a corrected message cannot arrive twice.
    for _ in range(1 + CORRECTIONS):
        try:
            return _receipt(await client.call(settings_of(binding), ctx, "sendMessage", parameters), place)
        except http.CallError as error:
            failed = error
        corrected = _corrected(parameters, failed)
        if corrected is None:
            break
        parameters = corrected
    raise _outcome(failed)


def _receipt(result: object, place: Place) -> Receipt:
    number = whole(result, "message_id") if isinstance(result, dict) else None
    # Zero is the number of an ephemeral message; taken all the same.
    if number is None or number < 0:
        raise SendUnknown("Telegram answered without naming the message.")
    # The only receipt there is: bots do not learn of delivery or reading.
    return Receipt(place.message(number), DeliveryState.SENT)


def _corrected(parameters: dict[str, object], error: http.CallError) -> dict[str, object] | None:
    """The message as it may be taken after this refusal; None if nothing can be corrected."""
    if not isinstance(error, client.RefusedError) or error.code != HTTPStatus.BAD_REQUEST:
        return None
    if error.migrated_to is not None and error.migrated_to != parameters["chat_id"]:
        # A topic's number means nothing under the new address.
        return {**_without(parameters, "message_thread_id"), "chat_id": error.migrated_to}
    # Whatever our HTML did wrong, the person gets the words.
    if error.speaks_of("can't parse entities") and "parse_mode" in parameters:
        plain = as_plain_text(str(parameters["text"]))
        return {**_without(parameters, "parse_mode"), "text": plain}
    # In the group's general topic rather than nowhere.
    if error.speaks_of("thread not found") or error.speaks_of("topic_closed"):
        return _without(parameters, "message_thread_id") if "message_thread_id" in parameters else None
    return None


def _without(parameters: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in parameters.items() if key != name}


def _outcome(error: http.CallError) -> SendError:
    if not isinstance(error, client.RefusedError):
        return http.sending(error, "Telegram")
    if is_pause(error):
        return SendDeferred("Telegram asks for a pause: too many messages at once.", retry_after=error.pause)
    # "Internal Server Error: restart" comes while a server stops, perhaps after it has posted the message.
    if not HTTPStatus.BAD_REQUEST <= error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return SendUnknown(f"Telegram answered with code {error.code}; it may still have taken the message.")
    return SendRejected(failure_of(error))
