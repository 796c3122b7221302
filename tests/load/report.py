"""What kills have done to acknowledged messages, counted and told as a table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_PARTS = re.compile(r"p(\d+)n(\d+)(?::(\d+)/(\d+))?")
_COLUMNS = ("kills", "acknowledged", "lost", "twice", "out of order")


@dataclass(frozen=True, slots=True)
class Kill:
    """What is done to a host: at which point, what is killed, and how."""

    point: str
    killed: str
    how: str


@dataclass(frozen=True, slots=True)
class Faults:
    """Texts of one person, or pieces of long answers (`p7n12:2/3`), that did not come once and in their order."""

    lost: list[str]
    twice: list[str]
    out_of_order: list[str]


def faults(acknowledged: Collection[str], heard: Sequence[str]) -> Faults:
    """Compare what was acknowledged, in its order, with what the phone shows."""
    begun = [_whole(text) for text in dict.fromkeys(heard) if ":" in text]
    expected = dict.fromkeys([*acknowledged, *(piece for pieces in begun for piece in pieces)])
    counted = Counter(heard)
    # One that was not acknowledged may come late, fetched from the provider.
    comparable = [text for text in dict.fromkeys(heard) if _text(text) in acknowledged]
    late, last = [], (0, 0)
    for text in comparable:
        late += [text] if _rank(text) < last else []
        last = max(last, _rank(text))
    return Faults(
        lost=[text for text in expected if text not in counted],
        twice=[text for text, count in counted.items() if count > 1],
        out_of_order=late,
    )


def _text(item: str) -> str:
    return item.partition(":")[0]


def _whole(piece: str) -> list[str]:
    text, _, of = piece.partition(":")
    return [f"{text}:{number}/{of[2:]}" for number in range(1, int(of[2:]) + 1)]


def _rank(item: str) -> tuple[int, int]:
    """The place of a text, or of a piece after it, in a conversation."""
    found = _PARTS.fullmatch(item)
    assert found
    return int(found[2]), int(found[3] or 0)


@dataclass
class Report:
    """The kills of one database, and what came of the messages that were acknowledged up to each since the one before."""

    database: str
    kills: list[Kill] = field(default_factory=list)
    acknowledged: Counter[int] = field(default_factory=Counter)
    lost: dict[str, int] = field(default_factory=dict)
    twice: dict[str, int] = field(default_factory=dict)
    out_of_order: dict[str, int] = field(default_factory=dict)

    @property
    def faults(self) -> dict[str, list[str]]:
        """The texts concerned, by kind of fault."""
        found = {"lost": self.lost, "twice": self.twice, "out of order": self.out_of_order}
        return {kind: list(texts) for kind, texts in found.items() if texts}

    def add(self, acknowledged: Mapping[str, int], heard: Sequence[str]) -> None:
        """Count what one person wrote and heard; `acknowledged` says during which kill."""
        self.acknowledged.update(acknowledged.values())
        found = faults(acknowledged.keys(), heard)
        for kind, texts in (
            (self.lost, found.lost),
            (self.twice, found.twice),
            (self.out_of_order, found.out_of_order),
        ):
            # A text of which nothing was acknowledged may still have come twice.
            kind.update((text, acknowledged.get(_text(text), 0)) for text in texts)

    def rows(self) -> dict[tuple[str, str, str], list[int]]:
        """Figures by point, what was killed, and database, in the order of `_COLUMNS`."""
        rows: dict[tuple[str, str, str], list[int]] = {}
        counted = [self.acknowledged, *(Counter(one.values()) for one in (self.lost, self.twice, self.out_of_order))]
        # What came after the last kill counts for it.
        last = len(self.kills) - 1
        for number, kill in enumerate(self.kills):
            row = rows.setdefault((kill.point, f"{kill.killed} {kill.how}", self.database), [0] * len(_COLUMNS))
            during = [number, last + 1] if number == last else [number]
            figures = [1, *(sum(one[each] for each in during) for one in counted)]
            row[:] = [before + figure for before, figure in zip(row, figures, strict=True)]
        return rows


def table(reports: Iterable[Report]) -> str:
    """All reports as one table, with their sums."""
    rows: dict[tuple[str, str, str], list[int]] = {}
    for key, row in (one for report in reports for one in report.rows().items()):
        rows[key] = [before + figure for before, figure in zip(rows.get(key, [0] * len(row)), row, strict=True)]
    sums = [sum(column) for column in zip(*rows.values(), strict=True)]
    head = ("point", "killed", "database", *_COLUMNS)
    lines = [head, *((*key, *map(str, row)) for key, row in sorted(rows.items())), ("all", "", "", *map(str, sums))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(line: Sequence[str], widths: Sequence[int]) -> str:
    names = (cell.ljust(width) for cell, width in zip(line[:3], widths, strict=False))
    figures = (cell.rjust(width) for cell, width in zip(line[3:], widths[3:], strict=True))
    return "  ".join((*names, *figures))
