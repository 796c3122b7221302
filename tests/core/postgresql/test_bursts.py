"""A burst is answered once, whichever processes have seen which of its messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.two_hosts import Pair, messages, within_two_seconds


@pytest.fixture
async def pair(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Pair]:
    async with Pair(tmp_path, clock, trinity_channels_gather_seconds=2) as made:
        await made.connect()
        await made.policy("open")
        yield made


@pytest.mark.parametrize("runs", ["AAA", "ABA", "ABB", "AAB", "ABAA"])
async def test_a_burst_is_one_turn(pair: Pair, runs: str) -> None:
    """In which process the key runs after each message, and at the end."""
    hosts = {"A": pair.host, "B": pair.other}
    for host in hosts.values():
        host.dispatcher.pause()
    zoe = pair.person("Zoe")
    texts = ["one", "two", "three"][: len(runs) - 1]
    for number, (run, text) in enumerate(zip(runs, texts, strict=False), start=1):
        await zoe.phone.says(text)

        async def stored(number: int = number) -> bool:
            return await messages(pair) == number

        await within_two_seconds(stored)
        ((conversation,),) = pair.rows("SELECT id FROM trinity_channels_conversation")
        assert await hosts[run].turns.run(conversation)
        pair.clock.tick(timedelta(seconds=1.5))

    pair.clock.tick(timedelta(seconds=0.5))
    await hosts[runs[-1]].turns.run(conversation)

    said = [text for (text,) in pair.rows("SELECT text FROM trinity_channels_delivery")]
    assert len(said) == 1
    assert all(text in said[0] for text in texts)
