"""What the processes of a host tell each other after a commit, so that nothing they keep in memory goes out of date."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum

from trinity_channels import lease
from trinity_channels.store.failures import StoreError

FIRST_PAUSE = 0.5
"""Seconds after which what could not be read is read again; it doubles with each attempt."""
LONGEST_PAUSE = 30.0

Reading = Callable[[], Awaitable[None]]


class Subject(StrEnum):
    """What has changed."""

    BINDINGS = "bindings"
    """Connected accounts, with their secrets and webhook keys."""
    ADDRESS = "address"
    """The public address."""
    LIMITS = "limits"
    AGENTS = "agents"
    """Names of agents: one was renamed or deleted."""
    CONFIGURATION = "configuration"
    """The settings file was read again in one process."""
    PROBES = "probes"
    """What a probe through the public address has found."""
    SHARES = "shares"
    """Whom an agent is shared with."""


class News:
    """Passes news on to those within this process who have asked for it."""

    def __init__(self) -> None:
        self._forgetting: dict[Subject, list[Callable[[], None]]] = {}
        self._reading: dict[Subject, list[Reader]] = {}

    def on(self, subject: Subject, forget: Callable[[], None]) -> None:
        """Call `forget` on the event loop after each change of a subject; it must not raise."""
        self._forgetting.setdefault(subject, []).append(forget)

    def read_on(self, subject: Subject, read: Reading) -> None:
        """Await `read` after each change of a subject, and again while it raises StoreError."""
        self._reading.setdefault(subject, []).append(Reader(read))

    def say(self, subjects: Iterable[Subject]) -> None:
        """Something has changed: what is to be forgotten is forgotten when this returns, and reading has begun."""
        for subject in subjects:
            for forget in self._forgetting.get(subject, ()):
                forget()
            for reader in self._reading.get(subject, ()):
                reader.begin()

    def everything(self) -> None:
        """Anything may have changed: for a while others were not heard."""
        self.say(Subject)

    async def settled(self) -> None:
        """Wait until what was to be read is read, or could not be at the first attempt."""
        for reader in self._readers():
            await reader.tried()

    def stop(self) -> None:
        """Read nothing more."""
        for reader in self._readers():
            reader.stop()

    def _readers(self) -> list[Reader]:
        return [one for every in self._reading.values() for one in every]


class Reader:
    """Reads in a task of its own, and once more if news comes while it reads: it may have read before the change.

    While reading raises StoreError, it is tried again.
    """

    def __init__(self, read: Reading) -> None:
        self._read = read
        self._wanted = False
        self._task: asyncio.Task[None] | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def begin(self) -> None:
        """There is news."""
        self._wanted = True
        # One that was cancelled before its first line is over, and could not say so.
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="read after news", context=lease.outside())

    async def tried(self) -> None:
        """Wait for the end of an attempt."""
        if self._task is not None and not self._task.done():
            tried = asyncio.get_running_loop().create_future()
            self._waiting.append(tried)
            await tried

    def stop(self) -> None:
        """Read nothing more until there is news again."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        pause = 0.0
        try:
            while self._wanted:
                self._wanted, waiting, self._waiting = False, self._waiting, []
                try:
                    await self._read()
                    pause = 0.0
                except StoreError:
                    self._wanted, pause = True, min(2 * pause or FIRST_PAUSE, LONGEST_PAUSE)
                finally:
                    _release(waiting)
                await asyncio.sleep(pause)
        finally:
            self._task = None
            waiting, self._waiting = self._waiting, []
            _release(waiting)


def _release(waiting: Iterable[asyncio.Future[None]]) -> None:
    for one in waiting:
        if not one.done():  # else the caller has given up
            one.set_result(None)
