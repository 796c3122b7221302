"""A message's text with its entities as HTML. https://core.telegram.org/bots/api#messageentity."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from trinity_channels_telegram.simulator.entities import Entity

_TAGS = {
    "blockquote": "blockquote",
    "bold": "strong",
    "bot_command": "b",
    "cashtag": "b",
    "code": "code",
    "expandable_blockquote": "blockquote",
    "hashtag": "b",
    "italic": "em",
    "mention": "b",
    "pre": "pre",
    "strikethrough": "s",
    "text_mention": "b",
    "underline": "u",
}
_SCHEMES = frozenset({"http", "https", "tg"})
_BLOCKS = frozenset({"blockquote", "pre"})


def drawn(text: str, entities: Sequence[Entity]) -> Markup:
    """The text as HTML, with nothing in it that the sender could make run.

    Args:
        text: as it stands in the message.
        entities: by offset, those around others before them; offsets count UTF-16 units.
    """
    return _between(text.encode("utf-16-le"), list(entities), 0, len(text.encode("utf-16-le")) // 2)


def _between(text: bytes, entities: list[Entity], start: int, end: int) -> Markup:
    html, at = Markup(""), start
    while entities:
        one, *others = entities
        close = min(one.offset + one.length, end)
        # Entities nest; those within this one are drawn within its element.
        inside = [other for other in others if other.offset < close]
        entities = others[len(inside) :]
        html += _plain(text, at, one.offset) + _marked(one, _between(text, inside, one.offset, close), text, close)
        # A block ends its line by itself; the break after it would show as an empty line.
        ends_line = _TAGS.get(one.type) in _BLOCKS and text[close * 2 : close * 2 + 2] == "\n".encode("utf-16-le")
        at = close + 1 if ends_line else close
    return html + _plain(text, at, end)


def _plain(text: bytes, start: int, end: int) -> Markup:
    return escape(_slice(text, start, end))


def _slice(text: bytes, start: int, end: int) -> str:
    return text[start * 2 : end * 2].decode("utf-16-le", "replace")


def _marked(one: Entity, inner: Markup, text: bytes, close: int) -> Markup:
    address = one.url or (_slice(text, one.offset, close) if one.type == "url" else "")
    # Any other scheme, such as `javascript:`, is not made a link.
    if urlsplit(address).scheme in _SCHEMES:
        return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(address, inner)
    if one.type == "spoiler":
        return Markup('<span class="spoiler" tabindex="0">{}</span>').format(inner)
    tag = _TAGS.get(one.type, "span")
    return Markup(f"<{tag}>{{}}</{tag}>").format(inner)  # noqa: S704 -- a tag of ours
