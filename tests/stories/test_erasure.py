"""What stays of someone who was erased: nothing that can be read, and a block if they were blocked."""

from __future__ import annotations

import pytest

from tests.world import KEY, Agent, Person, World
from trinity_channels.bindings.reseal import reseal
from trinity_channels.settings import Settings

NUMBER = "+15557770001"
NEW_KEY = "11" * 32


def stored(world: World) -> str:
    """Everything the database holds."""
    return world.everything()


async def erase(world: World, person: Person) -> int:
    """Erase someone; their former id."""
    client = await world.client(person)
    answer = await world.api("DELETE", f"/api/agents/support/clients/{client['id']}")
    assert (answer.status_code, answer.json()["blocked"]) == (200, client["blocked"])
    identity: int = client["id"]
    return identity


async def gone(world: World, name: str = "Zoe", *, blocked: bool = True) -> Person:
    """A person who wrote, was blocked, and was erased."""
    person = world.person(name, NUMBER)
    await person.says("my secret question")
    if blocked:
        await world.blocks(person)
    await erase(world, person)
    return person


async def restarts(world: World, keys: str) -> None:
    """Start the host with other encryption keys."""
    await world.stops()
    settings = world.settings.model_dump(by_alias=True)
    world.settings = Settings.load(**(settings | {"credential_encryption_key": keys}))
    await world.starts()


async def test_of_a_blocked_person_who_was_erased_nothing_can_be_read(town: World) -> None:
    zoe = await gone(town)

    left = stored(town)

    assert "my secret question" not in left
    assert zoe.phone.name not in left
    assert NUMBER not in left
    assert zoe.phone.user_id(town.twilio.account) not in left


async def test_a_blocked_person_who_was_erased_is_still_blocked(town: World, agent: Agent) -> None:
    zoe = await gone(town)

    await zoe.says("let me in")

    assert len(agent.turns) == 1
    assert zoe.heard() == ["echo my secret question"]
    assert (await town.client(zoe))["blocked"]
    assert "let me in" not in stored(town)


async def test_so_they_are_when_they_were_erased_twice(town: World, agent: Agent) -> None:
    zoe = await gone(town)
    await zoe.says("let me in")
    await erase(town, zoe)

    await zoe.says("and now?")

    assert len(agent.turns) == 1


async def test_a_person_who_was_not_blocked_comes_back_as_new(town: World, agent: Agent) -> None:
    zoe = await gone(town, blocked=False)

    await zoe.says("hello again")

    assert len(agent.turns) == 2


async def test_a_blocked_person_is_recognised_by_the_id_that_stays(town: World, agent: Agent) -> None:
    zoe = await gone(town)

    zoe.phone.hides_number()
    await zoe.says("it is me")

    assert len(agent.turns) == 1


async def test_the_next_holder_of_their_number_is_not_blocked(town: World, agent: Agent) -> None:
    zoe = await gone(town)
    town.twilio.change_number(zoe.phone, "+15557770009")

    await town.person("Yan", NUMBER).says("hello")

    assert len(agent.turns) == 2


async def test_others_are_not_blocked_with_them(town: World, agent: Agent) -> None:
    await gone(town)

    await town.person("Yan", "+15557770002").says("hello")

    assert len(agent.turns) == 2


@pytest.mark.parametrize("how", ["who came back", "who was erased"])
async def test_the_owner_can_let_them_in_again(town: World, agent: Agent, how: str) -> None:
    zoe = town.person("Zoe", NUMBER)
    await zoe.says("my secret question")
    await town.blocks(zoe)
    identity = await erase(town, zoe)
    if how == "who came back":
        await zoe.says("let me in")
        identity = (await town.client(zoe))["id"]

    answer = await town.api("PUT", f"/api/agents/support/clients/{identity}/block", {"blocked": False})
    await zoe.says("thank you")
    await town.later(hours=2)
    await zoe.says("still here")

    assert (answer.status_code, answer.json()["blocked"]) == (200, False)
    assert [turn.messages[0].text for turn in agent.turns[1:]] == ["thank you", "still here"]


async def test_the_block_outlives_the_encryption_key(town: World, agent: Agent) -> None:
    zoe = await gone(town)
    await restarts(town, f"{NEW_KEY},{KEY}")
    await reseal(town.host.store, town.host.bindings.secrets)
    assert await town.host.blocks.reseal() == 1
    await restarts(town, NEW_KEY)

    await zoe.says("let me in")

    assert len(agent.turns) == 1
    assert await town.host.blocks.reseal() == 0


async def test_a_lost_key_keeps_nobody_out_and_spoils_no_later_block(town: World, agent: Agent) -> None:
    zoe = await gone(town)
    await restarts(town, NEW_KEY)
    await town.connect()
    await zoe.says("let me in")
    await town.blocks(zoe)
    await erase(town, zoe)

    await zoe.says("and now?")

    assert len(agent.turns) == 2
    assert await town.host.blocks.reseal() == 0, "the one that is lost stays for the day its key is found"
