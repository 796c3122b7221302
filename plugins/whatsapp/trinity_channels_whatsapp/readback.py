"""Finding out whether a message whose send was cut off exists at Twilio.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources — the list filters by sender,
recipient and day of `date_sent`. A message still in Twilio's queue has no `date_sent` and may be missing there, so a
search without result is repeated without the day, newest first, until the messages are older than the attempt.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

from trinity_channels.api import Binding, ConfigurationError, Context, OutboundMessage, ProviderUnavailable, Receipt
from trinity_channels_whatsapp.client import open_client, read, rows
from trinity_channels_whatsapp.outbound import receipt_of
from trinity_channels_whatsapp.settings import settings_of

CLOCK_SKEW = timedelta(seconds=60)
PAGE_SIZE = 100
MAX_PAGES = 10


async def find(
    binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
) -> Receipt | None:
    """Find the message nearest to the attempt that nobody else claims; errors as the hook `find_sent` promises."""
    settings = settings_of(binding)
    since = attempted_at - CLOCK_SKEW
    # A Messaging Service chooses the sender itself.
    filters = {"to": message.to} | ({} if settings.messaging_service_sid else {"from_": settings.from_number})
    client, _ = open_client(settings, ctx)
    messages = client.api.v2010.account.messages
    try:
        for day in ({"date_sent_after": since.astimezone(UTC).date().isoformat()}, {}):
            candidates = await read(_candidates(messages, filters | day, since), settings)
            mine = [row for row in candidates if _is_this(row, message, filters, known)]
            if mine:
                return receipt_of(min(mine, key=lambda row: _distance(row, attempted_at)))
    except ConfigurationError:
        raise ProviderUnavailable("Twilio refused the credentials, so its messages cannot be read.") from None
    return None


async def _candidates(messages: Any, filters: dict[str, str], since: datetime) -> list[Any]:
    """List messages until they are older than the attempt."""
    page = await messages.page_async(page_size=PAGE_SIZE, **filters)
    found = []
    async with aclosing(rows(page, pages=MAX_PAGES)) as listed:
        async for row in listed:
            if row.date_created is not None and row.date_created < since:
                if "date_sent_after" in filters:
                    continue
                break
            found.append(row)
    return found


def _is_this(row: Any, message: OutboundMessage, filters: dict[str, str], known: Collection[str]) -> bool:
    return (
        isinstance(row.sid, str)
        and row.sid not in known
        and str(row.direction).startswith("outbound")
        and row.to == message.to
        and row.from_ == filters.get("from_", row.from_)
        and row.body == message.text
    )


def _distance(row: Any, attempted_at: datetime) -> float:
    if row.date_created is None:
        return float("inf")
    distance: timedelta = row.date_created - attempted_at
    return abs(distance.total_seconds())
