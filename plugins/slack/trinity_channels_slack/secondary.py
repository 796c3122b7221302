"""Attachments beside a message: forwarded and linked messages, link previews, pasted tables.

https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments. Slack documents them for what apps
post; shares (`is_share`), previews of messages (`is_msg_unfurl`) and their `message_blocks` are known from what it sends.
"""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.api import Attachment, Note, NoteKind
from trinity_channels_slack import blocks, files
from trinity_channels_slack.blocks import blocks_of
from trinity_channels_slack.fields import Json, object_of, objects_of, text_of
from trinity_channels_slack.rich_text import Findings
from trinity_channels_slack.text import plain, typed

MAX_ATTACHMENTS = 50
LONGEST = 12_000
"""Characters of one attachment or block."""
MAX_NAME = 100
DEPTH = 3

# What Slack writes where an old client would show nothing.
_PLACEHOLDERS = frozenset({"", "[no preview available]"})


@dataclass(frozen=True, slots=True)
class Secondary:
    """One attachment, decoded. `shared`: a message that was forwarded; `linked`: one whose link was pasted."""

    text: str = ""
    title: str = ""
    url: str = ""
    author: str = ""
    shared: bool = False
    linked: bool = False
    attachments: tuple[Attachment, ...] = ()
    notes: tuple[Note, ...] = ()


def read(fields: object, own_id: str, found: Findings, depth: int = DEPTH) -> list[Secondary]:
    """Every attachment of a message that holds something."""
    return [_read(one, own_id, found, depth) for one in objects_of(fields, "attachments", MAX_ATTACHMENTS)]


def _read(one: Json, own_id: str, found: Findings, depth: int) -> Secondary:
    texts = [text_of(one, "pretext"), text_of(one, "text"), *_fields(one)]
    said = [plain(text, own_id) for text in texts if text.strip()]
    said += _blocks(one, own_id, found, "\n".join(said))
    inner = read(one, own_id, found, depth - 1) if depth > 1 else []
    said += [
        words for nested in inner if (words := "\n".join(filter(None, (nested.author, nested.title, nested.text))))
    ]
    came = files.read(one.get("files"))
    title, url = plain(text_of(one, "title"), own_id), _url(one)
    # The fallback repeats the rest for notifications, so it counts only where there is nothing else.
    fallback = text_of(one, "fallback")
    if not (said or title or came.attachments or came.notes) and fallback not in _PLACEHOLDERS:
        said = [plain(fallback, own_id)]
    return Secondary(
        text=limited("\n".join(said)),
        title=limited(title),
        url=url,
        author=author(one),
        shared=one.get("is_share") is True,
        linked=one.get("is_msg_unfurl") is True,
        attachments=came.attachments + tuple(file for nested in inner for file in nested.attachments),
        notes=came.notes + tuple(note for nested in inner for note in nested.notes),
    )


def _blocks(one: Json, own_id: str, found: Findings, said: str) -> list[str]:
    """What the attachment's blocks, or those of the message it shows, say beyond its text."""
    shown = [object_of(quoted, "message") for quoted in objects_of(one, "message_blocks")]
    texts = []
    for holder in (one, *shown):
        for block in blocks_of(holder):
            words = Findings(unknown=found.unknown)
            pieces = blocks.read([block], words)
            repeated = said and covered(words.words, said)
            texts += [plain(piece.whole, own_id) for piece in pieces if not (repeated and piece.prose)]
    return texts


def _fields(one: Json) -> list[str]:
    pairs = [(text_of(each, "title"), text_of(each, "value")) for each in objects_of(one, "fields")]
    return [": ".join(filter(None, pair)) for pair in pairs]


def _url(one: Json) -> str:
    names = ("title_link", "from_url", "original_url", "app_unfurl_url", "image_url", "thumb_url", "video_url")
    return next((url for name in names if (url := text_of(one, name))), "")


def author(one: Json) -> str:
    """The name of the author of what is shown."""
    name = text_of(one, "author_name") or text_of(one, "author_subname")
    return plain(" ".join(name.split())[:MAX_NAME])


def card(text: str, title: str, url: str) -> Note:
    """A note about something beside the text."""
    data = {"text": text, "title": title, "url": url}
    return Note(NoteKind.CARD, {name: value for name, value in data.items() if value})


def covered(words: list[str], text: str) -> bool:
    """Tell whether `text` has these pieces in their order; marks and numbers between them do not count."""
    held, at = typed(text), 0
    for word in words:
        piece = typed(word)
        if (at := held.find(piece, at)) < 0:
            return False
        at += len(piece)
    return True


def limited(text: str, most: int = LONGEST) -> str:
    """A text that is cut where it becomes too long to be useful."""
    return text if len(text) <= most else text[: most - 1] + "…"
