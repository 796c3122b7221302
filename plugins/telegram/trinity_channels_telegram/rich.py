"""Rich messages as text: headings, lists, tables, quotes and media, block by block.

https://core.telegram.org/bots/api#richmessage. Blocks and texts of kinds that are not known here give whatever text they
hold, so that next month's kinds lose their looks and not their words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trinity_channels_telegram.fields import Fields, inner, objects, text, whole
from trinity_channels_telegram.formatting import address_behind, moment

DEEPEST = 40
"""Levels of nesting that are read; Telegram allows 16."""

# Texts that stand for something other than their words: the field that says what.
_BEHIND = {
    "url": "url",
    "email_address": "email_address",
    "phone_number": "phone_number",
    "bank_card_number": "bank_card_number",
}
_INSTEAD = ("alternative_text", "expression")
_NAMES = frozenset({"mention", "text_mention", "bot_command"})
# Blocks without words of their own.
_SILENT = frozenset({"anchor", "divider"})


def rich_text(message: Fields) -> str:
    """The blocks of a rich message as text; empty if there are none."""
    return _blocks(message, 0)


def rich_files(message: Fields) -> Iterator[Fields]:
    """The blocks that hold a file or a place, wherever they stand; each has the same fields as a message."""
    yield from _media(message, 0)


def _media(block: Fields, depth: int) -> Iterator[Fields]:
    if depth > DEEPEST:
        return
    if "voice_note" in block:
        yield {"voice": block["voice_note"]}
    elif "type" in block:
        yield block
    for child in (*objects(block, "blocks"), *objects(block, "items")):
        yield from _media(child, depth + 1)


def _blocks(holder: Fields, depth: int, gap: str = "\n\n") -> str:
    return gap.join(shown for block in objects(holder, "blocks") if (shown := _block(block, depth + 1)))


def _block(block: Fields, depth: int) -> str:
    if depth > DEEPEST:
        return ""
    kind, said = text(block, "type"), "\n".join(_parts(block, depth))
    match kind:
        case "pre":
            return f"```{text(block, 'language')}\n{said}\n```"
        case "blockquote" | "pullquote":
            return "\n".join(f"> {line}".rstrip() for line in said.splitlines())
        case _ if said or kind in _SILENT or "text" in block:
            return said
        case _:  # a file or a place, which the message's parts tell, or a kind that holds no text
            return f"[{kind.replace('_', ' ') or 'block'}]"


def _parts(block: Fields, depth: int) -> Iterator[str]:
    """Everything that a block says, in the order in which it is shown."""
    parts = (
        _text(block.get("summary"), depth),
        _text(block.get("text"), depth) or text(block, "expression"),
        *(_item(item, depth) for item in objects(block, "items")),
        *_rows(block, depth),
        _blocks(block, depth),
        *_caption(block, depth),
        _text(block.get("credit"), depth),
    )
    yield from filter(None, parts)


def _caption(block: Fields, depth: int) -> Iterator[str]:
    """The caption: a text, or for files an object with a text and a credit."""
    caption = block.get("caption")
    if isinstance(caption, dict) and "type" not in caption:
        yield _text(caption.get("text"), depth)
        yield _text(caption.get("credit"), depth)
    else:
        yield _text(caption, depth)


def _item(item: Fields, depth: int) -> str:
    label = text(item, "label") or "-"
    if item.get("has_checkbox") is True:
        label = "- [x]" if item.get("is_checked") is True else "- [ ]"
    said = _blocks(item, depth, gap="\n").replace("\n", "\n  ")
    return f"{label} {said}"


def _rows(block: Fields, depth: int) -> Iterator[str]:
    rows = block.get("cells")
    for row in rows if isinstance(rows, list) else ():
        cells = (_text(cell.get("text"), depth).replace("\n", " ") for cell in objects({"row": row}, "row"))
        yield f"| {' | '.join(cells)} |"


def _text(said: Any, depth: int) -> str:
    """A text in any of its shapes: words, a list of texts, or a text of some kind around another."""
    if depth > DEEPEST:
        return ""
    if isinstance(said, str):
        return said
    if isinstance(said, list):
        return "".join(_text(one, depth + 1) for one in said)
    if not isinstance(said, dict):
        return ""
    shown = next((text(said, name) for name in _INSTEAD if text(said, name)), "") or _text(said.get("text"), depth + 1)
    kind = text(said, "type")
    behind = moment(whole(said, "unix_time")) if kind == "date_time" else text(said, _BEHIND.get(kind, ""))
    if kind in _BEHIND:
        behind = address_behind(shown, behind)
    return f"{shown} ({behind})" if behind and shown else shown or behind


def names_in(message: Fields) -> Iterator[tuple[str, Fields]]:
    """The mentions and commands of a rich message: each with its words, and the user where one is named."""
    yield from _names(message, 0)


def _names(value: Any, depth: int) -> Iterator[tuple[str, Fields]]:
    if depth > 2 * DEEPEST:
        return
    if isinstance(value, dict):
        if text(value, "type") in _NAMES:
            yield _text(value.get("text"), depth), inner(value, "user")
        value = list(value.values())
    for child in value if isinstance(value, list) else ():
        yield from _names(child, depth + 1)
