"""Finding out whether a message whose send was cut off exists at Twilio.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources — the list filters by sender,
recipient and day of `date_sent`. A message still in Twilio's queue has no `date_sent` and may be missing there, so a
search without result is repeated without the day, newest first, until the messages are older than the attempt.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from trinity_channels.api import Binding, ConfigurationError, Context, OutboundMessage, ProviderUnavailable, Receipt
from trinity_channels_whatsapp.client import Api
from trinity_channels_whatsapp.message import Message
from trinity_channels_whatsapp.settings import settings_of

CLOCK_SKEW = timedelta(seconds=60)
PAGE_SIZE = "100"
# A thousand messages to one person since the attempt; beyond that the outcome stays unknown rather than guessed.
MAX_PAGES = 10


async def find(
    binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
) -> Receipt | None:
    """Find the message nearest to the attempt that no other delivery claims; errors as the hook `find_sent` promises."""
    settings = settings_of(binding)
    since = attempted_at - CLOCK_SKEW
    # A Messaging Service chooses the sender itself.
    filters = {"To": message.to} | ({} if settings.messaging_service_sid else {"From": settings.from_number})
    api = Api(settings, ctx)
    try:
        for day in ({"DateSent>": since.astimezone(UTC).date().isoformat()}, {}):
            candidates = await _candidates(api, filters | day, since)
            mine = [one for one in candidates if _is_this(one, message, filters, known)]
            if mine:
                return min(mine, key=lambda one: _distance(one, attempted_at)).receipt
    # The hook may only say that it could not find out: the delivery waits until the credentials work again.
    except ConfigurationError:
        raise ProviderUnavailable("Twilio refused the credentials, so its messages cannot be read.") from None
    return None


async def _candidates(api: Api, filters: dict[str, str], since: datetime) -> list[Message]:
    """List messages until they are older than the attempt."""
    query = filters | {"PageSize": PAGE_SIZE}
    found = []
    async with aclosing(api.walk(f"{api.account}/Messages.json", "messages", query, pages=MAX_PAGES)) as listed:
        async for resource in listed:
            one = Message.read(resource)
            if one.created is not None and one.created < since:
                if "DateSent>" in filters:
                    continue
                break
            found.append(one)
    return found


def _is_this(one: Message, message: OutboundMessage, filters: dict[str, str], known: Collection[str]) -> bool:
    return (
        # Two deliveries may well have the same words.
        one.sid not in {"", *known}
        and one.direction.startswith("outbound")
        and one.to == message.to
        and one.sender == filters.get("From", one.sender)
        and one.body == message.text
    )


def _distance(one: Message, attempted_at: datetime) -> float:
    return float("inf") if one.created is None else abs((one.created - attempted_at).total_seconds())
