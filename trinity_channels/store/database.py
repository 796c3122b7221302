"""The database of a host, whatever kind it is: units of work that read and write it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from trinity_channels.store.news import News, Reading, Subject
from trinity_channels.store.tx import Tx

T = TypeVar("T")
Unit = Callable[[Tx], T]
"""Does nothing but read and write the database, and may run twice: what it did before is undone."""

PATIENCE = 10
"""Seconds to wait for a database that another program locks, or that is being restarted."""


def result_of(unit: Unit[T], tx: Tx) -> T:
    """Run a unit whose result, or error, a future is to carry."""
    try:
        return unit(tx)
    except (StopIteration, GeneratorExit) as error:
        # No future passes them on: with Python 3.11, who awaits a StopIteration waits without end.
        raise RuntimeError(f"A unit raised {type(error).__name__}.") from error


class Store(ABC):
    """The database of one host.

    Attributes:
        commits: how often something was committed, as far as this process knows: it hears of others once a second. Who saw
            the same number before need not look again.
        leads: whether this process, of all that serve the database, does what is to be done once; see `listen`.
    """

    commits = 0
    beside: Collection[str] = ()
    """What the database calls the connections of the others that served it when this process opened it."""
    leads = False

    def __init__(self) -> None:
        self._news = News()
        self._on_lead: list[tuple[Callable[[], None], Callable[[], None]]] = []

    @property
    @abstractmethod
    def name(self) -> str:
        """What messages to operators call it, without a password."""

    @property
    def server(self) -> Mapping[str, object] | None:
        """How the driver connects to a database that several processes can share; None for one that has one process."""
        return None

    @abstractmethod
    def exists(self) -> bool:
        """Whether a host has written to it; nothing is made.

        Raises:
            StoreError: it cannot be read.
        """

    @abstractmethod
    def holds_secrets(self) -> bool:
        """Whether a connected account has its secrets in it, asked before it is open; nothing is made.

        Raises:
            StoreError: it cannot be read.
        """

    @abstractmethod
    def is_served(self) -> bool:
        """Whether another process serves it."""

    @abstractmethod
    def open(self, *, serve: bool = True) -> None:
        """Create or migrate the database and be ready for units; `serve` says that this process serves it.

        Raises:
            Locked: another process serves it, where only one can.
            StoreError: it cannot be opened, or a later version has written it.
        """

    @abstractmethod
    async def close(self) -> None:
        """Finish what was given to `write` and let the database go."""

    @abstractmethod
    def on_wake(self, listener: Callable[[str], None]) -> None:
        """Call `listener` on the event loop with each key that a committed unit has woken; it must not raise."""

    def on_news(self, subject: Subject, forget: Callable[[], None]) -> None:
        """Call `forget` on the event loop after each change of a subject that was told, see `Tx.tell`; it must not raise."""
        self._news.on(subject, forget)

    def read_on_news(self, subject: Subject, read: Reading) -> None:
        """Await `read` after each change of a subject that was told, and again while it raises StoreError.

        It must not wait for a `write` that tells.
        """
        self._news.read_on(subject, read)

    def on_lead(self, begins: Callable[[], None], ends: Callable[[], None]) -> None:
        """Call `begins` on the event loop when this process begins to lead, and `ends` when another one may."""
        self._on_lead.append((begins, ends))

    async def listen(self, *, lead: bool = True) -> None:
        """Hear from now on what other processes tell: called before anything is read that is kept in memory.

        With `lead` this process leads if no other does, at once or as soon as the other has ended.

        Raises:
            StoreError: the database cannot be used.
        """
        self._lead(leads=lead)

    def resign(self) -> None:
        """Lead no more, and go on hearing: another process may lead a second later."""
        self._lead(leads=False)

    def _lead(self, *, leads: bool) -> None:
        if leads is not self.leads:
            self.leads = leads
            for begins, ends in self._on_lead:
                (begins if leads else ends)()

    @property
    def shared(self) -> bool:
        """Whether several processes can serve it at a time."""
        return self.server is not None

    @property
    def unheard(self) -> float:
        """Seconds for which others were not heard; 0 while they are, or where there are none."""
        return 0

    @abstractmethod
    async def write(self, unit: Unit[T]) -> T:
        """Run a unit in a transaction and return its result once that is on disk, and this process knows what it has told.

        Raises:
            StoreError: the store is closed, or the database cannot be used: the disk is full, another program holds it.
            Whatever the unit raises; then nothing of it was written, and other units are not concerned.
        """

    @abstractmethod
    async def read(self, unit: Unit[T]) -> T:
        """Run a reading unit in a snapshot of its own, off the event loop.

        Raises:
            StoreError: the store is closed, or the database cannot be used.
            Whatever the unit raises.
        """

    @abstractmethod
    async def lookup(self, unit: Unit[T]) -> T:
        """Run a reading unit that finds a few rows by their indexes, the shortest way; errors as `read`."""

    def stamp(self) -> int | None:
        """A number that every commit changes, also one of another process; None if that cannot be told now."""
        return None

    @abstractmethod
    async def empty_log(self) -> bool:
        """Overwrite what was removed where a log of ours still keeps it.

        Returns:
            False if a reader uses the log, or another process writes; it may be tried again later. True if it was empty.

        Raises:
            StoreError: the store is closed, or the database cannot be used.
        """
