"""Inbound messages from Twilio's list, for what the webhook could not bring while we were away.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources — the list knows text,
sender, time and whether there are files. It does not know names, user ids beside a number, buttons or places; a message
of nothing but a place looks like a redacted one, and both are left out.
"""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

from trinity_channels.api import Attachment, Binding, Context, MessageReceived, Sender
from trinity_channels_whatsapp.addresses import is_address, stable_id
from trinity_channels_whatsapp.client import open_client, read, rows
from trinity_channels_whatsapp.settings import settings_of

CLOCK_SKEW = timedelta(seconds=60)
MAX_MESSAGES = 1000
MAX_PAGES = 100


async def list_since(binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
    """List the newest thousand since a time, oldest first; errors as the hook `list_missed` promises."""
    settings = settings_of(binding)
    client, _ = open_client(settings, ctx)
    listed = await read(_list(client, settings.from_number, since - CLOCK_SKEW), settings)
    messages = [message for row in listed if (message := _message(row, settings.from_number)) is not None]
    return sorted(messages, key=lambda message: message.sent_at or since)


async def _list(client: Any, to: str, since: datetime) -> list[Any]:
    # The filter knows days only, and the list is newest first.
    day = since.astimezone(UTC).date().isoformat()
    page = await client.api.v2010.account.messages.page_async(to=to, date_sent_after=day, page_size=MAX_MESSAGES)
    found: list[Any] = []
    async with aclosing(rows(page, pages=MAX_PAGES)) as listed:
        async for row in listed:
            at = _time(row)
            if row.direction == "inbound" and (at is None or at >= since):
                found.append(row)
            if len(found) == MAX_MESSAGES:
                break
    # Twilio's times are whole seconds, so what one person wrote in a second keeps its order only if reversed here.
    return found[::-1]


def _message(row: Any, to: str) -> MessageReceived | None:
    files = _files(row)
    address = str(row.from_)
    if not (row.sid and row.to == to and is_address(address) and (row.body or files)):
        return None
    return MessageReceived(
        event_id=row.sid,
        sender=Sender(address=address, stable=stable_id(address, "")),
        text=row.body or "",
        provider_id=row.sid,
        attachments=files,
        sent_at=_time(row),
    )


def _files(row: Any) -> tuple[Attachment, ...]:
    """Name the list of a message's files: their addresses and types are one more request away."""
    ref = (row.subresource_uris or {}).get("media")
    if not ref or str(row.num_media or "0") == "0":
        return ()
    return (Attachment(ref=str(ref), media_type="application/octet-stream"),)


def _time(row: Any) -> datetime | None:
    """When Twilio called, or would have called, the webhook."""
    at: datetime | None = row.date_sent or row.date_created
    return at
