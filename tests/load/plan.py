"""Which kills there are: at which point, of what, and how. The most telling come first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

from tests.load.points import (
    ACKNOWLEDGED,
    ANSWERED,
    ANSWERING,
    BETWEEN,
    CLAIMING,
    CLAIMING_TURN,
    FINISHING,
    GATHERING,
    MID_TURN,
    MIGRATING,
    RECORDING,
    SENDING,
    SENT,
    STORED,
    STORING,
)
from tests.load.report import Kill

RANDOM = "at random"
STARTING = "while starting"
WAYS_IN = (STORED, ANSWERING, ACKNOWLEDGED, STORING)
FAILED = tuple(Kill(point, "transaction", "fails") for point in (FINISHING, RECORDING))
PROVIDER = tuple(Kill(point, "provider", "away") for point in (SENT, CLAIMING, BETWEEN))
SERVER = (
    Kill(STORED, "PostgreSQL", "immediate"),
    Kill(CLAIMING, "PostgreSQL", "immediate"),
    Kill(RANDOM, "PostgreSQL", "fast"),
    Kill(SENT, "PostgreSQL", "immediate"),
    Kill(RANDOM, "connections", "cut"),
    *(Kill(point, "PostgreSQL", "immediate") for point in (MID_TURN, STORING, BETWEEN, RANDOM)),
    *(Kill(point, "PostgreSQL", "fast") for point in (ANSWERING, CLAIMING_TURN, SENT)),
    *(Kill(point, "connections", "cut") for point in (CLAIMING, MID_TURN, STORED, STARTING)),
    Kill(SENT, "PostgreSQL", "away"),
    Kill(RANDOM, "heartbeats", "withheld"),
)
"""Kills of a database server."""
SERVE = (
    *(Kill(point, "serve", "SIGKILL") for point in (STORED, ANSWERING, MID_TURN, BETWEEN, SENT, CLAIMING, MIGRATING)),
    Kill(MID_TURN, "serve", "SIGTERM"),
    PROVIDER[0],
    *FAILED,
    Kill(CLAIMING, "serve", "SIGSTOP"),
    *(Kill(point, "serve", "SIGKILL") for point in (RANDOM, ACKNOWLEDGED, STARTING, STORING)),
    *(Kill(point, "serve", "SIGKILL") for point in (ANSWERED, CLAIMING_TURN, SENDING)),
    *(Kill(point, "serve", "SIGTERM") for point in (STORED, SENT, BETWEEN, RANDOM)),
    *PROVIDER[1:],
    *(Kill(point, "serve", "SIGSTOP") for point in (SENT, STORING)),
)
"""Kills of processes that do everything."""
TWINS = tuple(Kill(GATHERING, "serve", how) for how in ("SIGKILL", "SIGSTOP", "SIGTERM"))
"""Kills of one of them that works on what others have received."""
APART = (
    *(Kill(point, "web", "SIGKILL") for point in (STORED, ANSWERING)),
    *(Kill(point, "worker", "SIGKILL") for point in (MID_TURN, SENT, GATHERING, BETWEEN, CLAIMING, MIGRATING)),
    *FAILED,
    Kill(MID_TURN, "worker", "SIGSTOP"),
    Kill(MID_TURN, "worker", "SIGTERM"),
    PROVIDER[0],
    *(Kill(point, "web", "SIGKILL") for point in (ACKNOWLEDGED, STORING, RANDOM)),
    *(Kill(point, "worker", "SIGKILL") for point in (ANSWERED, CLAIMING_TURN, SENDING, RANDOM, STARTING)),
    Kill(CLAIMING, "worker", "SIGSTOP"),
    Kill(STORING, "web", "SIGSTOP"),
    *(Kill(point, "worker", "SIGTERM") for point in (SENT, BETWEEN)),
    *(Kill(point, "web", "SIGTERM") for point in (STORED, RANDOM)),
    *PROVIDER[1:],
    *(Kill(point, "worker", "SIGSTOP") for point in (GATHERING, SENT, CLAIMING_TURN)),
)
"""Kills of processes that receive or work."""


def plan(kills: int, *, apart: bool = False, server: bool = False, point: str = "") -> list[Kill]:
    """So many kills.

    Args:
        kills: how many.
        apart: receiving and working are processes of their own.
        server: several processes share the database, which is a process, too.
        point: only those at this one; none if it is not passed so.
    """
    own = APART if apart else (*TWINS, *SERVE) if server else SERVE
    mixed = [one for one in _mixed(own, SERVER if server else ()) if point in ("", one.point)]
    return list(islice(cycle(mixed), kills))


def _mixed(many: Sequence[Kill], few: Sequence[Kill]) -> Iterator[Kill]:
    rest = iter(few)
    for number, kill in enumerate(many):
        yield kill
        if number % 2:
            yield from islice(rest, 1)
    yield from rest
