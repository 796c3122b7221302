"""What stands behind words: addresses and times that a text shows only when someone taps on it are written after it.

https://core.telegram.org/bots/api#messageentity — offsets and lengths count UTF-16 code units. Entities may be nested, and
Telegram lets no two of them cross, but nothing here relies on that.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import NamedTuple

from trinity_channels_telegram.fields import Fields, objects, text, whole

MOST_ENTITIES = 200
"""Telegram keeps about 100 in a message; more are not looked at."""

_LONGEST_ADDRESS = 2048
_LAST_SINGLE_UNIT = "\uffff"
_SCHEME = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)


class Span(NamedTuple):
    """Where an entity stands, in characters."""

    start: int
    end: int
    entity: Fields


def words(fields: Fields, name: str, entities: str) -> str:
    """A text with what stands behind its words, such as `the article (https://example.org/)`."""
    return written_out(text(fields, name), objects(fields, entities))[0]


def written_out(said: str, entities: Sequence[Fields]) -> tuple[str, list[Span]]:
    """Write out what stands behind the words of a text.

    Returns:
        The text, and where its entities are in it, in the order in which Telegram names them.
    """
    spans = list(_spans(said, entities))
    # Of two addresses that end at the same place the inner one comes first.
    additions = sorted(
        (_end_of_words(said, span), -span.start, f" ({behind})")
        for span in spans
        if (behind := _behind(span.entity, said[span.start : span.end]))
    )
    if not additions:
        return said, spans
    pieces, at = [], 0
    for place, _, addition in additions:
        pieces += [said[at:place], addition]
        at = place
    places = [place for place, _, _ in additions]
    added = [0, *accumulate(len(addition) for _, _, addition in additions)]

    def moved(span: Span) -> Span:
        # What was added where a span ends stands outside it.
        before, within = added[bisect_right(places, span.start)], added[bisect_left(places, span.end)]
        return Span(span.start + before, span.end + max(before, within), span.entity)

    return "".join([*pieces, said[at:]]), [moved(span) for span in spans]


def address_behind(words: str, address: str) -> str:
    """`address` on one line; empty where the words already say it, with or without the scheme."""
    address = "".join(address.split())[:_LONGEST_ADDRESS]
    return "" if _bare(words) == _bare(address) else address


def moment(seconds: int | None) -> str:
    """A Unix time for people and models, in UTC; empty if there is none."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC") if seconds else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _behind(entity: Fields, words: str) -> str:
    match entity.get("type"):
        case "text_link":
            return address_behind(words, text(entity, "url"))
        case "date_time":
            return moment(whole(entity, "unix_time"))
        case _:
            return ""


def _bare(address: str) -> str:
    return _SCHEME.sub("", address.strip(), count=1).rstrip("/").casefold()


def _end_of_words(said: str, span: Span) -> int:
    """The end of a span without the blanks at its end, which people select along with the words."""
    return span.start + len(said[span.start : span.end].rstrip())


def _spans(said: str, entities: Iterable[Fields]) -> Iterator[Span]:
    """The entities that stand within the text; a length that is too great ends with it."""
    found = list(entities)[:MOST_ENTITIES]
    if not found:
        return
    # Where each character begins. Only characters beyond the first plane count two units.
    starts: Sequence[int] = range(len(said) + 1)
    if not said.isascii() and max(said, default="") > _LAST_SINGLE_UNIT:
        starts = [0, *accumulate(2 if character > _LAST_SINGLE_UNIT else 1 for character in said)]
    for entity in found:
        offset, length = whole(entity, "offset"), whole(entity, "length")
        if offset is None or length is None or offset < 0 or length <= 0 or offset >= starts[-1]:
            continue
        start = bisect_left(starts, offset)
        yield Span(start, min(bisect_left(starts, offset + length), len(said)), entity)
