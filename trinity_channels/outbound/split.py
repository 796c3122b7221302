"""Packs lines into as few messages as they need, and ends these between paragraphs, else lines, else inside a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from trinity_channels.outbound.dialects.lines import Block, Kind, Line, Run, entities
from trinity_channels.outbound.dialects.render import Renderer
from trinity_channels.outbound.dialects.split_line import split_line, width

SHARES = (0.5, 0.75, 0.9, 1.0)
"""How full a message must be before it may end at a better place than the last that fits; the first is tried first."""

UNLIMITED = 10**9

_MOST_OF_ONE_RUN = 5
"""Entities: bold, italic, struck, a link; or an address."""


def pack(lines: Sequence[Line], renderer: Renderer, limit: int, most_entities: int = 0) -> list[str]:
    """Return messages that together show `lines`, as few as possible, for each may be billed.

    Among those, a message ends at the least disturbing place: after a paragraph, a line, a sentence, a word. A line of
    code is cut only if it is longer than a message.

    Args:
        lines: what to show.
        renderer: of the dialect.
        limit: UTF-16 code units that a message may have, markup included.
        most_entities: marked stretches, links and addresses that a message may have; 0 for any number.
    """
    parts = list(_pack(lines, renderer, limit, most_entities or UNLIMITED, SHARES[0]))
    if len(parts) < 2:  # noqa: PLR2004  there is nothing to save
        return parts
    # Each message may be billed, so better places to cut are only used where they cost no further message.
    fewest = list(_pack(lines, renderer, limit, most_entities or UNLIMITED, SHARES[-1]))
    for share in SHARES[1:-1]:
        if len(parts) <= len(fewest):
            return parts
        parts = list(_pack(lines, renderer, limit, most_entities or UNLIMITED, share))
    return parts if len(parts) <= len(fewest) else fewest


def _pack(lines: Sequence[Line], renderer: Renderer, limit: int, most_entities: int, share: float) -> Iterator[str]:
    waiting = [_modest(line, limit) for line in reversed(lines)]
    part = _Part(limit, most_entities, share)
    while waiting:
        line = waiting.pop()
        if part.empty and line.gap:
            continue
        room, left = part.room(line.block), part.entities_left(line.block)
        # The first half is a bound that costs nothing; the entities are counted only near the limit.
        too_marked = left < len(line.runs) * _MOST_OF_ONE_RUN and sum(entities(line.runs)) > left
        text = renderer.line(line) if not too_marked and _may_fit(line, room) else None
        if text is not None and width(text) <= room:
            part.take(line, text)
            continue
        if seam := part.seam(line, full=too_marked):
            waiting += [line, *reversed(part.end(seam))]
        elif halves := split_line(line, room, renderer, left, share, may_tear=part.empty):
            head, tail = halves
            part.take(head, renderer.line(head))
            waiting += [tail] if tail.runs else []
        else:
            # Nothing of the line fits beside what the part holds, or its marks alone fill a message.
            waiting.append(_bare(line) if part.empty else line)
        yield from part.text()
        part = _Part(limit, most_entities, share)
    yield from part.text()


class _Part:
    """One message in the making. Its width counts every block as closed."""

    def __init__(self, limit: int, most_entities: int, share: float) -> None:
        self._limit = limit
        self._full_enough = int(limit * share)
        self._most_entities = most_entities
        self._lines: list[tuple[Line, str]] = []
        self._widths: list[int] = []  # of the part up to and with each line
        self._marked = 0

    @property
    def empty(self) -> bool:
        return not self._lines

    def room(self, block: Block | None) -> int:
        """How wide one more line, of `block`, may be."""
        if not self._lines:
            return self._limit - _around(block)
        last = self._lines[-1][0].block
        return self._limit - self._widths[-1] - 1 - (0 if block is last else _around(block))

    def entities_left(self, block: Block | None) -> int:
        """How many entities one more line, of `block`, may have."""
        continued = bool(self._lines) and self._lines[-1][0].block is block
        return self._most_entities - self._marked - (block is not None and not continued)

    def take(self, line: Line, text: str) -> None:
        if self._most_entities < UNLIMITED:
            self._marked = self._most_entities - self.entities_left(line.block) + sum(entities(line.runs))
        self._widths.append(self._limit - self.room(line.block) + width(text))
        self._lines.append((line, text))

    def seam(self, following: Line, *, full: bool) -> int:
        """After how many lines to end, as `following` does not fit; 0 if the part is better filled up.

        A part that is full enough ends between paragraphs, or else between lines. So does any part before a line of code,
        and one that is `full` of entities.
        """
        half = self._full_enough
        least = 1 if following.fenced or following.gap or full else half
        seam = 0
        for count in range(len(self._lines), 0, -1):
            if self._widths[count - 1] < (half if seam else least):
                break
            if self._leads(count):
                continue
            follower = self._lines[count][0] if count < len(self._lines) else following
            if follower.gap and self._widths[count - 1] >= half:
                return count
            seam = seam or count
        return seam

    def _leads(self, count: int) -> bool:
        """Whether the first `count` lines end with a heading, which must not be left alone."""
        said = (line for line, _ in reversed(self._lines[max(0, count - 2) : count]) if not line.gap)
        last = next(said, None)
        return last is not None and last.leads

    def end(self, count: int) -> list[Line]:
        """Keep the first `count` lines and return the others."""
        rest = [line for line, _ in self._lines[count:]]
        del self._lines[count:], self._widths[count:]
        return rest

    def text(self) -> Iterator[str]:
        """The message, if there is anything to see in it."""
        while self._lines and (self._lines[-1][0].gap or not self._lines[-1][1].strip()):
            self._lines.pop()
        blocks = []
        for block, group in groupby(self._lines, key=lambda entry: entry[0].block):
            body = "\n".join(text for _, text in group)
            blocks.append(f"{block.opening}{body}{block.closing}" if block and body.strip() else body)
        if any(text.strip() for _, text in self._lines):
            yield "\n".join(blocks)


def _may_fit(line: Line, room: int) -> bool:
    """Whether `line` is worth rendering; looks only as far as needed."""
    for run in line.runs:
        room -= len(run.text)
        if room < 0:
            return False
    return True


def _around(block: Block | None) -> int:
    return len(block.opening) + len(block.closing) if block else 0


def _modest(line: Line, limit: int) -> Line:
    """Without the prefix and block that would take more than half of a message."""
    if len(line.first) + _around(line.block) <= limit // 2:
        return line
    return line._replace(first="", rest="", block=None)


def _bare(line: Line) -> Line:
    """Only what a person sees."""
    runs = tuple(Run(run.text, kind=Kind.URL if run.kind is Kind.URL else Kind.TEXT) for run in line.runs)
    bare = Line(runs)
    if bare == line:
        raise ValueError("the limit is too small for one character")
    return bare
