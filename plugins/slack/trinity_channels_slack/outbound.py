"""Posting one message, and sorting what comes back into taken, never, later, and unknown.

https://docs.slack.dev/reference/methods/chat.postMessage — there is no idempotency key. So each message carries its
delivery's id as metadata, by which `readback` recognises it; members of the workspace can see that id, which says nothing.
"""

from __future__ import annotations

import re
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
from trinity_channels_slack.addresses import is_id, is_ts, message_id, parse
from trinity_channels_slack.client import Client, Refused
from trinity_channels_slack.codes import AMBIGUOUS, ERRORS, LATER, failure_of
from trinity_channels_slack.fields import object_of, text_of
from trinity_channels_slack.settings import settings_of

# https://docs.slack.dev/messaging/message-metadata
MARK = "trinity_channels_delivery"

# Everything in brackets but an address is a command: <!channel> would notify all members.
_COMMAND = re.compile(r"<(?!https?://|mailto:)", re.IGNORECASE)


async def send(binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
    """Hand one message to Slack; errors as the hook `send` promises."""
    client = Client(settings_of(binding), ctx)
    channel, thread = await open_address(client, message.to)
    try:
        answer = await client.chat_postMessage(
            channel=channel,
            text=_COMMAND.sub("&lt;", message.text),
            thread_ts=thread,
            # A preview would have Slack fetch whatever address the agent wrote.
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": MARK, "event_payload": {"id": message.id}},
        )
    except Refused as error:
        raise _verdict(error, may_be_taken=True) from None
    except http.CallError as error:
        raise http.sending(error, "Slack") from None
    named, ts = text_of(answer.data, "channel"), text_of(answer.data, "ts")
    if not is_ts(ts):
        raise SendUnknown("Slack answered without naming the message.")
    # Nothing tells whether a person has seen it, so SENT is final.
    return Receipt(message_id(named if is_id(named) else channel, ts), DeliveryState.SENT)


async def open_address(client: Client, to: str) -> tuple[str, str | None]:
    """Find the channel and thread of an address; a person's direct chat is opened first, which writes nothing.

    https://docs.slack.dev/reference/methods/conversations.open — chat.postMessage would take a user's id too, but may
    then write into the person's chat with Slackbot.

    Raises:
        SendRejected, SendDeferred: there is no such address, or it cannot be opened now.
    """
    address = parse(to)
    if address is None:
        raise SendRejected(Failure("invalid_address", FailureKind.PERMANENT, "This is not a Slack address.", ERRORS))
    if address.channel:
        return address.channel, address.thread
    try:
        answer = await client.conversations_open(users=str(address.user))
    except Refused as error:
        raise _verdict(error, may_be_taken=False) from None
    except http.CallError as error:
        raise SendDeferred(f"Slack gave no usable answer ({error}) before the message was sent.") from None
    channel = text_of(object_of(answer.data, "channel"), "id")
    if not is_id(channel):
        raise SendDeferred("Slack did not name the direct chat.")
    return channel, None


def _verdict(error: Refused, *, may_be_taken: bool) -> SendError:
    if error.code in LATER:
        return SendDeferred("Slack asks for a pause.", retry_after=error.retry_after)
    if error.code in AMBIGUOUS or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        if may_be_taken:
            return SendUnknown(f"Slack answered {error.code}; it may still have taken the message.")
        return SendDeferred(f"Slack answered {error.code} before the message was sent.")
    # A 4xx without Slack's JSON comes from a proxy, which has not passed the message on.
    if error.code.startswith("http_"):
        words = f"Something between this host and Slack answered HTTP {error.status}."
        return SendRejected(Failure(error.code, FailureKind.OPERATOR, words, ERRORS))
    return SendRejected(failure_of(error.code))
