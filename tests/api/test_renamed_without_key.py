"""An agent is renamed while the encryption key of its secrets is lost: they are sealed for the agent's name."""

from __future__ import annotations

import pytest

from tests.api.test_lost_key import started_with
from tests.world import KEY, World

OTHER = "11" * 32
PATH = "/api/agents/{}/whatsapp"


async def renames(world: World) -> tuple[int, str]:
    """Tell the host that `support` is called `my-agent` now; the status, and the code or whether anything moved."""
    answer = await world.api("POST", "/api/settings/agent-renamed", {"agent": "support", "name": "my-agent"})
    told = answer.json()
    return answer.status_code, told.get("code") or f"moved {told['moved']}"


async def retire_an_address(world: World) -> str:
    """The address that is replaced by another one."""
    url = await world.webhook()
    assert (await world.api("POST", f"{PATH.format('support')}/rotate-webhook")).status_code == 200
    return url


@pytest.fixture
async def open_world(world: World) -> World:
    await world.policy("open")
    await world.api("POST", "/api/settings/agent-deleted", {"agent": "my-agent"})  # nothing is stored for that name
    return world


async def test_a_connected_channel_keeps_everything_as_it_is_until_the_key_is_back(open_world: World) -> None:
    world = open_world
    zoe = world.person("Zoe")
    await zoe.says("before")
    await started_with(OTHER, world)

    assert await renames(world) == (503, "vault_locked")

    assert (await world.api("GET", PATH.format("support"))).json()["configured"] is True
    assert (await world.api("GET", PATH.format("my-agent"))).json()["configured"] is False
    await started_with(KEY, world)
    await zoe.says("between")
    assert await renames(world) == (200, "moved True")
    await zoe.says("after")
    assert zoe.heard() == ["echo before", "echo between", "echo after"]


async def test_the_refusal_names_the_setting_with_the_key(open_world: World) -> None:
    await started_with(OTHER, open_world)

    answer = await open_world.api("POST", "/api/settings/agent-renamed", {"agent": "support", "name": "my-agent"})

    assert "TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY" in answer.json()["message"]
    audit = (await open_world.api("GET", "/api/audit?action=rename_agent")).json()
    assert audit == []


async def test_a_channel_that_is_disconnected_gets_another_address(open_world: World) -> None:
    world = open_world
    url = await world.webhook()
    await world.api("DELETE", PATH.format("support"))
    await started_with(OTHER, world)

    assert await renames(world) == (200, "moved True")

    assert (await world.connect("my-agent")).status_code == 200
    assert await world.webhook("my-agent") != url
    zoe = world.person("Zoe")
    await zoe.says("hello")
    assert zoe.heard() == ["echo hello"]


async def test_an_address_that_was_replaced_under_the_lost_key_stays_closed(open_world: World) -> None:
    world = open_world
    former = await retire_an_address(world)
    await started_with(OTHER, world)
    assert (await world.connect()).status_code == 200  # entered again, which seals everything but the replaced address

    assert await renames(world) == (200, "moved True")

    zoe = world.person("Zoe")
    await zoe.says("hello")
    assert zoe.heard() == ["echo hello"]
    answer = await world.posts(former, world.inbound("to the former address"))
    assert answer.status_code != 200
    assert zoe.heard() == ["echo hello"]


async def test_it_moves_under_two_keys_of_which_the_older_one_sealed(open_world: World) -> None:
    await started_with(f"{OTHER},{KEY}", open_world)

    assert await renames(open_world) == (200, "moved True")

    await started_with(OTHER, open_world)
    zoe = open_world.person("Zoe")
    await zoe.says("hello")
    assert zoe.heard() == ["echo hello"]
