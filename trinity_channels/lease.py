"""Whose work the current task does, where several processes share it: a run of a key, until another process takes it over.

The dispatcher holds a lease around each run. The store asks in each transaction whether the run is still the latest of its
key; before a request to a provider or an agent the process asks itself whether the others may think that it is dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, replace


class LeaseLost(BaseException):
    """Another process has taken over what this run works on, or may have: it writes and sends nothing more.

    It ends the run as a cancellation does: what handles the errors of plugins, agents and providers must not take it for one
    of theirs, and must not answer a person with an apology for it.
    """


@dataclass(slots=True, eq=False)
class Lease:
    """The right of one run to work on its key.

    Attributes:
        key: what it works on.
        number: which run of the key it is, of all that there ever are.
        alive: whether the others have heard of this process recently enough not to take the key over.
        lost: that this process knows that they may have.
        over: that the run has ended; what it has left running no longer works on the key, unless the lease was lost.
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
    """The lease of the run that the current task belongs to; None outside of one, and with SQLite.

    A lost one counts also after its run: what such a run has left running was begun on what others have taken over.
    """
    lease = _current.get()
    return None if lease is None or (lease.over and not lease.lost) else lease


@contextmanager
def held(lease: Lease) -> Iterator[None]:
    """Do what follows, and the tasks that it begins, under a lease."""
    before = _current.set(lease)
    try:
        yield
    finally:
        lease.over = True
        _current.reset(before)


@contextmanager
def undoing() -> Iterator[None]:
    """Let a run that was given up write what it takes back of its own; the store still asks whether another has begun."""
    lease = current()
    before = _current.set(lease and replace(lease, lost=False))
    try:
        yield
    finally:
        _current.reset(before)


def check() -> None:
    """Go on only if no other process can have taken over what the current task works on. Errors as `Lease.check`."""
    if lease := current():
        lease.check()


def outside() -> Context:
    """A context for tasks that a run begins for all: they belong to no run, and do not end with a lost lease."""
    context = copy_context()
    context.run(_current.set, None)
    return context
