"""What `listen` promises: everything arrives, is acknowledged only once it is stored, and listening ends when it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from trinity_channels.api import (
    Binding,
    ConfigurationError,
    Deliver,
    Inbound,
    MessageReceived,
    NotStored,
    ProviderUnavailable,
)
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, expect, short, told
from trinity_channels_contract_tests.extras import PostsUnknown
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.outcomes import NETWORK_FAULTS
from trinity_channels_contract_tests.transport import NetworkFault
from trinity_channels_contract_tests.variants import with_other_secrets

PATIENCE = 900.0
"""Seconds of virtual time in which a message must be delivered: providers repeat what was not acknowledged after minutes."""
AGAIN = timedelta(minutes=10)
ENDS = 10.0
"""Seconds in which listening ends when it is cancelled."""
_ATTEMPTS = 50


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

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something, until listening has ended, or for long enough."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not condition() and not self.task.done():
                    self.changed.clear()
                    await self.changed.wait()

    async def hears(self, *texts: str) -> None:
        """Wait until all of these were delivered, in their order."""
        await self.until(lambda: self.texts == list(texts))
        expect(self.texts == list(texts), f"of {short(list(texts))} it delivered {short(self.texts)}{self.ended}")

    async def works(self) -> None:
        """Wait for the first sign of a connection."""
        await self.until(lambda: self.delivered)
        if self.task.done() and (error := self.task.exception()):
            raise error
        expect(self.delivered, "deliver was not called, not even to say that the connection works")

    @property
    def ended(self) -> str:
        """How it has ended, empty if it has not."""
        if not self.task.done() or self.task.cancelled():
            return ""
        error = self.task.exception()
        return f", and ended with {told(error)}" if error else ", and returned"


@asynccontextmanager
async def listening(
    harness: Harness, binding: Binding | None = None, store: Deliver | None = None
) -> AsyncIterator[Listening]:
    """Let the plugin listen while this lasts; `store` is what delivering does before it returns."""
    found: list[Listening] = []

    async def deliver(inbound: Inbound) -> None:
        if store is not None:
            await store(inbound)
        found[0].delivered.append(inbound)
        found[0].changed.set()

    ctx = replace(harness.ctx, webhook_url=None)
    listens = binding or listener(harness)
    run = harness.plugin.hook("listen")(binding=listens, ctx=ctx, deliver=deliver)
    task = asyncio.ensure_future(run)
    found.append(Listening(task))
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


def listener(harness: Harness) -> Binding:
    """The account as it is connected to listen."""
    harness.needs("listen")
    # Where the owner does something in the provider's console for this way, and enters other settings.
    getattr(harness.simulator, "prepare_listening", lambda: None)()
    settings = harness.manifest.settings.model_validate(dict(harness.simulator.settings()))
    return replace(harness.binding, settings=settings, listens=True)


async def _comes_again(harness: Harness) -> None:
    """Listen again, until the provider has repeated a message."""
    async with listening(harness) as heard:
        await heard.works()
        # Some repeat at once, others a few times within minutes.
        harness.simulator.advance(AGAIN)
        await harness.simulator.settle()
        await heard.hears("hello")


def _holds_message(inbound: Inbound) -> bool:
    return any(isinstance(event, MessageReceived) for event in inbound.events)


class ListeningChecks(Checks):
    """Capability `listen`."""

    area = "optional"

    @story("listen", "Deliver each event as the webhook's parsing makes it, and `Inbound()` once the connection works.")
    async def test_what_people_write_is_delivered(self, harness: Harness) -> None:
        """What people write while it listens is delivered, once each and in their order."""
        async with listening(harness) as heard:
            await heard.works()
            for text in ("first", "second", "third"):
                await harness.phone.says(text)
            await heard.hears("first", "second", "third")

    @story("listen", "Call `await deliver(Inbound())` as soon as the provider has answered for the first time.")
    async def test_a_connection_is_told_of_before_anyone_writes(self, harness: Harness) -> None:
        """That the connection works is told before anything comes: health shows it to the owner."""
        async with listening(harness) as heard:
            await heard.works()

    @story("listen", "Acknowledge after `await deliver(…)` has returned, never beside it or before it.")
    async def test_what_is_not_stored_comes_again(self, harness: Harness) -> None:
        """A message is acknowledged only once it is stored: one whose delivery was cut short comes again."""
        reached = asyncio.Event()

        async def hangs(inbound: Inbound) -> None:
            if _holds_message(inbound):
                reached.set()
                await asyncio.Event().wait()

        async with listening(harness, store=hangs) as heard:
            await heard.works()
            await harness.phone.says("hello")
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await reached.wait()
            # Long enough for those that acknowledge beside it.
            await asyncio.sleep(ENDS)
        expect(reached.is_set(), "the message was not delivered")
        await _comes_again(harness)

    @story("listen", "Let `NotStored` out, or go on without acknowledging what it was raised for.")
    async def test_what_cannot_be_stored_comes_again(self, harness: Harness) -> None:
        """A message that the host could not store is not acknowledged, and comes again; the plugin does not fail on it."""
        refused = asyncio.Event()

        async def fails(inbound: Inbound) -> None:
            if _holds_message(inbound):
                refused.set()
                raise NotStored("The disk is full.")

        async with listening(harness, store=fails) as heard:
            await heard.works()
            await harness.phone.says("hello")
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await refused.wait()
            await asyncio.sleep(ENDS)
            error = heard.task.exception() if heard.task.done() and not heard.task.cancelled() else None
        expect(refused.is_set(), "the message was not delivered")
        expect(error is None or isinstance(error, NotStored), f"it ended with {told(error) if error else ''}")
        await _comes_again(harness)

    @story("listen", "Let CancelledError out, and catch neither it nor BaseException.")
    async def test_listening_ends_when_it_is_cancelled(self, harness: Harness) -> None:
        """Cancelled while it waits, it ends within seconds: the binding may be disconnected, or listened to elsewhere."""
        async with listening(harness) as heard:
            await heard.works()
            await asyncio.sleep(1)
            heard.task.cancel()
            await asyncio.wait([heard.task], timeout=ENDS)
            expect(heard.task.done(), f"it was still listening {ENDS:.0f} seconds after it was cancelled")

    @story("listen", "Map what the network does to ProviderUnavailable, or connect again with pauses of your own.")
    async def test_a_broken_connection_is_unavailable(self, harness: Harness) -> None:
        """While the provider cannot be asked, it ends with `ProviderUnavailable` or tries again; it does not rush."""
        binding = listener(harness)
        for fault in (*NETWORK_FAULTS, NetworkFault.SILENT):
            harness.transport.fault = fault
            before = harness.transport.attempts
            async with listening(harness, binding) as heard:
                await asyncio.wait([heard.task], timeout=60)
                error = heard.task.exception() if heard.task.done() else None
                how = f"with the provider {fault.name.lower()}"
                expect(not heard.delivered, f"{how}, it said that the connection works")
                if heard.task.done():
                    what = told(error) if error else "nothing, and returned"
                    expect(isinstance(error, ProviderUnavailable), f"{how}, it raised {what}")
            expect(harness.transport.attempts - before < _ATTEMPTS, f"{how}, it asked again without a pause")
        harness.transport.fault = NetworkFault.NONE

    @story("listen", "Map the provider's 401/403 to ConfigurationError, as `configure` does.")
    async def test_listening_tells_revoked_credentials(self, harness: Harness) -> None:
        """Credentials that have been revoked end it with `ConfigurationError`, and the owner is alerted."""
        binding = listener(harness)
        wrong = with_other_secrets(harness.manifest, harness.simulator.settings())
        async with listening(harness, replace(binding, settings=wrong)) as heard:
            await asyncio.wait([heard.task], timeout=PATIENCE)
            expect(heard.task.done(), "it went on with credentials that the provider refuses")
            error = heard.task.exception()
        what = told(error) if error else "nothing, and returned"
        expect(isinstance(error, ConfigurationError), f"it raised {what}, not ConfigurationError")

    @story("listen", "Deliver `Ignored` for kinds of events that you do not know, and acknowledge them.")
    async def test_unknown_events_hold_up_nothing(self, harness: Harness) -> None:
        """An event of a kind that no plugin knows holds up none behind it. The simulator must offer `posts_unknown`."""
        if not isinstance(harness.simulator, PostsUnknown):
            raise NotApplicable("the simulator offers no `posts_unknown`")
        async with listening(harness) as heard:
            await heard.works()
            await harness.simulator.posts_unknown()
            await harness.phone.says("hello")
            await heard.hears("hello")
