"""Rich text, which every Slack client writes, as the mrkdwn that Slack itself would put into `text`.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block. `text.plain` then reads both alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from trinity_channels_slack.fields import Json, object_of, objects_of, text_of
from trinity_channels_slack.text import bracket, escape

# Other apps may post anything; people's messages stay far below these two.
MAX_ELEMENTS = 2000
DEPTH = 5

_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)
_STYLES = {"code": "`", "strike": "~", "italic": "_", "bold": "*"}


@dataclass(slots=True)
class Findings:
    """What reading found beside the text itself.

    Attributes:
        words: the pieces that were typed, in order, by which the same words elsewhere are recognised.
        unknown: types that are not known and hold nothing readable.
    """

    words: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read(block: Json, found: Findings, depth: int = DEPTH) -> str:
    """A `rich_text` block as mrkdwn."""
    parts = [_container(one, found, depth) for one in objects_of(block, "elements", MAX_ELEMENTS)]
    return "\n".join(part.removesuffix("\n") for part in parts)


def _container(element: Json, found: Findings, depth: int) -> str:
    if depth <= 0:
        return ""
    return _CONTAINERS.get(text_of(element, "type"), _inline)(element, found, depth)


def _section(element: Json, found: Findings, depth: int) -> str:
    return "".join(_container(one, found, depth - 1) for one in objects_of(element, "elements", MAX_ELEMENTS))


def _quote(element: Json, found: Findings, depth: int) -> str:
    lines = _section(element, found, depth).removesuffix("\n").split("\n")
    return "\n".join(f"&gt; {line}".rstrip() for line in lines)


def _preformatted(element: Json, found: Findings, depth: int) -> str:
    return "```\n" + _section(element, found, depth).removesuffix("\n") + "\n```"


def _list(element: Json, found: Findings, depth: int) -> str:
    indent = "    " * _number(element.get("indent"), 20)
    first = _number(element.get("offset"), 100_000) + 1
    style = text_of(element, "style")
    lines = []
    for number, one in enumerate(objects_of(element, "elements", MAX_ELEMENTS), first):
        mark = f"{number}. " if style == "ordered" else _MARKS.get(style, "• ")
        text = _container(one, found, depth - 1).removesuffix("\n")
        lines.append(indent + mark + text.replace("\n", f"\n{indent}{' ' * len(mark)}"))
    return "\n".join(lines)


def _header(element: Json, found: Findings, depth: int) -> str:
    text = object_of(element, "text")
    if words := text_of(text, "text"):
        found.words.append(words)
        # mrkdwn has no headings.
        return f"*{escape(words)}*"
    return _section(element, found, depth)


_MARKS = {"checked": "[x] ", "unchecked": "[ ] "}

# https://docs.slack.dev/reference/block-kit/blocks/rich-text-block#element-types, and what canvases have besides:
# https://docs.slack.dev/reference/types/expanded_rich_text-type
_CONTAINERS: dict[str, Callable[[Json, Findings, int], str]] = {
    "rich_text_section": _section,
    "rich_text_list": _list,
    "rich_text_quote": _quote,
    "rich_text_preformatted": _preformatted,
    "rich_text_header": _header,
    "rich_text_divider": lambda *_: "---",
}


# --- what stands in a line ---


def _inline(element: Json, found: Findings, depth: int) -> str:
    kind = text_of(element, "type")
    reader = _INLINE.get(kind)
    text = reader(element, found) if reader else _named(element, found)
    if not text and reader is None:
        text = _section(element, found, depth)
    if not text and kind not in _SILENT:
        found.unknown.append(kind)
    return _styled(text, object_of(element, "style"))


def _styled(text: str, style: Json) -> str:
    """Marks stand next to the words, not next to the white space around them."""
    before, inner, after = _parts(text)
    for name, mark in _STYLES.items():
        if inner and style.get(name) is True:
            inner = f"{mark}{inner}{mark}"
    return before + inner + after


def _parts(text: str) -> tuple[str, str, str]:
    found = _EDGES.fullmatch(text)
    return (found[1], found[2], found[3]) if found else ("", text, "")


def _text(element: Json, found: Findings) -> str:
    words = text_of(element, "text")
    found.words.append(words)
    return escape(words)


def _link(element: Json, found: Findings) -> str:
    url, label = text_of(element, "url"), text_of(element, "text")
    found.words.append(label or url.removeprefix("mailto:"))
    return bracket(url, label) if url else escape(label)


def _named(element: Json, found: Findings) -> str:
    """An element that brings a label or an address: a canvas, a list record, a workflow, and future kinds."""
    label = next((words for name in _NAMES if (words := text_of(element, name))), "")
    url = text_of(element, "url")
    if label or url:
        found.words.append(label or url)
    return bracket(url, label) if url else escape(label)


def _by_id(element: Json, found: Findings) -> str:
    """Something inside Slack that only its id names, unless it brings a label."""
    return _named(element, found) or next((words for name in _IDS if (words := text_of(element, name))), "")


def _emoji(element: Json, _: Findings) -> str:
    name, tone = text_of(element, "name"), _number(element.get("skin_tone"), 6)
    return (f":{name}:" if name else "") + (f":skin-tone-{tone}:" if tone else "")


def _date(element: Json, _: Findings) -> str:
    return escape(text_of(element, "fallback")) or _time(element.get("timestamp"))


def _time(timestamp: object) -> str:
    if not isinstance(timestamp, int | float):
        return ""
    try:
        return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return ""


def _mention(sign: str, name: str) -> Callable[[Json, Findings], str]:
    def read_mention(element: Json, _: Findings) -> str:
        identity = text_of(element, name)
        return bracket(sign + identity) if identity else ""

    return read_mention


def _plain(name: str, mark: str = "") -> Callable[[Json, Findings], str]:
    return lambda element, _: mark + escape(text_of(element, name)) if text_of(element, name) else ""


_NAMES = ("text", "label", "title", "name", "fallback")
_IDS = ("file_id", "attachment_id", "message_ts", "root_message_ts", "workflow_id", "entity_id", "record_id")
_SILENT = frozenset({"text", ""})

# https://docs.slack.dev/reference/block-kit/block-elements/rich-text-section-element names them all; an unknown one is
# read by the label or address it brings.
_INLINE: dict[str, Callable[[Json, Findings], str]] = {
    "text": _text,
    "link": _link,
    "emoji": _emoji,
    "date": _date,
    "user": _mention("@", "user_id"),
    "canvas_user_mention": _mention("@", "user_id"),
    "channel": _mention("#", "channel_id"),
    "usergroup": _mention("!subteam^", "usergroup_id"),
    "broadcast": _mention("!", "range"),
    "team": _plain("team_id", "@"),
    "color": _plain("value"),
    **dict.fromkeys(
        (
            "attachment_mention",
            "canvas",
            "canvas_message_unfurl",
            "citation",
            "file",
            "list_record",
            "message_mention",
            "salesforce_data_field",
            "tag",
            "work_object_mention",
            "workflow_mention",
        ),
        _by_id,
    ),
}


def _number(value: object, most: int) -> int:
    return min(max(value, 0), most) if isinstance(value, int) and not isinstance(value, bool) else 0
