"""What a process has begun and another has gone on with is in its memory only for a while."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.two_hosts import Pair, messages, within_two_seconds
from trinity_channels.api import DeliveryState, OutboundMessage, Receipt
from trinity_channels.bindings import OpenBinding
from trinity_channels.store import StoreError, Unit
from trinity_channels.store.conversation_state import Message
from trinity_channels.store.deliveries import Delivery

SECRET = "my secret question"


@pytest.fixture
async def pair(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Pair]:
    async with Pair(tmp_path, clock, trinity_channels_gather_seconds=2) as made:
        await made.connect()
        await made.policy("open")
        for host in (made.host, made.other):
            host.dispatcher.pause()
        yield made


def remembered() -> int:
    """How many objects of this program hold the text of a message from or to the person."""
    gc.collect()
    return sum(isinstance(one, Message | Delivery) and SECRET in one.text for one in gc.get_objects())


async def writes(pair: Pair) -> int:
    """Let someone write; the conversation."""
    before = await messages(pair)
    await pair.person("Zoe").phone.says(SECRET)

    async def stored() -> bool:
        return await messages(pair) > before

    await within_two_seconds(stored)
    ((conversation,),) = pair.rows("SELECT id FROM trinity_channels_conversation")
    return int(conversation)


async def test_a_burst_that_another_process_has_answered(pair: Pair) -> None:
    conversation = await writes(pair)
    await pair.host.turns.run(conversation)
    assert remembered()
    pair.clock.tick(timedelta(seconds=2))
    await pair.other.turns.run(conversation)
    pair.clock.tick(timedelta(minutes=1))

    await pair.host.housekeeping.do("forgetting")

    assert not remembered()


async def test_the_result_of_a_call_that_another_process_has_found_out(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await writes(pair)
    await pair.other.turns.run(conversation)
    pair.clock.tick(timedelta(seconds=2))
    await pair.other.turns.run(conversation)
    receipt = Receipt("SM" + "1" * 32, DeliveryState.QUEUED)

    async def send(_: OpenBinding, __: OutboundMessage) -> Receipt:
        return receipt

    async def find_sent(*_: object) -> Receipt:
        return receipt

    monkeypatch.setattr(OpenBinding, "send", send)
    monkeypatch.setattr(OpenBinding, "find_sent", find_sent)
    write, units = pair.host.store.write, iter([True])

    async def cut(unit: Unit[object]) -> object:
        if next(units, False):
            return await write(unit)
        raise StoreError("The connection ended.")

    monkeypatch.setattr(pair.host.store, "write", cut)
    with pytest.raises(StoreError):
        await pair.host.deliveries.run(conversation)
    monkeypatch.setattr(pair.host.store, "write", write)
    await pair.host.housekeeping.do("forgetting")
    assert remembered()  # no other process has settled it

    pair.clock.tick(timedelta(seconds=120))
    at = await pair.other.deliveries.run(conversation)
    if at:
        pair.clock.tick(at - pair.host.now())
        await pair.other.deliveries.run(conversation)
    assert pair.rows("SELECT state FROM trinity_channels_delivery") == [("queued",)]
    await pair.host.housekeeping.do("forgetting")

    assert not remembered()
