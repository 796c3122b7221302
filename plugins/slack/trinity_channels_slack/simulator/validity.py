"""What Slack refuses of a post. https://docs.slack.dev/reference/methods/chat.postMessage#errors."""

from __future__ import annotations

import json
import re
from typing import Any

from trinity_channels.simulation import Arguments, text
from trinity_channels_slack.simulator.refusal import Refusal

LONGEST_TEXT = 40_000
"""Longer texts are cut."""
LONGEST_MARKDOWN = 12_000
MOST_BLOCKS = 50
LARGEST_METADATA = 16_000
"""Characters; Slack does not say how many it takes."""

# https://docs.slack.dev/reference/block-kit/blocks: what a message may hold, and what each block needs. The fields
# themselves are looked at only as far as their length is documented.
BLOCKS = {
    "actions": "elements",
    "card": "",
    "carousel": "elements",
    "container": "child_blocks",
    "context": "elements",
    "context_actions": "elements",
    "data_table": "rows",
    "data_visualization": "",
    "divider": "",
    "file": "external_id",
    "header": "text",
    "image": "alt_text",
    "markdown": "text",
    "plan": "title",
    "rich_text": "elements",
    "section": "",
    "table": "rows",
    "task_card": "title",
    "video": "title",
}
_LENGTHS = {"section": 3000, "header": 150}

# https://docs.slack.dev/messaging/message-metadata
_EVENT_TYPE = re.compile("[A-Za-z0-9_.-]{1,255}")

_SIGN = re.compile(r"<(?:[@#!]|https?://|mailto:|tel:)[^<>\n]*>|&(?:amp|lt|gt);|[&<>]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def body(given: Arguments) -> tuple[str, list[dict[str, Any]]]:
    """The text and the blocks of a post."""
    said, markdown = text(given, "text"), text(given, "markdown_text")
    blocks = _blocks(given.get("blocks"))
    attached = given.get("attachments")
    if markdown and (said or blocks):
        raise Refusal("markdown_text_conflict")
    if len(markdown) > LONGEST_MARKDOWN:
        raise Refusal("msg_too_long")
    # Any of the four is enough, and blanks are nothing.
    if not (said.strip() or markdown.strip() or blocks or attached):
        raise Refusal("no_text")
    # Cut without an error, as chat.postMessage documents.
    return sanitised(said or markdown)[:LONGEST_TEXT], blocks


def sanitised(said: str) -> str:
    """Text as Slack keeps and shows it: what is not one of its own signs is escaped."""
    return _SIGN.sub(lambda found: _ESCAPES.get(found[0], found[0]), said)


def metadata(given: Arguments) -> dict[str, Any] | None:
    """The metadata of a post, as the API takes it."""
    found = _parsed(given.get("metadata"), "invalid_metadata_format")
    if found is None:
        return None
    if not isinstance(found, dict) or set(found) != {"event_type", "event_payload"}:
        raise Refusal("invalid_metadata_format")
    kind, payload = found["event_type"], found["event_payload"]
    if not (isinstance(kind, str) and _EVENT_TYPE.fullmatch(kind) and isinstance(payload, dict)):
        raise Refusal("invalid_metadata_format")
    if not all(_flat(value) for value in payload.values()):
        raise Refusal("invalid_metadata_schema")
    if len(json.dumps(found)) > LARGEST_METADATA:
        raise Refusal("metadata_too_large")
    return found


def _flat(value: object) -> bool:
    """Texts, numbers and truth values, or objects of such, or lists of these objects."""
    if isinstance(value, dict):
        return all(isinstance(one, str | int | float) for one in value.values())
    if isinstance(value, list):
        return all(isinstance(one, dict) and _flat(one) for one in value)
    return isinstance(value, str | int | float)


def _blocks(given: object) -> list[dict[str, Any]]:
    found = _parsed(given, "invalid_blocks_format")
    if found is None:
        return []
    if not isinstance(found, list):
        raise Refusal("invalid_blocks_format")
    if len(found) > MOST_BLOCKS:
        raise Refusal("invalid_blocks")
    for block in found:
        _check(block)
    return found


def _check(block: object) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(block, dict) or not isinstance(kind, str) or kind not in BLOCKS:
        raise Refusal("invalid_blocks")
    needed = BLOCKS[kind]
    if (needed and not block.get(needed)) or (kind == "section" and not (block.get("text") or block.get("fields"))):
        raise Refusal("invalid_blocks")
    held = block.get("text")
    if isinstance(held, dict) and not (0 < len(str(held.get("text") or "")) <= _LENGTHS.get(kind, LONGEST_MARKDOWN)):
        raise Refusal("invalid_blocks")


def _parsed(given: object, code: str) -> object:
    """A field of JSON, which a form holds as text."""
    if not isinstance(given, str):
        return given
    try:
        parsed: object = json.loads(given)
    except ValueError:
        raise Refusal(code) from None
    return parsed


def fallback(blocks: list[dict[str, Any]]) -> str:
    """What people read in blocks: their texts, one a line."""
    return "\n".join(one for block in blocks if (one := _words(block)))


def _words(value: object) -> str:
    if isinstance(value, list):
        return "".join(_words(one) for one in value)
    if not isinstance(value, dict):
        return ""
    held = value.get("text")
    own = held if isinstance(held, str) else _words(held)
    return own + "".join(_words(value.get(name)) for name in ("fields", "elements", "rows"))
