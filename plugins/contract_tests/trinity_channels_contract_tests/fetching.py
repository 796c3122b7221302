"""A plugin that listens: what it delivers, and how channels without webhooks are heard."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from pydantic import BaseModel

from trinity_channels.api import Binding, Channel, Context, Deliver, Event, Inbound, MessageReceived, Simulator
from trinity_channels_contract_tests.expectations import NotApplicable, told
from trinity_channels_contract_tests.loop import drop
from trinity_channels_contract_tests.under_test import PluginUnderTest

PATIENCE = 900.0
"""Seconds of virtual time in which a message must be delivered: providers repeat what was not acknowledged after minutes."""
SILENCE = 120.0
"""Seconds after which nothing is taken for the answer to what was done; a plugin that polls does so more often."""
PAUSE = 5.0
"""Seconds between two events that come because of one thing."""
ROUND = 1.0
"""Seconds that it takes to recognise what comes again and again."""
MOST = 1_000
REPEATS = 5
"""So many deliveries altogether, or of one message; more are a circle, which takes no virtual time and so has no end."""
_ATTEMPTS = 5
AGAIN = 2
"""Deliveries of one message while it catches up; with more of them it does not wait."""
RESTS = 5.0
"""Seconds after the first sign of a connection in which a plugin catches up, and waits."""


@dataclass
class Listening:
    """A plugin that listens, and what it has delivered; `live` where something is to come once it has caught up."""

    task: asyncio.Task[None]
    live: bool = False
    delivered: list[object] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    held: bool = False
    attempts: Counter[str] = field(default_factory=Counter)
    repeated: list[Event] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """What people have written."""
        batches = [one.events for one in self.delivered if isinstance(one, Inbound)]
        return [event.text for events in batches for event in events if isinstance(event, MessageReceived)]

    def circles(self, inbound: object) -> bool:
        """Note that something is to be delivered; whether the plugin does nothing else any more."""
        events = inbound.events if isinstance(inbound, Inbound) else ()
        names = {repr(event.event_id) for event in events if isinstance(event, MessageReceived)}
        self.attempts.update({"", *names})
        return self.attempts[""] > MOST or any(self.attempts[name] > REPEATS for name in names)

    def comes_round(self, events: Sequence[Event]) -> bool:
        """Note that these have been delivered again; whether they were the last time that anything was."""
        again = any(event in self.repeated for event in events)
        self.repeated = [*([] if again else self.repeated), *events]
        return again

    async def until(self, condition: Callable[[], object], patience: float = PATIENCE) -> None:
        """Wait for something, until listening has ended, or for long enough."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not condition() and not self.task.done():
                    self.changed.clear()
                    await self.changed.wait()

    @property
    def comes_again(self) -> bool:
        """Whether a message comes again and again: it has not been acknowledged."""
        return any(count > AGAIN for name, count in self.attempts.items() if name)

    async def begins(self) -> None:
        """Wait as `waits` does, and raise what has ended it."""
        await self.waits()
        if self.task.done() and (error := self.task.exception()):
            raise error

    async def waits(self) -> None:
        """Wait for the first sign of a connection, or so long that it is there without one; if `live`, until it waits."""
        await self.until(lambda: self.delivered, SILENCE)
        if not self.live:
            return
        await asyncio.wait([self.task], timeout=RESTS)
        if self.comes_again:
            raise NotApplicable("it delivers the same again and again: test_what_people_write_is_delivered says so")

    @asynccontextmanager
    async def busy(self, act: Awaitable[object]) -> AsyncIterator[None]:
        """While this lasts, delivering what comes of `act` does not return; what comes meanwhile is in one answer."""
        self.free.clear()
        self.held = False
        acting = asyncio.ensure_future(act)
        try:
            await self.until(lambda: self.held, SILENCE)
            yield
        finally:
            self.free.set()
            await acting

    async def store(self, inbound: object) -> None:
        """Deliver, once that is not held."""
        if isinstance(inbound, Inbound) and inbound.events and not self.free.is_set():
            self.held = True
            self.changed.set()
            await self.free.wait()

    async def is_quiet(self) -> None:
        """Wait until nothing more comes."""
        count = -1
        while count < len(self.delivered) and not self.task.done():
            count = len(self.delivered)
            await self.until(lambda: len(self.delivered) > count, PAUSE)  # noqa: B023  it is awaited here

    @property
    def ended(self) -> str:
        """How it has ended, empty if it has not."""
        if not self.task.done() or self.task.cancelled():
            return ""
        error = self.task.exception()
        return f", and ended with {told(error)}" if error else ", and returned"


@asynccontextmanager
async def listening(
    plugin: PluginUnderTest,
    binding: Binding,
    ctx: Context,
    store: Deliver | None = None,
    known: list[Event] | None = None,
    *,
    live: bool = False,
) -> AsyncIterator[Listening]:
    """Let the plugin listen while this lasts; `store` is what delivering does before it returns.

    What is `known` is recognised when it comes again, as the host does, and what comes becomes known.
    """
    found: list[Listening] = []

    async def deliver(inbound: Inbound) -> None:
        if known is not None and isinstance(inbound, Inbound) and inbound.events:
            events = [_bare(event) for event in inbound.events]
            new = [event for event in events if event not in known]
            # A plugin that fetches everything again and again goes in a circle, which must take some time.
            if found[0].comes_round([event for event in events if event in known]):
                await asyncio.sleep(ROUND)
            if not new:
                return
            known.extend(new)
            inbound = replace(inbound, events=tuple(event for event in inbound.events if _bare(event) in new))
        circles = found[0].circles(inbound)
        await found[0].store(inbound)
        if store is not None:
            await store(inbound)
        found[0].delivered.append(inbound)
        found[0].changed.set()
        if circles:
            await asyncio.sleep(PATIENCE)

    task = asyncio.ensure_future(plugin.hook("listen")(binding=binding, ctx=ctx, deliver=deliver))
    found.append(Listening(task, live))
    found[0].free.set()
    task.add_done_callback(lambda _: found[0].changed.set())
    try:
        yield found[0]
    finally:
        # Some plugins have to be told more than once; a check of its own says that once must do.
        for _ in range(_ATTEMPTS):
            task.cancel()
            _, running = await asyncio.wait([task], timeout=1)
            if not running:
                break
        # Otherwise it would listen beside the next one.
        drop(task)


def _bare(event: Event) -> Event:
    """An event without what the provider may tell in other words each time, such as how long ago it was."""
    return replace(event, raw={}) if isinstance(event, MessageReceived) else event


@asynccontextmanager
async def fetching(
    plugin: PluginUnderTest,
    binding: Binding,
    ctx: Context,
    settle: Callable[[], Awaitable[None]],
    known: list[Event],
) -> AsyncIterator[list[Inbound]]:
    """Let a plugin without webhooks listen; gives, at the end, what it has delivered because of what is done meanwhile.

    That what is `known` comes again is for the checks of `listen` to say.
    """
    came: list[Inbound] = []
    async with listening(plugin, binding, ctx, known=known) as heard:
        await heard.until(lambda: heard.delivered, SILENCE)
        # What has waited at the provider came before.
        await heard.is_quiet()
        before = len(heard.delivered)
        yield came
        await settle()
        await heard.until(lambda: len(heard.delivered) > before, SILENCE)
        await heard.is_quiet()
        # What comes of it once something has come, is for the checks of `listen` to say.
        if len(heard.delivered) == before and heard.task.done() and (error := heard.task.exception()):
            raise error
        came += [one for one in heard.delivered[before:] if not isinstance(one, Inbound) or one.events]  # type: ignore[misc]


def prepare(simulator: Simulator) -> None:
    """Do what the owner does in the provider's console before listening; from then on other settings are entered."""
    getattr(simulator, "prepare_listening", lambda: None)()


def prepared(manifest: Channel, simulator: Simulator) -> BaseModel:
    """The settings for listening, after what the owner does for this way."""
    prepare(simulator)
    return manifest.settings.model_validate(dict(simulator.settings()))
