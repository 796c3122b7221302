"""What a call came to and could not be written down has no effect once another process has tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.two_hosts import Pair
from trinity_channels.api import (
    DeliveryState,
    Failure,
    FailureKind,
    OutboundMessage,
    Receipt,
    SendDeferred,
    SendRejected,
    SendUnknown,
)
from trinity_channels.bindings import OpenBinding
from trinity_channels.host import Host
from trinity_channels.store import StoreError, Unit

Answer = Callable[[OutboundMessage], Receipt]


class Calls:
    """What the provider answers to the next sends, and what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent = self.asked = 0
        self.answer: Answer = self.takes
        calls = self

        async def send(_: OpenBinding, message: OutboundMessage) -> Receipt:
            calls.sent += 1
            return calls.answer(message)

        async def find_sent(*_: object) -> None:
            calls.asked += 1

        monkeypatch.setattr(OpenBinding, "send", send)
        monkeypatch.setattr(OpenBinding, "find_sent", find_sent)

    def takes(self, _: OutboundMessage) -> Receipt:
        return Receipt(f"SM{self.sent:032}", DeliveryState.QUEUED)

    @staticmethod
    def puts_off(_: OutboundMessage) -> Receipt:
        raise SendDeferred("Too many requests.")

    @staticmethod
    def refuses(_: OutboundMessage) -> Receipt:
        raise SendRejected(Failure("63016", FailureKind.PERMANENT, "Outside the window."))

    @staticmethod
    def is_cut_off(_: OutboundMessage) -> Receipt:
        raise SendUnknown("The connection ended before the answer.")


@pytest.fixture
async def pair(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Pair]:
    async with Pair(tmp_path, clock) as made:
        await made.connect()
        await made.policy("open")
        yield made


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


async def queued(pair: Pair) -> int:
    """A conversation with an answer that no process has begun to send."""
    zoe = pair.person("Zoe")
    for host in (pair.host, pair.other):
        host.dispatcher.pause()
    await zoe.phone.says("hello")
    async with asyncio.timeout(5):
        while not (found := pair.rows("SELECT max(conversation_id) FROM trinity_channels_message")[0][0]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await pair.host.turns.run(int(found))
    return int(found)


async def unwritten(host: Host, conversation: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of deliveries whose claim is written, and whose result is not."""
    write, units = host.store.write, iter([True])

    async def cut(unit: Unit[object]) -> object:
        if next(units, False):
            return await write(unit)
        raise StoreError("The connection ended.")

    monkeypatch.setattr(host.store, "write", cut)
    with pytest.raises(StoreError):
        await host.deliveries.run(conversation)
    monkeypatch.setattr(host.store, "write", write)


def delivery(pair: Pair) -> tuple[str, int]:
    ((state, attempts),) = pair.rows("SELECT state, attempts FROM trinity_channels_delivery")
    return state, attempts


async def due(pair: Pair, run: Awaitable[datetime | None]) -> None:
    """Wait until what a run has left is due."""
    at = await run
    assert at
    pair.clock.tick(max(at - pair.host.now(), timedelta(0)))


@pytest.mark.parametrize("stale", [Calls.puts_off, Calls.refuses, Calls.is_cut_off], ids=lambda one: one.__name__)
async def test_it_settles_no_attempt_of_another_process(
    pair: Pair, calls: Calls, stale: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await queued(pair)
    calls.answer = stale
    await unwritten(pair.host, conversation, monkeypatch)
    calls.answer = calls.is_cut_off
    await due(pair, pair.other.deliveries.run(conversation))
    await due(pair, pair.other.deliveries.run(conversation))
    assert (delivery(pair), calls.sent, calls.asked) == (("reconciling", 2), 2, 1)

    await pair.host.deliveries.run(conversation)

    # Asked about, not sent blindly and not given up: the second attempt may have arrived.
    assert (calls.sent, calls.asked) == (3, 2)


async def test_that_it_was_taken_does_not_count_for_the_attempt_of_another_process(
    pair: Pair, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await queued(pair)
    await unwritten(pair.host, conversation, monkeypatch)
    calls.answer = calls.puts_off
    await due(pair, pair.other.deliveries.run(conversation))
    await pair.other.deliveries.run(conversation)
    assert delivery(pair) == ("ready", 2)

    await pair.host.deliveries.run(conversation)

    assert delivery(pair) == ("ready", 2)


async def test_that_it_was_taken_counts_while_another_process_asks_about_it(
    pair: Pair, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await queued(pair)
    await unwritten(pair.host, conversation, monkeypatch)
    await pair.other.deliveries.run(conversation)
    assert delivery(pair) == ("reconciling", 1)

    await pair.host.deliveries.run(conversation)

    assert (delivery(pair), calls.sent, calls.asked) == (("queued", 1), 1, 0)


async def test_the_process_that_made_the_call_goes_on_from_it(
    pair: Pair, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await queued(pair)
    calls.answer = calls.puts_off
    await unwritten(pair.host, conversation, monkeypatch)
    calls.answer = calls.takes

    await due(pair, pair.host.deliveries.run(conversation))
    await pair.host.deliveries.run(conversation)

    assert (delivery(pair), calls.sent, calls.asked) == (("queued", 2), 2, 0)
