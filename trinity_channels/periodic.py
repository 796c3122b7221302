"""What a started host does without being asked: it listens, catches up, keeps house, and follows the public address."""

from __future__ import annotations

import asyncio

from trinity_channels.bindings.address_change import AddressChange
from trinity_channels.housekeeping import Housekeeping
from trinity_channels.inbound.catch_up import CatchUp
from trinity_channels.inbound.listeners import Listeners
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store

log = get_logger(__name__)

FOLLOWED = 1.0
"""Seconds between two questions to the application for its public address."""
HOUSEKEEPING = 10.0
"""Seconds between two rounds of chores."""


class PeriodicWork:
    """The tasks of it, between a start and an end.

    Attributes:
        listeners: those of the bindings that listen.
    """

    def __init__(self, store: Store, catch_up: CatchUp, housekeeping: Housekeeping, listeners: Listeners) -> None:
        self.listeners = listeners
        self._catch_up = catch_up
        self._housekeeping = housekeeping
        store.on_lead(self._lead, self._cease)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, follow: AddressChange | None) -> None:
        """Begin; `follow` is what takes over the address of an application that gives one."""
        self._tasks = {
            "catch-up": asyncio.create_task(self._catch_up.run(), name="catch-up"),
            "housekeeping": asyncio.create_task(self._keep_house(), name="housekeeping"),
        }
        self.listeners.begin()
        if follow is not None:
            self._tasks["public address"] = asyncio.create_task(_follow(follow), name="public address")

    async def end(self) -> None:
        """Listen and run chores no more; what arrives is still handled."""
        await self.listeners.end()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def caught_up(self) -> None:
        """Wait until the providers have been asked for what arrived before the start."""
        await asyncio.wait([self._tasks["catch-up"]])

    def _lead(self) -> None:
        log.info("this process does the host's periodic work")
        self._catch_up.look_back()

    def _cease(self) -> None:
        self._housekeeping.cease()

    async def _keep_house(self) -> None:
        try:
            while True:
                await self._housekeeping.run()
                await self._catch_up.wait(HOUSEKEEPING)
        finally:
            await self._housekeeping.stop()


async def _follow(address: AddressChange) -> None:
    while True:
        await address.follow()
        await asyncio.sleep(FOLLOWED)
