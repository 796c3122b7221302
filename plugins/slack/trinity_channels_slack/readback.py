"""Finding out whether a message whose send was cut off exists at Slack.

https://docs.slack.dev/reference/methods/conversations.history and https://docs.slack.dev/reference/methods/conversations.replies,
with `include_all_metadata`: the mark that `send` puts on a message is compared, not its text, which Slack rewrites.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from trinity_channels.api import (
    Binding,
    Context,
    DeliveryState,
    OutboundMessage,
    ProviderUnavailable,
    Receipt,
    SendError,
)
from trinity_channels.api.http import CallError
from trinity_channels_slack.addresses import is_ts, message_id
from trinity_channels_slack.client import Client, Refused
from trinity_channels_slack.fields import Json, object_of, text_of
from trinity_channels_slack.outbound import MARK, open_address
from trinity_channels_slack.settings import settings_of

CLOCK_SKEW = timedelta(seconds=60)
PAGE_SIZE = 200
# Two thousand messages since the attempt; beyond that absence cannot be told.
MAX_PAGES = 10


async def find(
    binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
) -> Receipt | None:
    """Find the message by its mark; errors as the hook `find_sent` promises."""
    client = Client(settings_of(binding), ctx)
    oldest = f"{(attempted_at - CLOCK_SKEW).timestamp():.6f}"
    try:
        channel, thread = await open_address(client, message.to)
        return await _search(client, channel, thread, oldest, message.id, known, binding)
    # The hook may only say that it could not find out: None would have the message sent again.
    except (CallError, SendError) as error:
        why = error.code if isinstance(error, Refused) else type(error).__name__
        raise ProviderUnavailable(f"Slack's messages could not be read ({why}).") from None


async def _search(
    client: Client,
    channel: str,
    thread: str | None,
    oldest: str,
    delivery: str,
    known: Collection[str],
    binding: Binding,
) -> Receipt | None:
    cursor = None
    for _ in range(MAX_PAGES):
        page: dict[str, Any] = {"oldest": oldest, "limit": PAGE_SIZE, "cursor": cursor, "include_all_metadata": True}
        if thread:
            answer = await client.conversations_replies(channel=channel, ts=thread, **page)
        else:
            answer = await client.conversations_history(channel=channel, **page)
        for one in _listed(answer.get("messages")):
            name = message_id(channel, text_of(one, "ts"))
            if _is_this(one, delivery, binding) and name not in known:
                return Receipt(name, DeliveryState.SENT)
        cursor = _following(answer)
        if not cursor:
            return None
    raise ProviderUnavailable("Slack lists more messages than can be looked through.")


def _listed(messages: object) -> list[Json]:
    """The messages of a page; absence is proved only by a list in which every message can be recognised."""
    if not isinstance(messages, list) or not all(isinstance(one, dict) and is_ts(one.get("ts")) for one in messages):
        raise ProviderUnavailable("Slack gave no usable list of messages.")
    return messages


def _following(answer: AsyncSlackResponse) -> str:
    """The next page; empty only where Slack says that there is none."""
    metadata = answer.get("response_metadata")
    cursor = metadata.get("next_cursor") if isinstance(metadata, dict) else None
    more = answer.get("has_more", False)
    if cursor and isinstance(cursor, str):
        return cursor
    if more is not False or cursor or not (metadata is None or isinstance(metadata, dict)):
        raise ProviderUnavailable("Slack does not say whether its list of messages is complete.")
    return ""


def _is_this(message: Json, delivery: str, binding: Binding) -> bool:
    # Other apps can put the same mark on what they post, so it must be ours.
    own = {binding.account.sender, binding.account.facts.get("bot_id")} - {None}
    if not {text_of(message, "user"), text_of(message, "bot_id")} & own:
        return False
    metadata = message.get("metadata")
    if metadata is None:  # posted by other means, or by something else that holds our token
        return False
    mark, payload = text_of(metadata, "event_type"), object_of(metadata, "event_payload")
    found = text_of(payload, "id")
    # Without `include_all_metadata` Slack lists the type alone; a list like that proves nothing.
    if not mark or (mark == MARK and not found):
        raise ProviderUnavailable("Slack lists a message of ours without saying which it is.")
    return mark == MARK and found == delivery
