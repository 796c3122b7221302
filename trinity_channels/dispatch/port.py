"""What a host asks of its dispatcher."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

Run = Callable[[str], Awaitable[datetime | None]]
"""Does all the work of a key and returns when to call again, None if nothing is left to wait for."""


class Slots(Protocol):
    """Where turns wait until they may run.

    Attributes:
        most: how many run at once.
    """

    most: int

    @property
    def free(self) -> int:
        """How many more could run, if they are of agents that have not had their part."""

    def give_back(self, keep: int) -> None:
        """Cancel the runs that wait, except so many."""


class Dispatcher(Protocol):
    """Runs the keys that the store wakes; see the contract in `__init__.py`."""

    @property
    def waiting(self) -> int:
        """How many keys wait for their time, as far as this process knows."""

    @property
    def heard(self) -> bool:
        """Whether other processes leave to this one what it works on, once it has started."""

    async def start(self, run: Run) -> None:
        """Begin to call `run` for the keys that the store wakes; open work in the tables is woken first.

        Raises:
            StoreError: the database cannot be used.
        """

    async def stop(self, grace: float) -> None:
        """Let runs end for `grace` seconds, then cancel them: their keys are run again, here or in another process.

        A second call may give them less.
        """

    async def abandon(self) -> None:
        """Cancel all runs at once, as the end of the process would."""

    def pause(self) -> None:
        """Begin no further run until `resume`."""

    async def resume(self) -> None:
        """Go on after `pause`: with what was woken or came due meanwhile, too."""

    async def quiet(self) -> None:
        """Wait until no key is running."""

    def fire_due(self) -> None:
        """Wake the keys whose time has come by the host's clock; all that wait if it was set back."""

    async def look(self) -> None:
        """Do what is done periodically, if it is time for that."""

    async def sweep(self) -> None:
        """Wake the keys that have open work in the tables, except those that run or wait already."""


def in_order(key: str) -> tuple[str, int]:
    """What keys are sorted by: older conversations first."""
    kind, _, number = key.partition(":")
    return kind, int(number)
