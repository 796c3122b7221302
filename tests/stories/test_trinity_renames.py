"""The platform renames an agent and tells no one: the host finds it by a run that it began."""

from __future__ import annotations

import pytest
from starlette.responses import Response

from tests.platform.double import TOKEN, Platform
from tests.platform.worlds import agents, platform, served, waits
from tests.world import ADMIN, OWNER, Found, Person, World

__all__ = ["platform"]


@pytest.fixture
async def town(found: Found, platform: Platform) -> World:
    town = await served(found, platform)
    await town.policy("open")
    return town


@pytest.fixture
async def zoe(town: World) -> Person:
    """Someone whom the agent has answered."""
    zoe = town.person("Zoe")
    await zoe.says("before")
    await town.later(seconds=1)
    assert zoe.last() == "echo before"
    return zoe


async def names(town: World) -> list[str]:
    """The agents that have a channel."""
    listed = (await town.api("GET", "/api/agents")).json()
    return [one["name"] for one in listed if one["channels"]]


@pytest.mark.parametrize("role", ["admin", "user"])
async def test_people_are_answered_under_the_new_name(town: World, platform: Platform, zoe: Person, role: str) -> None:
    platform.accounts.user("service", "service@example.org", role)
    platform.accounts.key(TOKEN, "service")
    platform.accounts.share("support", "service@example.org")
    platform.rename("support", "helpdesk")

    await waits(town, 130, 61)
    await zoe.says("after")
    await town.later(seconds=1)

    assert zoe.last() == "echo after"
    assert await names(town) == ["helpdesk"]
    (entry,) = (await town.api("GET", "/api/audit?action=rename_agent")).json()
    assert entry["actor"] == "platform"


async def test_an_agent_that_is_gone_is_not_taken_for_another(town: World, platform: Platform, zoe: Person) -> None:
    platform.accounts.agent("sales", platform.accounts.users["olga"])
    del platform.accounts.agents["support"]

    await waits(town, 900, 61)

    assert zoe.last() == "echo before"
    assert [name for name, _ in await agents(town, ADMIN)] == ["sales", "support"]
    assert await names(town) == ["support"]


async def test_without_a_run_there_is_no_telling(town: World, platform: Platform) -> None:
    platform.rename("support", "helpdesk")

    await waits(town, 900, 61)

    assert await names(town) == ["support"]


async def test_an_agent_that_is_known_here_already_takes_over_nothing(
    town: World, platform: Platform, zoe: Person
) -> None:
    platform.accounts.agent("helpdesk", platform.accounts.users["olga"])
    await town.later(seconds=61)
    await town.api("PUT", "/api/agents/helpdesk/access-policy", {"policy": "open"})
    del platform.accounts.agents["helpdesk"]
    platform.rename("support", "helpdesk")

    await waits(town, 900, 61)

    assert zoe.last() == "echo before"
    assert await names(town) == ["support"]


async def test_it_is_found_after_the_platform_was_away(town: World, platform: Platform, zoe: Person) -> None:
    platform.rename("support", "helpdesk")
    platform.fails("accounts", *[Response(status_code=503)] * 3)
    platform.fails("execution", Response(status_code=502), Response("<html>", status_code=404))

    await waits(town, 900, 61)

    assert zoe.last() == "echo before"
    assert await names(town) == ["helpdesk"]
    assert OWNER in str(await agents(town, ADMIN))
