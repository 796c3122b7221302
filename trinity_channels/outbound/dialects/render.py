"""One line of runs → the dialect's text, with every mark where it works and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from trinity_channels.api import Dialect
from trinity_channels.outbound.dialects.guard import Guard
from trinity_channels.outbound.dialects.lines import Kind, Line, Mark, Piece, Run, Runs


class Renderer:
    """Renders lines for one dialect, each on its own: no mark stays open from one line to the next."""

    def __init__(self, dialect: Dialect) -> None:
        text, code = str.maketrans(dict(dialect.escape)), str.maketrans(dict(dialect.escape_code))
        self._escapes = {Kind.TEXT: text, Kind.URL: text, Kind.CODE: code, Kind.FENCED: code}
        self._code = dialect.code
        self._guard = Guard(dialect) if dialect.hugging else None

    def line(self, line: Line) -> str:
        """Render `line` with its prefix. What stands around its block is not part of it."""
        runs = line.runs
        if not runs:
            return line.first if line.gap and line.first.strip() else line.first.rstrip()
        if any(run.marks for run in runs):
            runs = _outside_space(runs)
            if self._guard:
                runs = _without_torn_marks(runs)
        pieces = self._pieces(runs)
        if self._guard:
            pieces = self._guard.protect(pieces, at_start=not line.first)
        return line.first + "".join([text.translate(self._escapes[kind]) if kind else text for text, kind in pieces])

    def _pieces(self, runs: Runs) -> list[Piece]:
        """The runs' text and, without a kind, the marks around it."""
        pieces: list[Piece] = []
        marks: tuple[Mark, ...] = ()
        for run in runs:
            if marks is not run.marks:
                shared = len(_shared(marks, run.marks))
                pieces += [(mark.closing, None) for mark in reversed(marks[shared:])]
                pieces += [(mark.opening, None) for mark in run.marks[shared:]]
                marks = run.marks
            if run.kind is Kind.CODE:
                pieces += [(self._code[0], None), (run.text, run.kind), (self._code[1], None)]
            else:
                pieces.append((run.text, run.kind))
        pieces += [(mark.closing, None) for mark in reversed(marks)]
        return pieces


def _shared(left: tuple[Mark, ...], right: tuple[Mark, ...]) -> tuple[Mark, ...]:
    for depth, (one, other) in enumerate(zip(left, right, strict=False)):
        if one is not other:
            return left[:depth]
    return left[: len(right)]


def _outside_space(runs: Runs) -> Runs:
    """Move space out of the marks' edges: it keeps only the marks that the text before and after it share."""
    parts = [part for run in runs for part in _split_edges(run)]
    following: list[tuple[Mark, ...]] = []
    marks: tuple[Mark, ...] = ()
    for part in reversed(parts):
        following.append(marks)
        marks = marks if _is_space(part) else part.marks
    previous: tuple[Mark, ...] = ()
    for index, part in enumerate(parts):
        after = following.pop()
        if _is_space(part):
            parts[index] = part._replace(marks=_shared(previous, after))
        else:
            previous = part.marks
    return tuple(parts)


def _split_edges(run: Run) -> Iterator[Run]:
    core = run.text.strip() if run.marks and run.kind is Kind.TEXT else run.text
    if not core or len(core) == len(run.text):
        yield run
        return
    lead, trail = len(run.text) - len(run.text.lstrip()), len(run.text.rstrip())
    for text in (run.text[:lead], core, run.text[trail:]):
        if text:
            yield run._replace(text=text)


def _is_space(run: Run) -> bool:
    return run.kind is Kind.TEXT and run.text.isspace()


def _without_torn_marks(runs: Runs) -> Runs:
    """Drop each span that begins or ends inside a word: a hugging channel would show its marks as they are."""
    torn: set[Mark] = set()
    for before, after in pairwise(runs):
        shared = len(_shared(before.marks, after.marks))
        if before.kind is not Kind.CODE and before.text[-1:].isalnum():
            torn.update(after.marks[shared:])
        if after.kind is not Kind.CODE and after.text[:1].isalnum():
            torn.update(before.marks[shared:])
    if not torn:
        return runs
    return tuple(
        run if torn.isdisjoint(run.marks) else run._replace(marks=tuple(mark for mark in run.marks if mark not in torn))
        for run in runs
    )
