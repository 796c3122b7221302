"""Finding out whether a message whose send was cut off exists at Slack.

https://docs.slack.dev/reference/methods/conversations.history and https://docs.slack.dev/reference/methods/conversations.replies,
with `include_all_metadata`: the mark that `send` puts on a message is compared, not its text, which Slack rewrites.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from trinity_channels.api import (
    Binding,
    Context,
    DeliveryState,
    OutboundMessage,
    ProviderUnavailable,
    Receipt,
    SendError,
)
from trinity_channels_slack.addresses import is_ts, message_id
from trinity_channels_slack.client import Client, NoAnswer, Refused
from trinity_channels_slack.outbound import MARK, open_address
from trinity_channels_slack.settings import settings_of

CLOCK_SKEW = timedelta(seconds=60)
PAGE_SIZE = 200
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
    except (NoAnswer, Refused, SendError) as error:
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
        for one in answer.get("messages") or ():
            name = message_id(channel, str(one.get("ts")))
            if _is_this(one, delivery, binding) and name not in known:
                return Receipt(name, DeliveryState.SENT)
        cursor = (answer.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return None
    raise ProviderUnavailable("Slack lists more messages than can be looked through.")


def _is_this(message: Any, delivery: str, binding: Binding) -> bool:
    # Other apps can put the same mark on what they post, so it must be ours.
    metadata = message.get("metadata") or {}
    own = {binding.account.sender, binding.account.facts.get("bot_id")} - {None}
    return (
        is_ts(message.get("ts"))
        and bool({message.get("user"), message.get("bot_id")} & own)
        and metadata.get("event_type") == MARK
        and (metadata.get("event_payload") or {}).get("id") == delivery
    )
