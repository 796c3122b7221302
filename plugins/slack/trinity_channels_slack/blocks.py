"""Blocks as text. https://docs.slack.dev/reference/block-kit/blocks.

People's messages hold rich text and tables; what they forward may hold anything that apps post.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trinity_channels_slack import rich_text
from trinity_channels_slack.fields import Json, object_of, objects_of, text_of
from trinity_channels_slack.rich_text import Findings
from trinity_channels_slack.text import escape, plain, unescape

# Bounds for what other apps may post. Slack's own: 50 blocks to a message, 100 to a view.
MAX_BLOCKS = 100
MAX_ROWS = 201
MAX_CELLS = 20
MAX_TEXTS = 200
DEPTH = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """What one block says, as mrkdwn. `prose`: it is running text, not a thing beside it such as a table or a picture."""

    text: str = ""
    title: str = ""
    url: str = ""
    prose: bool = False

    @property
    def whole(self) -> str:
        """Title, text and address in one."""
        return "\n".join(one for one in (self.title, self.text, self.url) if one)


Reader = Callable[[Json, Findings], Piece]


def read(blocks: list[Json], found: Findings) -> list[Piece]:
    """Every block that says something; the others that are unknown are noted in `found`."""
    pieces = []
    for block in blocks:
        kind = text_of(block, "type")
        piece = BLOCKS.get(kind, _anything)(block, found)
        if piece.whole.strip():
            pieces.append(piece)
        elif kind not in BLOCKS:
            found.unknown.append(kind)
    return pieces


def composed(value: object) -> str:
    """A text object as mrkdwn. https://docs.slack.dev/reference/block-kit/composition-objects/text-object."""
    text = text_of(value, "text")
    return escape(unescape(text)) if text_of(value, "type") == "plain_text" else text


def _rich_text(block: Json, found: Findings) -> Piece:
    return Piece(rich_text.read(block, found), prose=True)


def _section(block: Json, found: Findings) -> Piece:
    texts = [composed(block.get("text")), *(composed(one) for one in objects_of(block, "fields"))]
    found.words.extend(plain(one) for one in texts)
    label = _label(object_of(block, "accessory"))
    return Piece("\n".join(one for one in (*texts, f"[{label}]" if label else "") if one), prose=True)


def _header(block: Json, found: Findings) -> Piece:
    text = composed(block.get("text"))
    found.words.append(plain(text))
    return Piece(text, prose=True)


def _markdown(block: Json, found: Findings) -> Piece:
    # Standard Markdown, in which < and > are themselves.
    text = text_of(block, "text")
    found.words.append(text)
    return Piece(escape(text), prose=True)


def _context(block: Json, found: Findings) -> Piece:
    texts = [composed(one) or escape(text_of(one, "alt_text")) for one in objects_of(block, "elements")]
    found.words.extend(plain(one) for one in texts)
    return Piece(" ".join(one for one in texts if one), prose=True)


def _picture(block: Json, _: Findings) -> Piece:
    title = composed(block.get("title"))
    alternative = escape(text_of(block, "alt_text"))
    url = next((one for name in ("image_url", "title_url", "video_url") if (one := text_of(block, name))), "")
    description = composed(block.get("description"))
    text = "\n".join(one for one in (alternative if alternative != title else "", description) if one)
    return Piece(text, title, url or text_of(block.get("slack_file"), "url"))


def _table(block: Json, found: Findings) -> Piece:
    rows = block.get("rows")
    lines = [_row(row, found) for row in rows[:MAX_ROWS]] if isinstance(rows, list) else []
    if isinstance(rows, list) and len(rows) > MAX_ROWS:
        lines.append("…")
    return Piece("\n".join(lines), escape(text_of(block, "caption")))


def _row(row: object, found: Findings) -> str:
    # A row is a list of cells, in older clients an object with such a list.
    cells = row.get("cells") if isinstance(row, dict) else row
    return " | ".join(_cell(cell, found) for cell in cells[:MAX_CELLS]) if isinstance(cells, list) else ""


def _cell(cell: object, found: Findings) -> str:
    if not isinstance(cell, dict):
        return _scalar(cell)
    match text_of(cell, "type"):
        case "rich_text":
            text = rich_text.read(cell, found)
        case "mrkdwn":
            text = composed(cell)
        case _:
            text = escape(text_of(cell, "text")) or _scalar(cell.get("value")) or composed(cell.get("text"))
    return " ".join(text.split())


def _scalar(value: object) -> str:
    return escape(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _actions(block: Json, _: Findings) -> Piece:
    labels = [_label(one) for one in objects_of(block, "elements")]
    return Piece(" ".join(f"[{label}]" for label in labels if label))


def _label(element: Json) -> str:
    named = composed(element.get("text")) or composed(element.get("placeholder"))
    return named or escape(text_of(element, "alt_text") or text_of(element, "action_id"))


def _anything(block: Json, found: Findings) -> Piece:
    """Everything that reads like text, in its order: for blocks made of other blocks, and for future ones."""
    # A card repeats its words in a fallback or a summary.
    texts = list(_texts(block, found, DEPTH))[:MAX_TEXTS]
    return Piece("\n".join(dict.fromkeys(texts)))


def _texts(value: object, found: Findings, depth: int) -> Iterator[str]:
    if depth > 0 and isinstance(value, list):
        for one in value[:MAX_TEXTS]:
            yield from _texts(one, found, depth - 1)
    elif depth > 0 and isinstance(value, dict):
        yield from _texts_of(value, found, depth)


def _texts_of(value: Json, found: Findings, depth: int) -> Iterator[str]:
    kind = text_of(value, "type")
    # These have readers of their own, which keep order and marks.
    if kind in _NESTED:
        yield from filter(None, [BLOCKS[kind](value, found).whole])
    elif kind in {"mrkdwn", "plain_text"}:
        yield composed(value)
    else:
        for name, inner in value.items():
            if isinstance(inner, str) and name in _READABLE and inner.strip():
                yield escape(inner)
            yield from _texts(inner, found, depth - 1)


_READABLE = frozenset(
    {"text", "title", "subtitle", "body", "label", "caption", "description", "alt_text", "name", "details"}
)
_NESTED = frozenset({"rich_text", "section", "table", "data_table", "image", "video", "markdown"})

# https://docs.slack.dev/reference/block-kit/blocks; a type that is not here is read like a card, and if that finds
# nothing, the person's message says that something could not be shown.
BLOCKS: dict[str, Reader] = {
    "rich_text": _rich_text,
    "section": _section,
    "header": _header,
    "markdown": _markdown,
    "context": _context,
    "image": _picture,
    "video": _picture,
    "table": _table,
    "data_table": _table,
    "actions": _actions,
    "context_actions": _actions,
    "divider": lambda *_: Piece(),
    **dict.fromkeys(
        (
            "alert",
            "call",
            "card",
            "carousel",
            "container",
            "data_visualization",
            "file",
            "input",
            "plan",
            "task_card",
        ),
        _anything,
    ),
}


def blocks_of(fields: object) -> list[Json]:
    """The blocks of a message, an attachment or a view."""
    return objects_of(fields, "blocks", MAX_BLOCKS)
