"""What `listen` promises: everything arrives, is acknowledged only once it is stored, and listening ends when it is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from trinity_channels.api import (
    Binding,
    ConfigurationError,
    Deliver,
    Inbound,
    MessageReceived,
    NotStored,
    ProviderUnavailable,
)
from trinity_channels_contract_tests import fetching
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, Seen, expect, short, told
from trinity_channels_contract_tests.extras import PostsUnknown
from trinity_channels_contract_tests.fetching import PATIENCE, SILENCE, Listening, prepared
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.meddling import RUSH, Impatient, changing
from trinity_channels_contract_tests.odd import exchanged
from trinity_channels_contract_tests.outcomes import NETWORK_FAULTS
from trinity_channels_contract_tests.transport import NetworkFault
from trinity_channels_contract_tests.variants import with_other_secrets

AGAIN = timedelta(minutes=10)
SOON = 10.0
"""Seconds in which the owner is shown that the connection works; many providers hold a question open for longer."""
ENDS = 10.0
"""Seconds in which listening ends when it is cancelled."""
QUIET = 180.0
"""Seconds in which no one writes; providers hold a question open for a minute or two at most."""
ODD_TEXTS: tuple[tuple[str, Any], ...] = (("first", None), ("second", 7), ("third", {}), ("fourth", []))
"""What people write, and what stands in its place on the way."""
COMES_AGAIN = (
    "Acknowledge what was delivered, or ask for what comes after it, in every call: see `Where listening goes on`."
)
BUSY = "comes before the others"
BRIEFLY = 0.1
"""Seconds in which a message has been written."""
_ATTEMPTS = 50


def listener(harness: Harness) -> Binding:
    """The account as it is connected to listen."""
    harness.needs("listen")
    return replace(harness.binding, settings=prepared(harness.manifest, harness.simulator), listens=True, claims=True)


@asynccontextmanager
async def listening(
    harness: Harness, binding: Binding | None = None, store: Deliver | None = None
) -> AsyncIterator[Listening]:
    """Let the plugin listen while this lasts; `store` is what delivering does before it returns."""
    ctx = replace(harness.ctx, webhook_url=None)
    async with fetching.listening(harness.plugin, binding or listener(harness), ctx, store, live=harness.live) as heard:
        yield heard


@asynccontextmanager
async def hearing(
    harness: Harness, binding: Binding, *texts: str, store: Deliver | None = None
) -> AsyncIterator[Listening]:
    """Let the plugin listen, and people write: before that, or once it waits, unless it has ended."""
    if not harness.live:
        await write(harness, texts)
    async with listening(harness, binding, store) as heard:
        if harness.live:
            await heard.waits()
            await write_to(harness, heard, texts)
        yield heard


async def write(harness: Harness, texts: Iterable[str]) -> None:
    """Let a person write these, one after the other."""
    for text in texts:
        await harness.phone.says(text)


async def write_to(harness: Harness, heard: Listening, texts: Sequence[str]) -> None:
    """Let a person write; where it waits, several while it is busy with another one, so that they are in one answer."""
    if len(texts) <= 1 or not heard.live:
        await write(harness, texts)
        return
    writing = []
    async with heard.busy(harness.phone.says(BUSY)):
        for text in texts:
            # What is not acknowledged at once may be brought again, so none of them waits for that.
            writing.append(asyncio.ensure_future(harness.phone.says(text)))
            await asyncio.sleep(BRIEFLY)
    await asyncio.gather(*writing)


async def _met(event: asyncio.Event) -> None:
    """Wait for it with patience, and then long enough for channels that acknowledge beside it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await event.wait()
    await asyncio.sleep(ENDS)


async def _comes_again(harness: Harness) -> list[str]:
    """Listen again, until the provider has repeated a message; returns the ids under which it came."""
    async with listening(harness) as heard:
        await heard.begins()
        # Some repeat at once, others a few times within minutes.
        harness.simulator.advance(AGAIN)
        await harness.simulator.settle()
        await heard.until(lambda: "hello" in heard.texts)
        expect("hello" in heard.texts, f"the message did not come again{heard.ended}")
        return [name for one in heard.delivered for name in _names(one)]


async def _cut_short(harness: Harness) -> None:
    """Cut the delivery of a message short, and expect the message to come again."""
    reached = asyncio.Event()
    names: list[str] = []

    async def hangs(inbound: Inbound) -> None:
        if found := _names(inbound):
            names.extend(found)
            reached.set()
            await asyncio.Event().wait()

    async with listening(harness, store=hangs) as heard:
        await heard.begins()
        await harness.phone.says("hello")
        await _met(reached)
    expect(reached.is_set(), "the message was not delivered")
    again = await _comes_again(harness)
    expect(set(names) == set(again), f"the same message was {names[0]!r} and then {again[0]!r}")


async def _waits(harness: Harness, text: str) -> bool:
    """Whether something that is written now comes once the account is listened to."""
    await harness.phone.says(text)
    async with listening(harness) as heard:
        await heard.until(lambda: text in heard.texts, SILENCE)
        # It is acknowledged after it was delivered.
        await heard.is_quiet()
        return text in heard.texts


async def odd_texts_hold_up_nothing(harness: Harness) -> None:
    """Expect it of what is not a text, in a text's place."""
    made = False

    def change(told: object) -> object:
        nonlocal made
        changed = exchanged(told, dict(ODD_TEXTS))
        made = made or changed != told
        return changed

    binding = listener(harness)
    with changing(harness, change):
        async with listening(harness, binding) as heard:
            await heard.begins()
            for text in (*dict(ODD_TEXTS), "hello"):
                await harness.phone.says(text)
            await heard.until(lambda: "hello" in heard.texts)
    if not made:
        raise NotApplicable("messages do not come as JSON")
    expect("hello" in heard.texts, f"the message behind odd ones was not delivered{heard.ended}")


def _names(inbound: object) -> list[str]:
    """The event ids of the messages that say hello: others may come again, which is for one check to say."""
    events = inbound.events if isinstance(inbound, Inbound) else ()
    return [event.event_id for event in events if isinstance(event, MessageReceived) and event.text == "hello"]


class ListeningChecks(Checks):
    """Capability `listen`."""

    area = "optional"

    @story(
        "listen",
        "Deliver each event as the webhook's parsing makes it, and `Inbound()` once the connection works.",
        arriving=True,
    )
    async def test_what_people_write_is_delivered(self, harness: Harness) -> None:
        """What people write while it listens is delivered, once each and in their order."""
        texts = ["first", "second", "third"]
        async with listening(harness) as heard:
            await heard.begins()
            await write_to(harness, heard, texts)
            await heard.until(lambda: set(heard.texts) >= set(texts))
            # What is never acknowledged comes again at once, or after a moment.
            await heard.is_quiet()
        came = [text for text in heard.texts if text != BUSY]  # some providers repeat what takes long
        again, count = Counter(came).most_common(1)[0] if came else ("", 0)
        expect(count <= 1, f"{again!r} was delivered {count} times, although `deliver` had returned", COMES_AGAIN)
        expect(came == texts, f"of {short(texts)} it delivered {short(came)}{heard.ended}")

    @story("listen", "Call `await deliver(Inbound())` as soon as the provider has answered for the first time.")
    async def test_a_connection_is_told_of_before_anyone_writes(self, harness: Harness) -> None:
        """That the connection works is told before anything comes: health shows it to the owner."""
        async with listening(harness) as heard:
            await heard.until(lambda: heard.delivered, SOON)
            how = (
                f"deliver was not called in {SOON:.0f} seconds, not even to say that the connection works{heard.ended}"
            )
            expect(heard.delivered, how)

    @story("listen", "Acknowledge after `await deliver(…)` has returned, never beside it or before it.", arriving=True)
    async def test_what_is_not_stored_comes_again(self, harness: Harness) -> None:
        """A message is acknowledged only once it is stored: one whose delivery was cut short comes again, with its id."""
        await _cut_short(harness)

    @story("listen", "Let `NotStored` out, or go on without acknowledging what it was raised for.", arriving=True)
    async def test_what_cannot_be_stored_comes_again(self, harness: Harness) -> None:
        """A message that the host could not store is not acknowledged, and comes again; the plugin does not fail on it."""
        async with harness.another() as control:
            try:
                await _cut_short(control)
            except Seen:
                return  # test_what_is_not_stored_comes_again says so
        refused = asyncio.Event()

        async def fails(inbound: Inbound) -> None:
            if _names(inbound):
                refused.set()
                raise NotStored("The disk is full.")

        async with listening(harness, store=fails) as heard:
            await heard.begins()
            await harness.phone.says("hello")
            await _met(refused)
            error = heard.task.exception() if heard.task.done() and not heard.task.cancelled() else None
        expect(refused.is_set(), "the message was not delivered")
        expect(error is None or isinstance(error, NotStored), f"it ended with {told(error) if error else ''}")
        await _comes_again(harness)

    @story("listen", "Let CancelledError out, and catch neither it nor BaseException.")
    async def test_listening_ends_when_it_is_cancelled(self, harness: Harness) -> None:
        """Cancelled while it waits, it and all it has started end within seconds: it may be listened to elsewhere then."""
        async with listening(harness) as heard:
            await heard.begins()
            await asyncio.sleep(1)
            heard.task.cancel()
            await asyncio.wait([heard.task], timeout=ENDS)
            expect(heard.task.done(), f"it was still listening {ENDS:.0f} seconds after it was cancelled")
            before = len(heard.delivered), harness.transport.attempts
            await asyncio.sleep(QUIET)
            later = len(heard.delivered) - before[0], harness.transport.attempts - before[1]
            how = f"after it had ended, {later[0]} deliveries and {later[1]} calls were made: a task has outlived it"
            expect(later == (0, 0), how, "End what you have started before you let CancelledError out.")

    @story(
        "listen", "Let the provider hold a question open for less than the 15 s of `ctx.http`, or wait longer for it."
    )
    async def test_silence_does_not_end_it(self, harness: Harness) -> None:
        """While no one writes it goes on: silence is no broken connection, and it is for the host to end it."""
        async with listening(harness) as heard:
            await heard.begins()
            await asyncio.wait([heard.task], timeout=QUIET)
            error = heard.task.exception() if heard.task.done() else None
            what = told(error) if error else "nothing, and returned"
            expect(not heard.task.done(), f"while no one wrote, it raised {what}")

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

    @story(
        "listen", "Deliver `unreadable(error)` for an event that you cannot read, and acknowledge it.", arriving=True
    )
    async def test_odd_events_hold_up_nothing(self, harness: Harness) -> None:
        """A message whose text is of another kind than usual holds up none behind it."""
        await odd_texts_hold_up_nothing(harness)

    @story("listen", "Wait a second after an answer that brought nothing sooner than you have asked for.")
    async def test_a_server_that_does_not_wait_is_not_rushed(self, harness: Harness) -> None:
        """While the provider answers at once what it should hold open, it is not asked again without a pause."""
        impatient = Impatient()
        binding = listener(harness)
        harness.transport.meddling = impatient
        try:
            async with listening(harness, binding) as heard:
                # As long as the provider holds two questions open, and then some seconds.
                await asyncio.wait([heard.task], timeout=2 * SILENCE + RUSH)
        finally:
            harness.transport.meddling = None
        if not impatient.held:
            raise NotApplicable("the provider holds no question open")
        expect(not impatient.rushed, "it asked again without a pause")

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

    @story(
        "listen", "Keep what you know of an account at the provider, or in variables of this call; never in the module."
    )
    async def test_each_call_listens_by_itself(self, harness: Harness) -> None:
        """What a call of `listen` has learnt of one account is nothing to another: what waits there is delivered."""
        # The same ids and the same numbers, at another provider.
        async with harness.elsewhere() as other:
            async with listening(other) as heard:
                await heard.begins()
            if not await _waits(other, "is written while no one listens"):
                raise NotApplicable("what is written while no one listens does not come")
            async with listening(harness) as heard:
                await heard.begins()
                for text in dict(ODD_TEXTS):
                    await harness.phone.says(text)
                await heard.until(lambda: set(dict(ODD_TEXTS)) <= set(heard.texts))
                await heard.is_quiet()
            expect(await _waits(other, "hello"), "what waited was not delivered after another account was listened to")

    @story("listen", "Deliver `Ignored` for kinds of events that you do not know, and acknowledge them.", arriving=True)
    async def test_unknown_events_hold_up_nothing(self, harness: Harness) -> None:
        """An event of a kind that no plugin knows holds up none behind it. The simulator must offer `posts_unknown`."""
        if not isinstance(harness.simulator, PostsUnknown):
            raise NotApplicable("the simulator offers no `posts_unknown`")
        async with listening(harness) as heard:
            await heard.begins()
            await harness.simulator.posts_unknown()
            await harness.phone.says("hello")
            await heard.until(lambda: "hello" in heard.texts)
        expect("hello" in heard.texts, f"the message behind an unknown event was not delivered{heard.ended}")
