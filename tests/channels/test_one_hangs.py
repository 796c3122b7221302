"""A provider that hangs is the trouble of its own channel."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.channels.net import Net, Someone
from tests.transactions import Transactions
from trinity_channels.api import Receipt
from trinity_channels.outbound import deliver


class Jam:
    """More people than WhatsApp has places wait for an answer, and its calls hang until `over` is set."""

    def __init__(self, net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
        self.over = asyncio.Event()
        self.calls = 0
        self.crowd = [net.stranger("whatsapp", f"Person {number}") for number in range(deliver.AT_ONCE + 3)]
        self._whatsapp = net.host.plugins["whatsapp"]
        self._send = self._whatsapp.send
        monkeypatch.setattr(self._whatsapp, "send", self._hangs)

    async def _hangs(self, *arguments: Any) -> Receipt:
        self.calls += 1
        await self.over.wait()
        return await self._send(*arguments)

    def answered(self) -> list[Someone]:
        """Who has their answer, once."""
        return [one for one in self.crowd if one.heard() == ["echo hello"]]


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> Transactions:
    return Transactions(monkeypatch)


@pytest.fixture
async def jam(net: Net, monkeypatch: pytest.MonkeyPatch) -> Jam:
    await net.policy("open")
    made = Jam(net, monkeypatch)
    for one in made.crowd:
        await one.phone.says("hello")
    await net.until(lambda: made.calls == deliver.AT_ONCE)
    return made


async def test_a_provider_that_hangs_holds_up_no_other_messenger(net: Net, jam: Jam) -> None:
    zoe = net.stranger("telegram", "Zoe")

    await zoe.phone.says("hello")

    await net.until(lambda: zoe.heard() == ["echo hello"])
    assert jam.calls == deliver.AT_ONCE
    jam.over.set()
    await net.settle()
    assert jam.answered() == jam.crowd


async def test_what_waits_for_its_place_is_not_begun_when_the_host_stops(net: Net, jam: Jam) -> None:
    stopping = asyncio.create_task(net.stops())
    await asyncio.sleep(0)
    jam.over.set()
    await stopping

    assert len(jam.answered()) == jam.calls == deliver.AT_ONCE
    await net.starts()
    await net.settle()
    assert jam.answered() == jam.crowd


async def test_what_waits_for_its_place_goes_out_once_after_a_crash(net: Net, jam: Jam) -> None:
    await net.dies()
    jam.over.set()

    await net.starts()
    await net.much_later()

    assert jam.answered() == jam.crowd


async def test_what_waits_for_its_place_writes_nothing_until_then(
    net: Net, transactions: Transactions, jam: Jam
) -> None:
    zoe = net.stranger("whatsapp", "Zoe")

    await zoe.phone.says("hello")

    waiting = len(jam.crowd) - deliver.AT_ONCE + 1
    await net.until(lambda: transactions.reads.count("due_binding") == waiting)
    assert transactions.writes.count("Deliveries._next") == deliver.AT_ONCE
    jam.over.set()
    await net.settle()
    assert zoe.heard() == ["echo hello"]
