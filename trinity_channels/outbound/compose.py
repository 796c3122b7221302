"""An agent's Markdown → messages in a channel's dialect, none longer than the channel takes, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trinity_channels.api import Dialect
from trinity_channels.observability.log import get_logger
from trinity_channels.outbound.dialects.lines import Line, plain_lines
from trinity_channels.outbound.dialects.markup import MARKUP
from trinity_channels.outbound.dialects.render import Renderer
from trinity_channels.outbound.dialects.split_line import width
from trinity_channels.outbound.split import pack
from trinity_channels.visible import cleaned, visible

SMALLEST_LIMIT = 16
"""Room for one character, however a dialect escapes it."""

LONGEST_MARKDOWN = 50_000
"""Characters up to which a text is read as Markdown. What is longer is a dump that is not read on a phone, and parsing
it would delay all others for seconds; it goes out as it is."""

_log = get_logger(__name__)


def compose(
    markdown: str, dialect: Dialect, limit: int, *, entities: int = 0, before: str = "", after: str = ""
) -> list[str]:
    """Translate `markdown` and split it.

    Args:
        markdown: CommonMark with tables, strikethrough and task lists, or plain text; any string at all.
        dialect: how the channel marks text up.
        limit: the longest message, in UTF-16 code units, markup included; at least 16.
        entities: marked stretches that a message may have; 0 for any number.
        before: plain text that goes in front, as a paragraph of the same message.
        after: the same at the end.

    Returns:
        The messages in order, none empty; `[]` if `markdown` has nothing to see. Together they show all that it says, but
        for space where they were cut. They are the source itself, escaped and cut between words, if it is longer
        than `LONGEST_MARKDOWN` or its translation fails.

    Raises:
        ValueError: `limit` is too small for one escaped character.

    Example:
        >>> compose("**Hi** Zoe", Dialect(bold=("*", "*")), 1600)
        ['*Hi* Zoe']
    """
    if limit < SMALLEST_LIMIT:
        raise ValueError(f"a limit of {limit} is too small; the least is {SMALLEST_LIMIT}")
    # Before parsing: hidden characters must neither forge nor break markup.
    text = cleaned(markdown)
    before, after = cleaned(before), cleaned(after)
    if len(text) <= LONGEST_MARKDOWN:
        try:
            lines = _lines(text, dialect, limit)
            around = _joined(plain_lines(before), lines, plain_lines(after))
            return pack(around, Renderer(dialect), limit, entities) if any(line.shows for line in lines) else []
        except Exception:  # noqa: BLE001 - whatever is wrong with our translation, the person gets the answer
            _log.warning("compose_failed", length=len(text), exc_info=True)
    if not visible(text):
        return []
    whole = "\n\n".join(filter(None, (before, text, after)))
    return [part.strip() for part in _verbatim(whole, dialect, limit) if part.strip()]


def plain(text: str, dialect: Dialect, limit: int) -> list[str]:
    """Split a text that is not Markdown: it shows character by character, for a name or an e-mail may look like marks."""
    return pack(plain_lines(cleaned(text)), Renderer(dialect), limit)


def _joined(*blocks: Sequence[Line]) -> list[Line]:
    """Lines of several texts as one, with a blank line between them."""
    return [line for block in blocks if block for line in (Line(gap=True), *block)]


def _lines(text: str, dialect: Dialect, limit: int) -> list[Line]:
    if not MARKUP.search(text):
        return plain_lines(text)
    # Eighty modules, most of them markdown-it's: a host that starts needs none of them yet.
    from trinity_channels.outbound.dialects.layout import Layout  # noqa: PLC0415  see above
    from trinity_channels.outbound.dialects.parse import TooDeepError, parse  # noqa: PLC0415  see above

    try:
        lines = Layout(dialect, limit).lines(parse(text))
    except TooDeepError:
        return plain_lines(text)
    # A lone "#" says something, too.
    return lines if any(line.runs or line.shows for line in lines) else plain_lines(text)


def _verbatim(text: str, dialect: Dialect, limit: int) -> Iterator[str]:
    """Cut the source at spaces, if there are any: too simple to fail."""
    escape = str.maketrans(dict(dialect.escape))
    costs = {character: width(escaped) for character, escaped in dialect.escape.items()}
    start = used = space = 0
    for index, character in enumerate(text):
        # UTF-16 units: characters beyond the first plane are pairs.
        cost = costs.get(character) or 1 + (character > "\uffff")
        if used + cost > limit:
            end = space if space > start else index
            yield text[start:end].translate(escape)
            start, used = end, width(text[end:index].translate(escape))
        used += cost
        if character.isspace():
            space = index
    yield text[start:].translate(escape)
