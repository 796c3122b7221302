"""Inbound messages from Twilio's list, for what the webhook could not bring while we were away.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources — the list knows text,
sender, time and whether there are files. It does not know names, user ids beside a number, buttons, forms or places: a
message without text and files may have been any of these, or was redacted since, and is a note that says no more.
"""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from trinity_channels.api import Attachment, Binding, Context, MessageReceived, Note, NoteKind, Sender
from trinity_channels_whatsapp.addresses import is_address, stable_id
from trinity_channels_whatsapp.client import Api
from trinity_channels_whatsapp.message import Message
from trinity_channels_whatsapp.settings import settings_of

# Twilio's clock and ours differ. Listing a message twice is harmless: its sid is known.
CLOCK_SKEW = timedelta(seconds=60)
# What the hook may return at most.
MAX_MESSAGES = 1000
# Texts of 1,600 characters, each written as six bytes, make 2.5 MB of a page: the host reads answers up to 4 MB.
PAGE_SIZE = 250
MAX_PAGES = 400


async def list_since(binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
    """List the newest thousand since a time, oldest first; errors as the hook `list_missed` promises."""
    settings = settings_of(binding)
    listed = await _list(Api(settings, ctx), settings.from_number, since - CLOCK_SKEW)
    messages = [message for one in listed if (message := _message(one, settings.from_number)) is not None]
    return sorted(messages, key=lambda message: message.sent_at or since)


async def _list(api: Api, to: str, since: datetime) -> list[Message]:
    # The filter works in days only, and the list is newest first.
    day = since.astimezone(UTC).date().isoformat()
    query = {"To": to, "DateSent>": day, "PageSize": str(PAGE_SIZE)}
    found: list[Message] = []
    async with aclosing(api.walk(f"{api.account}/Messages.json", "messages", query, pages=MAX_PAGES)) as listed:
        async for resource in listed:
            one = Message.read(resource)
            at = _time(one)
            if one.direction == "inbound" and (at is None or at >= since):
                found.append(one)
            if len(found) == MAX_MESSAGES:
                break
    # Twilio's times are whole seconds, so what one person wrote in a second keeps its order only if reversed here.
    return found[::-1]


def _message(one: Message, to: str) -> MessageReceived | None:
    if not (one.sid and one.to == to and one.sender != to and is_address(one.sender)):
        return None
    return MessageReceived(
        event_id=one.sid,
        sender=Sender(address=one.sender, stable=stable_id(one.sender, "")),
        text=one.body,
        provider_id=one.sid,
        # The list of its files: their addresses and types are one more request away.
        attachments=(Attachment(ref=one.files, media_type="application/octet-stream"),) if one.files else (),
        notes=() if one.body or one.files else (Note(NoteKind.UNSUPPORTED),),
        sent_at=_time(one),
    )


def _time(one: Message) -> datetime | None:
    """When Twilio called, or would have called, the webhook."""
    return one.sent or one.created
