"""What a message holds besides its text: files, places, and things that can be said in words."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_channels.api import Attachment, Location
from trinity_channels_telegram.fields import Fields, inner, objects, text, whole

# https://core.telegram.org/bots/api#message: the kind of file → its media type where the sender's app names none.
FILES = {
    "animation": "video/mp4",
    "audio": "audio/mpeg",
    "document": "application/octet-stream",
    "video": "video/mp4",
    "video_note": "video/mp4",
    "voice": "audio/ogg",
}
_MAX_NAME = 200


def attachments(message: Fields) -> tuple[Attachment, ...]:
    """The files, by `file_id`. https://core.telegram.org/bots/api#getfile fetches one, up to 20 MB."""
    return tuple(_attachments(message))


def _attachments(message: Fields) -> Iterator[Attachment]:
    if photos := objects(message, "photo"):  # one picture in several sizes
        largest = max(photos, key=lambda size: (whole(size, "width") or 0) * (whole(size, "height") or 0))
        yield from _file(largest, "image/jpeg")
    for kind, media_type in FILES.items():
        if kind == "document" and "animation" in message:  # the same file, for older bots
            continue
        yield from _file(inner(message, kind), media_type)
    yield from _file(sticker := inner(message, "sticker"), _sticker_type(sticker))


def _file(file: Fields, media_type: str) -> Iterator[Attachment]:
    if ref := text(file, "file_id"):
        size = whole(file, "file_size")
        yield Attachment(
            ref=ref,
            media_type=(text(file, "mime_type") or media_type)[:_MAX_NAME],
            name=text(file, "file_name")[:_MAX_NAME],
            size=size if size is None or size >= 0 else None,
        )


def _sticker_type(sticker: Fields) -> str:
    # https://core.telegram.org/stickers
    if sticker.get("is_video") is True:
        return "video/webm"
    return "application/x-tgsticker" if sticker.get("is_animated") is True else "image/webp"


def location(message: Fields) -> Location | None:
    """The place, with its name where it is a venue; None unless it is on Earth."""
    venue = inner(message, "venue")
    place = inner(message, "location") or inner(venue, "location")
    latitude, longitude = _degrees(place.get("latitude"), 90), _degrees(place.get("longitude"), 180)
    if latitude is None or longitude is None:
        return None
    return Location(latitude, longitude, label=text(venue, "title"), address=text(venue, "address"))


def _degrees(value: object, limit: int) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -limit <= value <= limit:  # nor nan
        return None
    return float(value)


def in_words(message: Fields) -> str:
    """What can be told of a message without text: a sticker's or dice's emoji, a contact's name and number, a poll."""
    contact, poll = inner(message, "contact"), inner(message, "poll")
    if contact:
        name = f"{text(contact, 'first_name')} {text(contact, 'last_name')}".strip()
        return ", ".join(part for part in (name, text(contact, "phone_number")) if part)
    if poll:
        return "\n".join(
            [text(poll, "question"), *(f"- {text(option, 'text')}" for option in objects(poll, "options"))]
        )
    return text(inner(message, "sticker"), "emoji") or text(inner(message, "dice"), "emoji")
