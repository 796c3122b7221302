"""How fast one person may write."""

from __future__ import annotations

from tests.world import Agent, World
from trinity_channels import texts


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
