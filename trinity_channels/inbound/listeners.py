"""Keeps one listener for each binding that listens, in the process that leads; no other process has any."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime

import httpx

from trinity_channels import lease
from trinity_channels.bindings import Bindings
from trinity_channels.inbound.delivered import Delivered
from trinity_channels.inbound.listener import LONGEST_PAUSE, Listener
from trinity_channels.inbound.still_listens import StillListens
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, bindings
from trinity_channels.store.news import Reader, Subject

log = get_logger(__name__)

PATIENCE = 5.0
"""Seconds that a plugin may take to end what it was doing."""


class Listeners:
    """Begins and ends listeners as bindings change and the lead comes and goes."""

    def __init__(
        self,
        store: Store,
        opened: Bindings,
        delivered: Delivered,
        client: Callable[[], httpx.AsyncClient] | None,
        now: Callable[[], datetime],
    ) -> None:
        """`client` makes one for listening alone: questions that are held open must not use up the connections for sending.

        None where an application has brought the one client for everything.
        """
        self._store = store
        self._opened = opened
        self._delivered = delivered
        self._client = client
        self._http: httpx.AsyncClient | None = None
        self._now = now
        self._running: dict[int, _Running] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._begun = False
        self._reader = Reader(self._follow)
        store.on_lead(self._look, self._cease)
        store.on_news(Subject.BINDINGS, self._look)
        opened.let_go = self.let_go

    @property
    def running(self) -> Collection[int]:
        """The bindings that it listens for."""
        return self._running.keys()

    def begin(self) -> None:
        """The host is ready to store what comes."""
        self._begun = True
        self._look()

    async def end(self) -> None:
        """Listen no more; returns when all has ended, or does not in time."""
        self._begun = False
        self._reader.stop()
        self._cease()
        if self._ending:
            await asyncio.wait(self._ending, timeout=PATIENCE)
        self._ending.clear()
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    def try_due(self) -> None:
        """Try again what waits and whose time has come by the host's clock."""
        for one in self._running.values():
            one.listener.try_if_due()

    async def run(self) -> None:
        """Have each listener say that it goes on; a chore."""
        for one in list(self._running.values()):
            if not one.task.done():
                await one.listener.beat()

    async def let_go(self, binding: int) -> None:
        """Listen no more for a binding that does not any more; returns when that has ended, or does not in time."""
        if binding in self._running:
            self._stop(binding)
        if before := self._before(binding):
            await asyncio.wait(before, timeout=PATIENCE)

    def _look(self) -> None:
        if self._begun and self._store.leads:
            for one in self._running.values():
                one.listener.hold()
            self._reader.begin()

    def _cease(self) -> None:
        for binding in list(self._running):
            self._stop(binding)

    async def _follow(self) -> None:
        wanted = await self._store.read(bindings.listening)
        # It may have ended while it read.
        if not (self._begun and self._store.leads):
            return
        for binding, running in list(self._running.items()):
            if wanted.get(binding) != running.version or running.task.done():
                self._stop(binding)
            else:
                running.listener.go_on()
        for binding, version in wanted.items():
            if binding not in self._running:
                self._start(binding, version)

    def _start(self, binding: int, version: int) -> None:
        if self._http is None and self._client is not None:
            self._http = self._client()
        listener = Listener(
            StillListens(binding, version), self._store, self._opened, self._delivered, self._http, self._now
        )
        # What it was before must have let go of the connection.
        task = asyncio.create_task(_run(listener, self._before(binding)), name=_name(binding), context=lease.outside())
        task.add_done_callback(self._done)
        self._running[binding] = _Running(version, listener, task)

    def _done(self, task: asyncio.Task[None]) -> None:
        """Begin again what has ended although nothing has told it to: no news would come of that."""
        if not task.cancelled() and (error := task.exception()):
            log.error("listener ended", listener=task.get_name(), exc_info=error)
            asyncio.get_running_loop().call_later(LONGEST_PAUSE, self._look)

    def _before(self, binding: int) -> list[asyncio.Task[None]]:
        return [one for one in self._ending if one.get_name() == _name(binding)]

    def _stop(self, binding: int) -> None:
        running = self._running.pop(binding)
        running.listener.stop()
        running.task.cancel()
        self._ending.add(running.task)
        running.task.add_done_callback(self._ending.discard)


class _Running:
    """A listener with its task, and the version of the binding's settings that it has."""

    def __init__(self, version: int, listener: Listener, task: asyncio.Task[None]) -> None:
        self.version = version
        self.listener = listener
        self.task = task


def _name(binding: int) -> str:
    return f"listener {binding}"


async def _run(listener: Listener, before: list[asyncio.Task[None]]) -> None:
    if before:
        _, late = await asyncio.wait(before, timeout=PATIENCE)
        if late:
            log.error("a plugin goes on listening although it was cancelled")
    await listener.run()
