"""A receipt starts what waits for it at once; no timer has to come first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Agent, Person, World
from trinity_channels.api import Fault

ESSAY = "This is one sentence of an essay that has many of them. " * 60


@pytest.fixture
async def zoe(town: World) -> Person:
    """Zoe, whose provider reports nothing by itself."""
    town.twilio.behaviour.receipts = False
    return town.person("Zoe")


async def reports(town: World, status: str, **fields: Any) -> None:
    """The provider reports how far the newest message got."""
    newest = next(one for one in town.twilio.account.messages.newest_first() if one.outbound)
    assert newest.status_callback
    form = town.inbound() | {"MessageSid": newest.sid, "MessageStatus": status, **fields}
    await town.posts(newest.status_callback, form)


@pytest.mark.parametrize("status", ["sent", "delivered", "read"])
async def test_the_next_part_follows_the_receipt_of_the_one_before(
    town: World, agent: Agent, zoe: Person, status: str
) -> None:
    agent.will_answer(ESSAY)
    await zoe.says("tell me")
    assert len(zoe.heard()) == 1

    await reports(town, status)

    assert len(zoe.heard()) == 2


async def test_the_next_answer_follows_a_receipt_that_ends_the_one_before(
    town: World, agent: Agent, zoe: Person
) -> None:
    agent.will_answer(ESSAY, "done")
    await zoe.says("tell me")
    await zoe.says("and then?")
    assert len(zoe.heard()) == 1

    await reports(town, "undelivered", ErrorCode="63024")

    assert zoe.last() == "done"


async def test_what_waits_behind_an_unknown_outcome_follows_its_receipt(town: World, zoe: Person) -> None:
    town.fails(Fault.CUT_AFTER)
    await zoe.says("first")
    await zoe.says("second")
    assert zoe.heard() == ["echo first"]

    await reports(town, "delivered")

    assert zoe.heard() == ["echo first", "echo second"]
