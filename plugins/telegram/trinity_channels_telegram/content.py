"""The files and places that come with a message."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_channels.api import Attachment, Location
from trinity_channels_telegram.fields import Fields, inner, objects, text, whole
from trinity_channels_telegram.rich import rich_files

# https://core.telegram.org/bots/api#message: the kind of file → its media type where the sender's app names none.
FILES = {
    "animation": "video/mp4",
    "audio": "audio/mpeg",
    "document": "application/octet-stream",
    "video": "video/mp4",
    "video_note": "video/mp4",
    "voice": "audio/ogg",
}
# Everything below is skipped for a plain text, which has none of these.
_HOLDERS = frozenset({"live_photo", "paid_media", "photo", "poll", "rich_message", "sticker", *FILES})
_MAX_NAME = 200


def attachments(message: Fields) -> tuple[Attachment, ...]:
    """The files, by `file_id`. https://core.telegram.org/bots/api#getfile fetches one, up to 20 MB."""
    return tuple(_attachments(message))


def _attachments(message: Fields) -> Iterator[Attachment]:
    if _HOLDERS.isdisjoint(message):
        return
    yield from _files(message)
    # https://core.telegram.org/bots/api#paidmediainfo: what was bought, or is ours; previews have no file.
    for bought in objects(inner(message, "paid_media"), "paid_media"):
        yield from _files(bought)
    for block in rich_files(inner(message, "rich_message")):
        yield from _files(block)
    poll = inner(message, "poll")
    for holder in (poll, *objects(poll, "options")):
        yield from _files(inner(holder, "media"))


def _files(holder: Fields) -> Iterator[Attachment]:
    if photos := objects(holder, "photo"):  # one picture in several sizes
        largest = max(photos, key=lambda size: (whole(size, "width") or 0) * (whole(size, "height") or 0))
        yield from _file(largest, "image/jpeg")
    else:  # for older bots a live photo stands in `photo` too
        yield from _file(inner(holder, "live_photo"), "video/mp4")
    # Name, type and size come from the sender's app: they are claims.
    for kind, media_type in FILES.items():
        if kind == "document" and "animation" in holder:  # the same file, for older bots
            continue
        yield from _file(inner(holder, kind), media_type)
    yield from _file(sticker := inner(holder, "sticker"), _sticker_type(sticker))


def _file(file: Fields, media_type: str) -> Iterator[Attachment]:
    if ref := text(file, "file_id"):
        size = whole(file, "file_size")
        # A piece of music without a file name has a performer and a title.
        name = text(file, "file_name") or " - ".join(filter(None, (text(file, "performer"), text(file, "title"))))
        yield Attachment(
            ref=ref,
            media_type=(text(file, "mime_type") or media_type)[:_MAX_NAME],
            name=name[:_MAX_NAME],
            size=size if size is None or size >= 0 else None,
        )


def _sticker_type(sticker: Fields) -> str:
    # https://core.telegram.org/stickers
    if sticker.get("is_video") is True:
        return "video/webm"
    return "application/x-tgsticker" if sticker.get("is_animated") is True else "image/webp"


def location(message: Fields) -> Location | None:
    """The first place, with its name where it is a venue; None unless it is on Earth."""
    holders = (message, *rich_files(inner(message, "rich_message"))) if "rich_message" in message else (message,)
    return next(filter(None, map(_location, holders)), None)


def _location(holder: Fields) -> Location | None:
    venue = inner(holder, "venue")
    place = inner(holder, "location") or inner(venue, "location")
    latitude, longitude = _degrees(place.get("latitude"), 90), _degrees(place.get("longitude"), 180)
    if latitude is None or longitude is None:
        return None
    return Location(latitude, longitude, label=text(venue, "title"), address=text(venue, "address"))


def _degrees(value: object, limit: int) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -limit <= value <= limit:  # nor nan
        return None
    return float(value)
