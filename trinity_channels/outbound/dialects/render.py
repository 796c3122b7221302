"""One line of runs → the dialect's text, with every mark where it works and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from trinity_channels.api import Dialect
from trinity_channels.outbound.dialects.characters import is_uncased
from trinity_channels.outbound.dialects.guard import Guard, guard_of
from trinity_channels.outbound.dialects.hugging import ZERO_WIDTH_SPACE
from trinity_channels.outbound.dialects.lines import Kind, Line, Mark, Piece, Run, Runs, shared
from trinity_channels.visible import visible

_CORE = re.compile(r"[^\s\u200b](?:.*[^\s\u200b])?", re.DOTALL)


class Renderer:
    """Renders lines for one dialect, each on its own: no mark stays open from one line to the next."""

    def __init__(self, dialect: Dialect) -> None:
        text, code = str.maketrans(dict(dialect.escape)), str.maketrans(dict(dialect.escape_code))
        self._escapes = {Kind.TEXT: text, Kind.URL: text, Kind.CODE: code, Kind.FENCED: code}
        self._code = dialect.code
        self._guard = guard_of(dialect)

    def line(self, line: Line) -> str:
        """Render `line` with its prefix. What stands around its block is not part of it."""
        runs = line.runs
        if not runs:
            return line.first if line.gap and line.first.strip() else line.first.rstrip()
        if self._guard and any(run.kind is Kind.CODE for run in runs):
            runs = _with_room_around_code(_without_odd_code(runs, self._guard))
        if any(run.marks for run in runs):
            runs = _outside_space(runs)
            if self._guard:
                runs = _without_torn_marks(runs)
        pieces = self._pieces(runs)
        # Last, when all marks are known: the guard judges a line as the app will read it.
        if self._guard and self._guard.is_needed(pieces):
            pieces = self._guarded(self._guard, pieces, runs, at_start=not line.first)
        return line.first + "".join([text.translate(self._escapes[kind]) if kind else text for text, kind in pieces])

    def _guarded(self, guard: Guard, pieces: list[Piece], runs: Runs, *, at_start: bool) -> list[Piece]:
        """Safe pieces, if need be without marks: signs that are text may leave no way to mark what stands beside them."""
        guarded = guard.protect(pieces, at_start=at_start)
        if guard.holds(guarded):
            return guarded
        return guard.protect(self._pieces(_unmarked(runs)), at_start=at_start)

    def _pieces(self, runs: Runs) -> list[Piece]:
        """The runs' text and, without a kind, the marks around it."""
        pieces: list[Piece] = []
        marks: tuple[Mark, ...] = ()
        for run in runs:
            if marks is not run.marks:
                common = len(shared(marks, run.marks))
                pieces += [(mark.closing, None) for mark in reversed(marks[common:])]
                pieces += [(mark.opening, None) for mark in run.marks[common:]]
                marks = run.marks
            if run.kind is Kind.CODE:
                pieces += [(self._code[0], None), (run.text, run.kind), (self._code[1], None)]
            else:
                pieces.append((run.text, run.kind))
        pieces += [(mark.closing, None) for mark in reversed(marks)]
        return pieces


def _without_odd_code(runs: Runs, guard: Guard) -> Runs:
    """Code whose marks would not work, as text."""
    return tuple(
        run._replace(kind=Kind.TEXT) if run.kind is Kind.CODE and not guard.takes_code(run.text) else run
        for run in runs
    )


def _with_room_around_code(runs: Runs) -> Runs:
    """With an invisible space between code and letters of a script that puts none there."""
    roomy = list(runs[:1])
    for before, run in pairwise(runs):
        code_first = before.kind is Kind.CODE and is_uncased(run.text[:1])
        if code_first or (run.kind is Kind.CODE and is_uncased(before.text[-1:])):
            roomy.append(Run(ZERO_WIDTH_SPACE, shared(before.marks, run.marks)))
        roomy.append(run)
    return tuple(roomy)


def _unmarked(runs: Runs) -> Runs:
    """Without emphasis and inline code; links stay."""
    return tuple(
        run._replace(
            marks=tuple(mark for mark in run.marks if len(mark.opening) > 1),
            kind=Kind.TEXT if run.kind is Kind.CODE else run.kind,
        )
        for run in runs
    )


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
            parts[index] = part._replace(marks=shared(previous, after))
        else:
            previous = part.marks
    return tuple(parts)


def _split_edges(run: Run) -> Iterator[Run]:
    core = _CORE.search(run.text) if run.marks and run.kind is Kind.TEXT else None
    if core is None or len(core[0]) == len(run.text):
        yield run
        return
    for text in (run.text[: core.start()], core[0], run.text[core.end() :]):
        if text:
            yield run._replace(text=text)


def _is_space(run: Run) -> bool:
    return run.kind is Kind.TEXT and not visible(run.text)


def _without_torn_marks(runs: Runs) -> Runs:
    """Drop each span that begins or ends inside a word: a hugging channel would show its marks as they are."""
    torn: set[Mark] = set()
    for before, after in pairwise(runs):
        common = len(shared(before.marks, after.marks))
        if before.kind is not Kind.CODE and before.text[-1:].isalnum():
            torn.update(after.marks[common:])
        if after.kind is not Kind.CODE and after.text[:1].isalnum():
            torn.update(before.marks[common:])
    if not torn:
        return runs
    return tuple(
        run if torn.isdisjoint(run.marks) else run._replace(marks=tuple(mark for mark in run.marks if mark not in torn))
        for run in runs
    )
