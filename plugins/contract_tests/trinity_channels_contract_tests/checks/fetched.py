"""`listen`, second part: what may come that no documentation shows, and cancellations at any time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import islice
from typing import Any

from trinity_channels.api import Binding, Event, Inbound, Malformed, MessageReceived, ProviderUnavailable
from trinity_channels_contract_tests import fuzz
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.checks.listening import (
    AGAIN,
    ENDS,
    hearing,
    listener,
    listening,
    odd_texts_hold_up_nothing,
    write,
)
from trinity_channels_contract_tests.expectations import NotApplicable, broken, expect, short, told
from trinity_channels_contract_tests.fetching import PATIENCE, RESTS, ROUND, SILENCE, Listening
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.meddling import changing, hangs, meddling
from trinity_channels_contract_tests.odd import whole
from trinity_channels_contract_tests.outcomes import holds
from trinity_channels_contract_tests.payloads import Path, at, leaves, put
from trinity_channels_contract_tests.transport import Call

NO_EVENTS: tuple[Any, ...] = (None, 7, "no event", [])
"""What stands in an event's place."""
MOST = 100
"""Odd events that are tried beside those with an odd text; of many fields only every second oddity, or every third."""
LONG = timedelta(days=1)
"""After that providers have forgotten who listened."""
BACKLOG = 250
"""Messages that wait: more than two pages of most providers."""
MADE_AGAIN = 50
"""Connections in which all must have come that was written."""


class Fetched(Checks):
    """Capability `listen`."""

    area = "optional"

    @story(
        "listen",
        "Take an answer of another kind for none: raise ProviderUnavailable, or ask again after a pause.",
        arriving=True,
    )
    async def test_odd_answers_lose_no_message(self, harness: Harness) -> None:
        """A page, other JSON or nothing in place of an answer ends it with `ProviderUnavailable`, or not at all."""
        binding = await _listener(harness)
        for number, call in enumerate(await _calls(harness, binding)):
            for kind, meddle in whole(call, taken=False):
                text = f"hello {number} {kind}"
                how = f"with {kind} in place of the answer to {call.request.method} {call.path}"
                with meddling(harness, meddle, number):
                    async with hearing(harness, binding, text) as heard:
                        await heard.until(lambda text=text, heard=heard: text in heard.texts)  # type: ignore[misc]
                        _is_well(heard, how)
                        came = text in heard.texts
                if not came:
                    await _comes(harness, binding, text, how)
        # Also on a WebSocket: with one value in it that no reader of JSON takes.
        await _survives(harness, binding, _Oddities(fuzz.unreadable_json))

    @story(
        "listen",
        "Read each event by itself, and deliver `unreadable(error)` for one that cannot be read, whatever is raised.",
        arriving=True,
    )
    async def test_odd_fields_of_events_are_survived(self, harness: Harness) -> None:
        """A field that is missing, of another type, huge, deep, NaN or half a character holds up no event behind it."""
        if not await holds(harness, odd_texts_hold_up_nothing):
            return  # test_odd_events_hold_up_nothing says so
        binding = await _listener(harness)
        for odd in (fuzz.odd_json, fuzz.extreme_json):
            if not await _survives(harness, binding, _Oddities(odd)):
                raise NotApplicable("messages do not come as JSON")

    @story(
        "listen",
        "Read each event by itself, and deliver `unreadable(error)` for one that cannot be read.",
        arriving=True,
    )
    async def test_a_malformed_event_takes_no_other_along(self, harness: Harness) -> None:
        """What is no event is delivered as `Malformed`, and those beside it arrive once each, in their order."""
        binding = await _listener(harness)
        for odd in NO_EVENTS:
            replacing = _Replacing(f"the odd one in place of {odd!r}", odd)
            texts = [f"before {odd!r}", replacing.text, f"after {odd!r}"]
            with changing(harness, replacing):
                async with hearing(harness, binding, *texts) as heard:
                    await heard.until(lambda texts=texts, heard=heard: texts[2] in heard.texts)  # type: ignore[misc]
            if not replacing.made:
                raise NotApplicable("messages do not come as JSON")
            how = f"of three events, the second {odd!r},"
            came = [text for text in heard.texts if text in texts]
            expect([texts[0], texts[2]] == [text for text in came if text != texts[1]], f"{how} it delivered {came}")
            events = [event for one in heard.delivered if isinstance(one, Inbound) for event in one.events]
            told_of = any(isinstance(event, Malformed) for event in events)
            expect(told_of, f"{how} it delivered none as Malformed: {short(events)}")

    @story("listen", "Open again what has expired at the provider, and deliver what has come meanwhile.")
    async def test_what_expires_is_opened_again(self, harness: Harness) -> None:
        """After a day by the provider's clock, on which queues and sessions may expire, what people write is delivered."""
        binding = await _listener(harness)
        async with listening(harness, binding) as heard:
            await heard.begins()
            harness.simulator.advance(LONG)
            await harness.simulator.settle()
            # A question that is held open meanwhile comes to its end.
            await asyncio.wait([heard.task], timeout=SILENCE)
            if heard.comes_again:
                return  # test_what_people_write_is_delivered says so
            await harness.phone.says("hello")
            await heard.until(lambda: "hello" in heard.texts)
            _is_well(heard, "after a day")
            ended, came = heard.task.done(), "hello" in heard.texts
        expect(ended or came, f"after a day it went on, and did not deliver what was written in {PATIENCE:.0f} seconds")
        if not came:
            await _comes(harness, binding, "hello", "after a day")

    @story("listen", "Ask for the next page until there is none, and acknowledge only what has been delivered.")
    async def test_all_that_has_waited_is_delivered(self, harness: Harness) -> None:
        """More than a page of messages, written while no one listens, is delivered, none left out and in their order."""
        binding = await _listener(harness)
        texts = [f"number {number}" for number in range(BACKLOG)]
        await write(harness, texts)
        async with listening(harness, binding) as heard:
            await heard.until(lambda: heard.texts, SILENCE)
            await heard.until(lambda: len(heard.texts) >= BACKLOG)
            await heard.is_quiet()
        came = [text for text in heard.texts if text in texts]
        if not came:
            raise NotApplicable("what is written while no one listens does not come")
        lost = [text for text in texts if text not in came]
        expect(not lost, f"of {BACKLOG} messages it did not deliver {len(lost)}, first {lost[:1]}{heard.ended}")
        expect(list(dict.fromkeys(came)) == texts, f"they were delivered in another order: {short(came)}")

    @story("listen", "Let CancelledError out of every call: catch `Exception`, never `BaseException`.", arriving=True)
    async def test_listening_ends_in_the_middle_of_a_call(self, harness: Harness) -> None:
        """Cancelled while a call is not answered, it ends within seconds, by the cancellation and nothing else."""
        binding = await _listener(harness)
        if not await _ends_at_rest(harness, binding):
            return  # test_listening_ends_when_it_is_cancelled says so
        for number, call in enumerate(await _calls(harness, binding)):
            meddle, asked = hangs()
            with meddling(harness, meddle, number):
                async with listening(harness, binding) as heard:
                    if harness.live:  # there may be calls in which it does not wait yet
                        await _either(heard, asked, RESTS)
                    await harness.phone.says("hello")
                    await _either(heard, asked)
                    if asked.is_set():
                        await _ends(heard, f"in {call.request.method} {call.path}")
            # So that it is not there when the next one is cancelled.
            if "hello" in heard.texts:
                await _takes_all(harness, binding)
            else:
                await _comes(harness, binding, "hello", "after it was cancelled")

    @story(
        "listen",
        "Let CancelledError out of `await deliver(…)`: catch `Exception`, never `BaseException`.",
        arriving=True,
    )
    async def test_listening_ends_in_the_middle_of_a_delivery(self, harness: Harness) -> None:
        """Cancelled while what it has delivered is being stored, it ends within seconds, by the cancellation."""
        binding, stores = await _listener(harness), asyncio.Event()
        if not await _ends_at_rest(harness, binding):
            return  # test_listening_ends_when_it_is_cancelled says so

        async def hangs(inbound: Inbound) -> None:
            if inbound.events:
                stores.set()
                await asyncio.Event().wait()

        async with hearing(harness, binding, "hello", store=hangs) as heard:
            await _either(heard, stores)
            if stores.is_set():  # otherwise other checks say what is wrong
                await _ends(heard, "in the middle of a delivery")


async def _survives(harness: Harness, binding: Binding, oddities: _Oddities) -> bool:
    """Expect that a message comes after events with these oddities, and that nothing breaks; False without JSON."""
    with changing(harness, oddities):
        await _arrives(harness, binding, oddities.first, "with events as usual")
        if not oddities.count:
            return False
        await _takes_all(harness, binding, oddities)
        # Not with them: test_a_malformed_event_takes_no_other_along says what becomes of those in one answer.
        text = f"hello after {oddities.first}"
        await _arrives(harness, binding, text, f"after events such as one with {oddities.latest}")
    return True


async def _listener(harness: Harness) -> Binding:
    """The account as it is connected to listen; what it does not get from now on is not posted to a webhook instead."""
    binding = listener(harness)
    async with listening(harness, binding) as heard:
        await heard.begins()
    return binding


async def _calls(harness: Harness, binding: Binding) -> list[Call]:
    """The calls in which a message is fetched and acknowledged."""
    before = len(harness.transport.calls)
    async with hearing(harness, binding, "which calls are made?") as heard:
        await heard.until(lambda: heard.texts)
        await asyncio.sleep(1)
    return [call for call in harness.transport.calls[before:] if call.response is not None]


async def _either(heard: Listening, event: asyncio.Event, patience: float = PATIENCE) -> None:
    """Wait for an event, or until it has ended."""
    waiting = asyncio.ensure_future(event.wait())
    await asyncio.wait({heard.task, waiting}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _ends_at_rest(harness: Harness, binding: Binding) -> bool:
    """Whether it ends when it is cancelled while nothing comes."""
    async with listening(harness, binding) as heard:
        await heard.is_quiet()
        heard.task.cancel()
        await asyncio.wait([heard.task], timeout=ENDS)
        return heard.task.done()


async def _ends(heard: Listening, when: str) -> None:
    heard.task.cancel()
    await asyncio.wait([heard.task], timeout=ENDS)
    expect(heard.task.done(), f"cancelled {when}, it was still listening {ENDS:.0f} seconds later")
    if not heard.task.cancelled():
        error = heard.task.exception()
        broken(f"cancelled {when}, it {f'raised {told(error)}' if error else 'returned'}")


async def _comes(harness: Harness, binding: Binding, text: str, how: str) -> None:
    """Listen, again where it ends as it may, until a message is delivered."""
    for _ in range(MADE_AGAIN):
        async with listening(harness, binding) as heard:
            await heard.until(lambda heard=heard: text in heard.texts, SILENCE)  # type: ignore[misc]
            if text not in heard.texts and not heard.task.done():
                # Some repeat what was not acknowledged within minutes.
                harness.simulator.advance(AGAIN)
                await harness.simulator.settle()
                await heard.until(lambda heard=heard: text in heard.texts)  # type: ignore[misc]
            _is_well(heard, how)
            if text in heard.texts:
                return
            if not heard.task.done():
                break
        await asyncio.sleep(1)
    broken(f"{how}, the message {text!r} was not delivered")


async def _takes_all(harness: Harness, binding: Binding, oddities: _Oddities | None = None) -> None:
    """Listen, again where it ends as it may, until nothing more comes; what comes live does so one by one."""
    texts = [oddities.next() for _ in range(oddities.count)] if oddities else []
    if not harness.live:
        await write(harness, texts)
    for _ in range(max(MADE_AGAIN, len(texts))):
        async with hearing(harness, binding) as heard:
            while harness.live and texts and not heard.task.done():
                await write(harness, [texts.pop()])
                await asyncio.wait([heard.task], timeout=ROUND)
            await heard.is_quiet()
            _is_well(heard, f"after an event with {oddities.latest}" if oddities else "after it was cancelled")
            if not heard.task.done():
                return
        await asyncio.sleep(1)


async def _arrives(harness: Harness, binding: Binding, text: str, how: str) -> None:
    """Let a message be written, and expect that it is delivered, at the latest when it listens again."""
    async with hearing(harness, binding, text) as heard:
        await heard.until(lambda: text in heard.texts, SILENCE)
        _is_well(heard, how)
        if text in heard.texts:
            return
    await _comes(harness, binding, text, how)


def _is_well(heard: Listening, how: str) -> None:
    """Expect that it goes on, or has ended as it may, and has delivered nothing that cannot be stored."""
    if heard.task.done():
        error = heard.task.exception()
        what = f"raised {told(error)}" if error else "returned"
        expect(isinstance(error, ProviderUnavailable), f"{how}, it {what}")
    for one in heard.delivered:
        expect(isinstance(one, Inbound), f"{how}, it delivered {short(one)}")
        for event in one.events:  # type: ignore[attr-defined]  # it is one
            good = isinstance(event, Event)
            if isinstance(event, MessageReceived):
                words = (event.event_id, event.provider_id, event.text, event.sender.address)
                good = all(isinstance(word, str) for word in words)
            expect(good, f"{how}, it delivered {short(event)}")


class _Replacing:
    """Puts something in the place of the event that brings a text."""

    def __init__(self, text: str, odd: Any) -> None:
        self.text = text
        self.made = False
        self._odd = odd

    def __call__(self, told: Any) -> Any:
        where = _event_with(told, self.text)
        if where is None:
            return told
        self.made = True
        return put(told, where, self._odd)


class _Oddities:
    """Changes each event that brings one of its texts in another way, once: a provider may bring it again.

    Attributes:
        first: the text that comes as usual.
        latest: what was done last, in words.
    """

    def __init__(self, odd: Callable[[Any], Iterable[tuple[str, Any]]]) -> None:
        self.latest = "nothing odd"
        self.first = f"{odd.__name__} 0"
        self._odd = odd
        self._written = 0
        self._chosen: list[int] = []
        self._changed: set[str] = set()

    @property
    def count(self) -> int:
        """How many there are, known once that one has come."""
        return len(self._chosen)

    def next(self) -> str:
        """The text of the next event."""
        self._written += 1
        return self._text(self._written)

    def __call__(self, told: Any) -> Any:
        ours = {leaf for _, leaf in leaves(told) if isinstance(leaf, str) and leaf.startswith(self._odd.__name__)}
        for text in sorted(ours - self._changed):
            where = _event_with(told, text) or ()
            self._changed.add(text)
            if text == self.first:
                self._chosen = _chosen(self._odd(at(told, where)), text)
            else:
                number = self._chosen[int(text.rpartition(" ")[2]) - 1]
                for latest, changed in islice(self._odd(at(told, where)), number, number + 1):
                    self.latest, told = latest, put(told, where, changed)
        return told

    def _text(self, number: int) -> str:
        return f"{self._odd.__name__} {number}"


def _chosen(oddities: Iterable[tuple[str, Any]], text: str) -> list[int]:
    """Which of them are tried: all in which the text is odd, and of the others not too many."""
    texts: list[int] = []
    others: list[int] = []
    for number, (_, event) in enumerate(oddities):
        (others if any(leaf == text for _, leaf in leaves(event)) else texts).append(number)
    return [*texts, *others[:: len(others) // MOST + 1]]


def _event_with(told: Any, text: str) -> Path | None:
    """Where the event stands that brings a text: the element of the outermost list, or the whole."""
    found = [path for path, leaf in leaves(told) if leaf == text]
    if not found:
        return None
    outer = (next((index for index, step in enumerate(path) if isinstance(step, int)), None) for path in found)
    return min(((path[: end + 1] if end is not None else ()) for path, end in zip(found, outer, strict=True)), key=len)
