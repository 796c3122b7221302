"""What a message costs: each transaction is a wait for the disk, or a thread, while the person waits for an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone
from tests.transactions import Transactions
from tests.world import Agent

EMAIL = "zoe@example.org"
PLAIN = (5, 1)
"""Writing: accept; begin the turn with its attempt; end it; claim the delivery; record it. Reading: the conversation."""


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> Transactions:
    return Transactions(monkeypatch)


@pytest.fixture
async def quick(net: Net) -> Net:
    """Every messenger, open to everyone; nothing is reported of what was sent, and every account has been written to."""
    await net.policy("open")
    twilio: Any = net.simulators["whatsapp"]
    twilio.behaviour.receipts = False
    for channel in net.simulators:
        await net.stranger(channel, "Yan").says("hello")
    return net


@pytest.fixture
async def patient(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Net]:
    """The same with the default pause in which a burst is gathered."""
    async with Net(tmp_path, clock, trinity_channels_gather_seconds=0.4) as made:
        await made.connect_all()
        await made.policy("open")
        twilio: Any = made.simulators["whatsapp"]
        twilio.behaviour.receipts = False
        yield made


async def cost(transactions: Transactions, one: Someone, text: str = "hello") -> tuple[int, int]:
    """Writing and reading transactions from the message to its reply and everything that follows."""
    transactions.restart()
    await one.says(text)
    assert one.heard()[-1] == f"echo {text}"
    return transactions.count


async def test_a_message_and_its_reply_cost_five_writing_and_one_reading(
    quick: Net, channel: str, transactions: Transactions
) -> None:
    zoe = quick.stranger(channel, "Zoe")

    first, second, third = [await cost(transactions, zoe) for _ in range(3)]

    assert (first, second, third) == (PLAIN, PLAIN, PLAIN)


async def test_the_first_message_of_a_member_whose_email_the_provider_vouches_for_costs_no_more(
    quick: Net, transactions: Transactions
) -> None:
    assert await cost(transactions, Someone(quick, "slack", "Zoe", email=EMAIL)) == PLAIN, transactions.writes


async def test_the_wait_for_the_end_of_a_burst_costs_nothing(
    patient: Net, channel: str, transactions: Transactions
) -> None:
    zoe = patient.stranger(channel, "Zoe")
    await zoe.says("hello")

    assert await cost(transactions, zoe) == PLAIN, transactions.writes


async def test_where_the_agent_must_be_shared_the_directory_is_asked_too(
    quick: Net, channel: str, transactions: Transactions
) -> None:
    await quick.policy("require_sharing")
    await quick.shares(EMAIL)
    zoe = quick.stranger(channel, "Zoe")
    await zoe.verifies(EMAIL)

    assert await cost(transactions, zoe) == (5, 2)


async def test_each_receipt_costs_one_writing_transaction(quick: Net, transactions: Transactions) -> None:
    twilio: Any = quick.simulators["whatsapp"]
    zoe = quick.stranger("whatsapp", "Zoe")
    twilio.behaviour.receipts = True

    assert await cost(transactions, zoe) == (5 + 3, 1)  # sent, delivered, read


async def test_a_turn_that_waits_for_a_slot_costs_no_more(
    tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent, transactions: Transactions
) -> None:
    async with Net(tmp_path, clock, agents=agent, trinity_channels_max_concurrent_turns=1) as net:
        await net.connect_all()
        await net.policy("open")
        yan, zoe = net.stranger("telegram", "Yan"), net.stranger("telegram", "Zoe")
        await yan.says("hello")
        agent.thinks()
        await yan.phone.says("hello")
        await agent.asked(2)
        transactions.restart()
        await zoe.phone.says("hello")
        await net.until(lambda: net.driver.counts().turns_waiting > 0)
        assert transactions.count == (1, 1)
        agent.speaks()
        await net.settle()

    assert zoe.heard() == ["echo hello"]
