"""`kill -9`, twenty times, under load: what was acknowledged is answered, once, in order."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.load.siege import CountingModel, Far, HostProcess, Persistent, Writer, eventually, make_twilio, served, twice
from trinity_channels_whatsapp.simulator import TwilioSimulator

KILLS = 20
PEOPLE = 40


class Town:
    """The host, its provider, its model, and the people who write."""

    def __init__(self, host: HostProcess, twilio: TwilioSimulator, model: CountingModel, wire: Persistent) -> None:
        self.host = host
        self.twilio = twilio
        self.model = model
        self.wire = wire
        self.writers = [
            Writer(index, twilio.phone(f"Person {index}"), random.Random(f"writer {index}")) for index in range(PEOPLE)
        ]

    async def besieged(self, kills: int) -> None:
        """People write while the host is killed and started again; returns when all of them have stopped."""
        end = asyncio.Event()
        dice = random.Random("killer")
        async with asyncio.TaskGroup() as tasks:
            for writer in self.writers:
                tasks.create_task(writer.write_until(end))
            for kill in range(kills):
                if kill % 5 == 4:  # in the middle of starting, migrating, recovering
                    await asyncio.sleep(dice.uniform(0.2, 1.2))
                else:
                    await self.host.ready()
                    await asyncio.sleep(dice.uniform(0.3, 1.5))
                await eventually(lambda: not self.host.last_attempts(), 10, lambda: "no turn is in its last attempt")
                await self.host.end(signal.SIGKILL)
                await self.host.start()
            await self.host.ready()
            end.set()

    async def quiet(self) -> None:
        """Wait until everything acknowledged is answered and the host has nothing left to do.

        However long that takes on a busy machine, it goes on: a process without progress for half a minute has stalled.
        """
        while left := self.left():
            await eventually(
                lambda: self.left() < left,
                30,
                lambda: f"more is done; unanswered: {len(self.unanswered())}, open: {self.host.open_work()}",
            )
        await self.twilio.settle()

    def left(self) -> int:
        """How much there is still to do."""
        return len(self.unanswered()) + sum(self.host.open_work().values())

    def unanswered(self) -> set[str]:
        """Acknowledged texts that no reply repeats."""
        return {text for writer in self.writers for text in set(writer.acknowledged) - set(writer.answered())}


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    dice = random.Random("distance")
    wire = Persistent(dice)
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(transport=wire))
        model = CountingModel(dice)
        twilio = make_twilio(http, "http://twilio.invalid")
        host = HostProcess(
            tmp_path,
            model=await stack.enter_async_context(served(model.app)),
            twilio=await stack.enter_async_context(served(Far(twilio.app, dice))),
        )
        await host.start()
        try:
            await host.ready()
            twilio.connect(await host.connect(twilio.settings()))
            yield Town(host, twilio, model, wire)
        finally:
            with contextlib.suppress(ProcessLookupError):
                host.process.kill() if host.process else None
            await host.process.wait() if host.process else None


@pytest.mark.timeout(300)
async def test_kill_nine_loses_nothing_and_says_nothing_twice(town: Town) -> None:
    await town.besieged(KILLS)
    await town.quiet()
    exit_code = await town.host.end(signal.SIGTERM)

    assert town.unanswered() == set()
    for writer in town.writers:
        answered = writer.answered()
        assert twice(answered) == []
        assert [text for text in answered if text in set(writer.acknowledged)] == writer.acknowledged, "out of order"
    keys: dict[str, set[str]] = defaultdict(set)
    for key, asked in town.model.calls:
        for text in asked:
            keys[text].add(key)
    assert {text: found for text, found in keys.items() if len(found) > 1} == {}, "asked again under another key"
    assert exit_code in (0, -signal.SIGTERM), town.host.log[-2000:]
    # the siege was one: people were heard, and webhooks and turns were cut in two
    assert sum(len(writer.acknowledged) for writer in town.writers) > PEOPLE * 5
    assert town.wire.retries > 0
    assert twice(key for key, _ in town.model.calls)
