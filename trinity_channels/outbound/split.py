"""Packs lines into messages: ends between paragraphs, else lines, else inside a line; closes and reopens blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from trinity_channels.outbound.dialects.cut import cut, width
from trinity_channels.outbound.dialects.lines import Block, Kind, Line, Run
from trinity_channels.outbound.dialects.render import Renderer


def pack(lines: Sequence[Line], renderer: Renderer, limit: int) -> Iterator[str]:
    """Yield messages of at most `limit` UTF-16 code units that together show `lines`.

    A message ends where it hurts least once it is half full; a line of code is cut only if it is longer than a message.
    """
    waiting = [_modest(line, limit) for line in reversed(lines)]
    part = _Part(limit)
    while waiting:
        line = waiting.pop()
        if part.empty and line.gap:
            continue
        room = part.room(line.block)
        text = renderer.line(line) if _may_fit(line, room) else None
        if text is not None and width(text) <= room:
            part.take(line, text)
            continue
        if seam := part.seam(line):
            waiting += [line, *reversed(part.end(seam))]
        elif halves := cut(line, room, renderer, may_tear=part.empty):
            head, tail = halves
            part.take(head, renderer.line(head))
            waiting += [tail] if tail.runs else []
        else:
            # Nothing of the line fits beside what the part holds, or its marks alone fill a message.
            waiting.append(_bare(line) if part.empty else line)
        yield from part.text()
        part = _Part(limit)
    yield from part.text()


class _Part:
    """One message in the making. Its width counts every block as closed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lines: list[tuple[Line, str]] = []
        self._widths: list[int] = []  # of the part up to and with each line

    @property
    def empty(self) -> bool:
        return not self._lines

    def room(self, block: Block | None) -> int:
        """How wide one more line, of `block`, may be."""
        if not self._lines:
            return self._limit - _around(block)
        last = self._lines[-1][0].block
        return self._limit - self._widths[-1] - 1 - (0 if block is last else _around(block))

    def take(self, line: Line, text: str) -> None:
        self._widths.append(self._limit - self.room(line.block) + width(text))
        self._lines.append((line, text))

    def seam(self, following: Line) -> int:
        """After how many lines to end, as `following` does not fit; 0 if the part is better filled up.

        A part that is half full ends between paragraphs, or else between lines. So does any part before a line of code.
        """
        half = self._limit // 2
        least = 1 if following.fenced or following.gap else half
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
