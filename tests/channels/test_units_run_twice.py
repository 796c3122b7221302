"""A unit of work may run twice, because another one of its batch failed. No one notices."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.channels.net import Net, Someone
from tests.world import Agent, Found, World
from trinity_channels.agents.port import AgentFailed
from trinity_channels.store import Store, Tx

EMAIL = "zoe@example.org"


class Undone(Exception):
    """A unit that spoils its batch."""


@pytest.fixture
def undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Units are undone once before they are written."""
    write = World.database.store.write

    def spoil(_: Tx) -> None:
        raise Undone

    async def undone_first(store: Store, unit: Any) -> Any:
        units: list[Any] = [unit, spoil]
        found, _ = await asyncio.gather(*(write(store, one) for one in units), return_exceptions=True)
        if isinstance(found, BaseException):
            raise found
        return found

    monkeypatch.setattr(World.database.store, "write", undone_first)


@pytest.fixture
def twice(net: Net, undone: None) -> Net:
    """Messengers, with a host whose units are undone once before they are written."""
    assert undone is None
    return net


async def test_messages_are_answered_once_and_in_order(twice: Net, channel: str) -> None:
    await twice.policy("open")
    zoe = twice.stranger(channel, "Zoe")

    await zoe.says("first")
    await zoe.says("second")

    assert zoe.heard() == ["echo first", "echo second"]
    assert await twice.failed() == []


async def test_people_sign_in_with_one_code_and_what_was_held_is_answered(twice: Net, channel: str) -> None:
    await twice.shares(EMAIL)
    zoe = twice.stranger(channel, "Zoe")
    await zoe.says("hello")

    await zoe.verifies(EMAIL)

    assert zoe.heard()[-1] == "echo hello"
    assert len(zoe.heard()) == 4  # how to sign in, where the code is, that it was right, the answer


async def test_a_member_whose_email_the_provider_vouches_for_is_let_in(twice: Net) -> None:
    await twice.policy("require_email")
    zoe = Someone(twice, "slack", "Zoe", email=EMAIL)

    await zoe.says("hello")

    assert zoe.heard() == ["echo hello"]


@pytest.mark.parametrize("text", ["hello", "/whoami"])
@pytest.mark.usefixtures("undone")
async def test_what_was_withheld_is_reported_once(found: Found, agent: Agent, text: str) -> None:
    host = await found(agents=agent, trinity_channels_notices_per_contact=4)
    await host.policy("open")
    agent.will_answer(*[AgentFailed("broken")] * 6)
    zoe = host.person("Zoe")

    for _ in range(6):
        await zoe.says(text)

    assert len(zoe.heard()) == 4
    assert host.host.metrics.value("notices_withheld_total", channel="whatsapp", limit="contact") == 2
