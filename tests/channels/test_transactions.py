"""What a message costs: each transaction is a wait for the disk, or a thread, while the person waits for an answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.channels.net import Net, Someone
from tests.transactions import Transactions


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> Transactions:
    return Transactions(monkeypatch)


async def cost(transactions: Transactions, one: Someone, text: str = "hello") -> tuple[int, int]:
    """Writing and reading transactions from the message to its reply and everything that follows."""
    transactions.restart()
    await one.says(text)
    assert one.heard()[-1] == f"echo {text}"
    return transactions.count


async def test_each_receipt_costs_one_writing_transaction(net: Net, transactions: Transactions) -> None:
    await net.policy("open")
    twilio: Any = net.simulators["whatsapp"]
    zoe = net.stranger("whatsapp", "Zoe")
    await zoe.says("the first message of a person costs more")
    twilio.behaviour.receipts = False
    without = await cost(transactions, zoe)
    twilio.behaviour.receipts = True

    writes, reads = await cost(transactions, zoe)

    assert (writes - without[0], reads - without[1]) == (3, 0)  # sent, delivered, read
