"""An agent's Markdown → messages in a channel's dialect, none longer than the channel takes, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from trinity_channels.api import Dialect
from trinity_channels.outbound.dialects.cut import width
from trinity_channels.outbound.dialects.layout import Layout
from trinity_channels.outbound.dialects.lines import Line, plain_lines
from trinity_channels.outbound.dialects.parse import MARKUP, TooDeepError, parse
from trinity_channels.outbound.dialects.render import Renderer
from trinity_channels.outbound.split import pack
from trinity_channels.visible import cleaned

SMALLEST_LIMIT = 16
"""Room for one character, however a dialect escapes it."""

LONGEST_MARKDOWN = 50_000
"""Characters up to which a text is read as Markdown. What is longer is a dump that nobody reads on a phone, and parsing
it would hold up everybody else for seconds; it goes out as it is."""

_log = structlog.get_logger(__name__)


def compose(markdown: str, dialect: Dialect, limit: int) -> list[str]:
    """Translate `markdown` and split it.

    Args:
        markdown: CommonMark with tables, strikethrough and task lists, or plain text; any string at all.
        dialect: how the channel marks text up.
        limit: the longest message, in UTF-16 code units, markup included; at least 16.

    Returns:
        The messages in order, none empty; `[]` if there is nothing to see. Together they show all that `markdown` says,
        but for space where they were cut. They are the source itself, escaped and cut between words, if it is longer
        than `LONGEST_MARKDOWN` or its translation fails.

    Raises:
        ValueError: `limit` is too small for one escaped character.

    Example:
        >>> compose("**Hi** Zoe", Dialect(bold=("*", "*")), 1600)
        ['*Hi* Zoe']
    """
    if limit < SMALLEST_LIMIT:
        raise ValueError(f"a limit of {limit} is too small; the least is {SMALLEST_LIMIT}")
    text = cleaned(markdown)
    parts: list[str] = []
    if len(text) <= LONGEST_MARKDOWN:
        try:
            parts = list(pack(_lines(text, dialect, limit), Renderer(dialect), limit))
        except Exception:  # noqa: BLE001 - whatever is wrong with our translation, the person gets the answer
            _log.warning("compose_failed", length=len(text), exc_info=True)
    return parts or [part.strip() for part in _verbatim(text, dialect, limit) if part.strip()]


def plain(text: str, dialect: Dialect, limit: int) -> list[str]:
    """Split a text that is no Markdown: it shows character by character, for a name or an e-mail may look like marks."""
    return list(pack(plain_lines(cleaned(text)), Renderer(dialect), limit))


def _lines(text: str, dialect: Dialect, limit: int) -> list[Line]:
    if not MARKUP.search(text):
        return plain_lines(text)
    try:
        return Layout(dialect, limit).lines(parse(text)) or plain_lines(text)  # a lone "#" says something, too
    except TooDeepError:
        return plain_lines(text)


def _verbatim(text: str, dialect: Dialect, limit: int) -> Iterator[str]:
    """Cut the source at spaces, if there are any: too simple to fail."""
    escape = str.maketrans(dict(dialect.escape))
    costs = {character: width(escaped) for character, escaped in dialect.escape.items()}
    start = used = space = 0
    for index, character in enumerate(text):
        cost = costs.get(character) or 1 + (character > "\uffff")
        if used + cost > limit:
            end = space if space > start else index
            yield text[start:end].translate(escape)
            start, used = end, width(text[end:index].translate(escape))
        used += cost
        if character.isspace():
            space = index
    yield text[start:].translate(escape)
