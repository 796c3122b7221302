"""How fast one person may write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.world import Agent, World
from trinity_channels import texts
from trinity_channels.store import Tx


def heard_by(agent: Agent) -> list[str]:
    """Every message the agent was given."""
    return [message.text for turn in agent.turns for message in turn.messages]


async def test_thirty_messages_a_minute_then_one_notice(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")

    await zoe.says(*map(str, range(40)))

    assert heard_by(agent) == list(map(str, range(30)))
    assert zoe.last() == texts.TOO_FAST
    assert zoe.heard().count(texts.TOO_FAST) == 1


async def test_a_minute_later_they_are_heard_again_and_told_again(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says(*map(str, range(35)))
    await town.later(seconds=61)

    await zoe.says(*map(str, range(100, 135)))

    assert heard_by(agent) == list(map(str, [*range(30), *range(100, 130)]))
    assert zoe.heard().count(texts.TOO_FAST) == 2


async def test_one_person_does_not_slow_another(town: World) -> None:
    await town.person("Flood").says(*["again"] * 40)
    zoe = town.person("Zoe")

    await zoe.says("hello")

    assert zoe.heard() == ["echo hello"]


async def test_a_flood_that_has_waited_is_dropped_in_few_transactions(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.thinks()
    zoe = town.person("Zoe")
    await zoe.phone.says("hello")
    await agent.asked(1)
    for number in range(300):
        await zoe.phone.says(f"flood {number}")
    await town.twilio.settle()
    units: list[object] = []
    write = town.host.store.write

    async def counted(unit: Callable[[Tx], Any]) -> Any:
        units.append(unit)
        return await write(unit)

    monkeypatch.setattr(town.host.store, "write", counted)
    agent.speaks()
    await town.settle()

    assert heard_by(agent) == ["hello", *(f"flood {number}" for number in range(29))]
    assert len(units) < 30  # one for each message would be 300, each after reading what waits


async def test_commands_count_too(town: World) -> None:
    zoe = town.person("Zoe")

    await zoe.says(*["/whoami"] * 40)

    assert zoe.heard() == [*[texts.NOT_LOGGED_IN] * 30, texts.TOO_FAST]


async def test_a_flood_mails_no_codes(town: World) -> None:
    zoe = town.person("Zoe")

    await zoe.says(*["hello"] * 30, "/login zoe@example.org")

    assert not town.mails.mails


async def test_the_limit_holds_across_a_restart(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says(*map(str, range(30)))
    await town.stops()
    await town.starts()

    await zoe.says("one more")

    assert zoe.last() == texts.TOO_FAST


async def test_a_clock_that_is_set_back_does_not_count_what_is_still_to_come(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says(*map(str, range(30)))

    await town.later(hours=-1)
    await zoe.says("hello")

    assert zoe.last() == "echo hello"
