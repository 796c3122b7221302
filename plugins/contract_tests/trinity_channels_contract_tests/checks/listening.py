"""What `listen` promises: everything arrives, is acknowledged only once it is stored, and listening ends when it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from trinity_channels.api import Inbound, MessageReceived
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import broken, expect, short
from trinity_channels_contract_tests.harness import Harness

PATIENCE = 120.0
"""Seconds of virtual time in which a message must be delivered."""


@dataclass
class Listening:
    """A plugin that listens, and what it has delivered."""

    task: asyncio.Task[None]
    delivered: list[object] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def texts(self) -> list[str]:
        """What people have written."""
        batches = [one.events for one in self.delivered if isinstance(one, Inbound)]
        return [event.text for events in batches for event in events if isinstance(event, MessageReceived)]

    async def hears(self, *texts: str) -> None:
        """Wait until all of these were delivered, in their order."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self.texts != list(texts) and not self.task.done():
                    self.changed.clear()
                    await self.changed.wait()
        expect(self.texts == list(texts), f"of {short(list(texts))} it delivered {short(self.texts)}")

    async def works(self) -> None:
        """Wait for the first sign of a connection."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not self.delivered and not self.task.done():
                    self.changed.clear()
                    await self.changed.wait()
        if self.task.done() and (error := self.task.exception()):
            raise error
        expect(self.delivered, "deliver was not called, not even to say that the connection works")


@asynccontextmanager
async def listening(harness: Harness) -> AsyncIterator[Listening]:
    """Let the plugin listen while this lasts."""
    # Where the owner does something in the provider's console for this way, and enters other settings.
    getattr(harness.simulator, "prepare_listening", lambda: None)()
    settings = harness.manifest.settings.model_validate(dict(harness.simulator.settings()))
    binding = replace(harness.binding, settings=settings, listens=True)
    found: list[Listening] = []

    async def deliver(inbound: Inbound) -> None:
        found[0].delivered.append(inbound)
        found[0].changed.set()

    run = harness.plugin.hook("listen")(binding=binding, ctx=replace(harness.ctx, webhook_url=None), deliver=deliver)
    task = asyncio.ensure_future(run)
    task.add_done_callback(lambda _: found[0].changed.set())
    found.append(Listening(task))
    try:
        yield found[0]
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE)
        if not task.done():
            broken("it went on listening after it was cancelled")


class ListeningChecks(Checks):
    """Capability `listen`."""

    area = "optional"

    @story("listen", "Deliver each event as the webhook's parsing makes it, and `Inbound()` once the connection works.")
    async def test_what_people_write_is_delivered(self, harness: Harness) -> None:
        """What people write while it listens is delivered, once each and in their order; and it ends when cancelled."""
        harness.needs("listen")
        async with listening(harness) as heard:
            await heard.works()
            for text in ("first", "second", "third"):
                await harness.phone.says(text)
            await heard.hears("first", "second", "third")
