"""Whose work the current task does, where several processes share it: a run of a key, until another process takes it over.

The dispatcher holds a lease around each run. The store asks in each transaction whether the run is still the latest of its
key; before a request to a provider or an agent the process asks itself whether the others may think that it is dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


class LeaseLost(Exception):
    """Another process has taken over what this run works on, or may have: it writes and sends nothing more."""


@dataclass(slots=True, eq=False)
class Lease:
    """The right of one run to work on its key.

    Attributes:
        key: what it works on.
        number: which run of the key it is.
        alive: whether the others have heard of this process recently enough not to take the key over.
        lost: that this process knows that they may have.
        over: that the run has ended; what it has left running no longer works on the key.
    """

    key: str
    number: int
    alive: Callable[[], bool]
    lost: bool = False
    over: bool = False

    def check(self) -> None:
        """Go on only if no other process can have taken the key over.

        Raises:
            LeaseLost: one may have.
        """
        if self.lost or not self.alive():
            self.lost = True
            raise LeaseLost(f"Another process may have taken over {self.key}.")


_current: ContextVar[Lease | None] = ContextVar("lease", default=None)


def current() -> Lease | None:
    """The lease of the run that the current task belongs to; None outside of one, and with SQLite."""
    lease = _current.get()
    return None if lease is None or lease.over else lease


@contextmanager
def held(lease: Lease) -> Iterator[None]:
    """Do what follows, and the tasks that it begins, under a lease."""
    before = _current.set(lease)
    try:
        yield
    finally:
        lease.over = True
        _current.reset(before)


def check() -> None:
    """Go on only if no other process can have taken over what the current task works on. Errors as `Lease.check`."""
    if lease := current():
        lease.check()


async def before_request(_: object) -> None:
    """The same for each request of an `httpx.AsyncClient`."""
    check()
