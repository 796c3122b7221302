"""The form between Markdown and a dialect: lines of styled runs. Splitting happens here, never in rendered text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from trinity_channels.visible import visible

URL = re.compile(r"(?i)https?://(?:[^\s<>\[\]`\\*]|\*(?!\*))*[^\s<>\[\]`\\*_~.,:;!?'\"]")


class Kind(Enum):
    """What a run's text is, and so how it is escaped and where it may be cut."""

    TEXT = auto()
    URL = auto()
    CODE = auto()  # inline: the renderer adds the marks
    FENCED = auto()  # inside a fence: its block adds the marks


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """One span of emphasis or of a link, with its marks in the dialect. Compared by identity: two spans never merge."""

    opening: str
    closing: str


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One fence or wrapped quote around whole lines; closed at the end of a message and opened again in the next."""

    opening: str
    closing: str


class Run(NamedTuple):
    """Text of one kind; `marks` are outermost first. `text` is what a person sees, not escaped."""

    text: str
    marks: tuple[Mark, ...] = ()
    kind: Kind = Kind.TEXT


Runs = tuple[Run, ...]

Piece = tuple[str, Kind | None]
"""Text that is not escaped yet; without a kind it is the dialect's own markup."""


def shared(left: tuple[Mark, ...], right: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """The outer marks that two runs have in common."""
    for depth, (one, other) in enumerate(zip(left, right, strict=False)):
        if one is not other:
            return left[:depth]
    return left[: len(right)]


def entities(runs: Runs) -> Iterator[int]:
    """How many marked stretches begin with each run, links and bare addresses included. Code ends the marks around it."""
    marks: tuple[Mark, ...] = ()
    for run in runs:
        if run.kind is Kind.CODE:
            marks = ()
            yield 1
        else:
            yield len(run.marks) - len(shared(marks, run.marks)) + (run.kind is Kind.URL)
            marks = run.marks


class Line(NamedTuple):
    """One line. `first` starts it, `rest` starts what is left of it after a cut; both are dialect, not text.

    `gap` marks the blank line between two blocks; `leads` a line that belongs to what follows, as a heading does.
    """

    runs: Runs = ()
    first: str = ""
    rest: str = ""
    block: Block | None = None
    gap: bool = False
    leads: bool = False

    @property
    def fenced(self) -> bool:
        """Whether it is a line of a fence."""
        return bool(self.runs) and self.runs[0].kind is Kind.FENCED

    @property
    def shows(self) -> bool:
        """Whether a person sees anything of it."""
        if not self.gap and self.first.strip():
            return True
        return any(visible(run.text) for run in self.runs)


def plain_runs(text: str) -> Runs:
    """Text that is not Markdown, as runs; only its URLs are set apart."""
    if "://" not in text:
        return (Run(text),) if text else ()
    runs, end = [], 0
    for url in URL.finditer(text):
        if url.start() > end:
            runs.append(Run(text[end : url.start()]))
        runs.append(Run(url.group(), kind=Kind.URL))
        end = url.end()
    if end < len(text):
        runs.append(Run(text[end:]))
    return tuple(runs)


def plain_lines(text: str) -> list[Line]:
    """Text that is not Markdown, as lines: trailing space goes, several blank lines count as one."""
    lines: list[Line] = []
    gap = False
    for source in text.split("\n"):
        content = source.rstrip()
        if not content:
            gap = bool(lines)
            continue
        if gap:
            lines.append(Line(gap=True))
            gap = False
        lines.append(Line(plain_runs(content)))
    return lines
