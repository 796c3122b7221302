"""What a Slack client makes of what a person types: `text`, and the same words as rich text in `blocks`.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block. Addresses become links. Emoji stay as they were typed,
where Slack would write `:name:`, and styles are what the person types, not what a button sets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]

_URL = r"(?P<url>https?://[^\s<>|]*[^\s<>|.,;:!?)'\"])"
_MAIL = r"(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
_DOMAIN = r"(?P<domain>\b(?:[a-z0-9-]+\.)+(?:com|org|example)\b)"
_LINKS = re.compile(f"{_URL}|{_MAIL}|{_DOMAIN}")
_SCHEMES = {"url": "", "mail": "mailto:", "domain": "http://"}


def escaped(text: str) -> str:
    """The three signs that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def composed(text: str, mention: str = "") -> tuple[str, list[Json]]:
    """`text` and `blocks` of a typed message; `mention` is a member's id that stands before it."""
    if not (text or mention):
        return "", []
    elements: list[Json] = [{"type": "user", "user_id": mention}] if mention else []
    written = f"<@{mention}>" if mention else ""
    for piece, element in _pieces(f" {text}" if mention and text else text):
        elements.append(element)
        written += piece
    section = {"type": "rich_text_section", "elements": elements}
    return written, [{"type": "rich_text", "block_id": "sim01", "elements": [section]}]


def _pieces(text: str) -> Iterator[tuple[str, Json]]:
    at = 0
    for found in _LINKS.finditer(text):
        if before := text[at : found.start()]:
            yield escaped(before), {"type": "text", "text": before}
        label, prefix = found[0], _SCHEMES[str(found.lastgroup)]
        link = {"type": "link", "url": prefix + label}
        # Slack keeps what was typed as a label, where it has added the scheme.
        if prefix:
            yield f"<{prefix}{escaped(label)}|{escaped(label)}>", link | {"text": label}
        else:
            yield f"<{escaped(label)}>", link
        at = found.end()
    if text[at:]:
        yield escaped(text[at:]), {"type": "text", "text": text[at:]}


def table(rows: Sequence[Sequence[str | float]]) -> Json:
    """A pasted table. https://docs.slack.dev/reference/block-kit/blocks/table-block."""
    return {"type": "table", "block_id": "sim02", "rows": [[_cell(cell) for cell in row] for row in rows]}


def _cell(cell: str | float) -> Json:
    return {"type": "raw_text", "text": cell} if isinstance(cell, str) else {"type": "raw_number", "value": cell}


def share(fields: Json, channel: str, author: str, link: str) -> Json:
    """A forwarded message, as it is attached to theirs; `fields` are what the API shows of it."""
    message = {"blocks": fields["blocks"]} if fields.get("blocks") else {}
    quoted = {"team": "T0SIM0001", "channel": channel, "ts": fields["ts"], "message": message}
    return {
        "id": 1,
        "ts": fields["ts"],
        "channel_id": channel,
        "channel_team": "T0SIM0001",
        "is_msg_unfurl": True,
        "is_share": True,
        "message_blocks": [quoted] if message else [],
        "author_id": fields["user"],
        "author_name": author,
        "author_subname": author,
        "text": fields["text"],
        "fallback": f"{author}: {fields['text']}",
        "from_url": link,
        "footer": "Posted in #general",
        "mrkdwn_in": ["text"],
        **({"files": fields["files"]} if fields.get("files") else {}),
        **({"attachments": fields["attachments"]} if fields.get("attachments") else {}),
    }


def preview(url: str, title: str, text: str) -> Json:
    """What Slack adds to a message with a link, some time later."""
    return {
        "id": 1,
        "from_url": url,
        "original_url": url,
        "service_name": "Example",
        "title": title,
        "title_link": url,
        "text": escaped(text),
        "fallback": f"Example: {title}",
    }
