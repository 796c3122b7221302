"""A binding is healthy only when the last steps of the chain are known to work; otherwise the step is named with its fix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from tests.world import ADMIN, KEY, PUBLIC, Agent, World
from trinity_channels.api import Fault
from trinity_channels.settings import Settings

INSIDE = "http://chat.example.org"
"""Reaches the host whatever its public address is."""


async def states(world: World) -> dict[str, str]:
    """The binding's health in one word (as "health"), and every check that is not fine."""
    health = (await world.binding())["health"]
    assert all(one["fix"] for one in health["checks"] if one["state"] != "ok")
    return {"health": health["state"]} | {one["code"]: one["state"] for one in health["checks"] if one["state"] != "ok"}


async def probed(world: World) -> Any:
    answer = await world.api("POST", "/api/settings/public_chat_url/probe")
    return answer.json()[0]


async def test_a_new_binding_waits_for_its_first_message_and_a_proof_of_the_way_in(world: World) -> None:
    assert await states(world) == {"health": "waiting", "webhook_path": "unknown", "inbound": "unknown"}

    await probed(world)

    assert await states(world) == {"health": "waiting", "inbound": "unknown"}


async def test_a_conversation_proves_all_of_it(town: World) -> None:
    await town.person("Zoe").says("hello")

    assert await states(town) == {"health": "ok"}


async def test_a_probe_that_fails_needs_attention_until_a_message_arrives(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.later(minutes=1)
    town.network.serve({PUBLIC: PlainTextResponse("Bad Gateway", 502)})
    answer = await town.http.post(
        f"{INSIDE}/api/settings/public_chat_url/probe", headers={"Authorization": f"Bearer {ADMIN}"}
    )
    town.network.serve({PUBLIC: town.app})

    check = await town.check("webhook_path")
    assert answer.json()[0]["works"] is False
    assert await states(town) == {"health": "attention", "webhook_path": "failed"}
    assert check["message"].startswith("A probe through the public address failed at 2026-03-02 09:01 UTC. The proxy")

    await town.later(minutes=1)
    await zoe.says("again")

    assert await states(town) == {"health": "ok"}


async def test_a_lost_key_needs_attention(world: World) -> None:
    await world.person("Zoe").says("hello")
    await world.stops()
    world.settings = Settings.load(
        **(world.settings.model_dump(by_alias=True) | {"credential_encryption_key": "11" * 32})
    )
    await world.starts()

    assert await states(world) == {"health": "attention", "credentials": "failed"}
    assert "A stored secret needs the key" in (await world.check("credentials"))["message"]


async def test_a_key_that_is_one_of_several_is_not_lost(world: World) -> None:
    await world.person("Zoe").says("hello")
    await world.stops()
    keys = f"{'11' * 32},{KEY}"
    world.settings = Settings.load(**(world.settings.model_dump(by_alias=True) | {"credential_encryption_key": keys}))
    await world.starts()

    assert await states(world) == {"health": "ok"}


async def test_a_refused_webhook_needs_attention_until_one_is_accepted(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.later(minutes=1)
    await town.posts(await town.webhook(), town.inbound(), token="fake-" * 6)

    assert await states(town) == {"health": "attention", "signature": "failed"}

    await town.later(minutes=1)
    await zoe.says("again")

    assert await states(town) == {"health": "ok"}


async def test_a_message_that_was_refused_needs_attention_until_one_is_taken(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")

    assert await states(town) == {"health": "attention", "outbound": "failed"}

    await zoe.says("again")

    assert await states(town) == {"health": "ok"}


async def test_a_question_that_came_too_late_is_not_the_agents_failure(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says("hello")
    await agent.asked(1)
    await town.dies()
    town.clock.tick(timedelta(hours=25))
    agent.speaks()
    await town.starts()

    assert (await town.check("agent"))["state"] == "ok"
    assert await states(town) == {"health": "attention", "parked": "warning"}
    assert "1 question waits for your decision." in (await town.check("parked"))["message"]
    assert "waited for more than 24 hours" in (await town.check("parked"))["message"]

    await town.later(minutes=1)
    await zoe.says("again")

    assert await states(town) == {"health": "ok"}
    assert (await town.check("parked"))["state"] == "ok"


async def test_the_webhook_address_is_part_of_no_finding(town: World) -> None:
    await probed(town)
    key = (await town.webhook()).removeprefix(f"{PUBLIC}/api/whatsapp/webhook/")

    assert key not in str((await town.binding())["health"])


LOCAL = [
    "http://127.0.0.1:8000",
    "http://localhost:8000",
    "https://localhost",
    "http://[::1]:8000",
    "http://a.localhost",
]


@pytest.mark.parametrize("address", LOCAL)
async def test_an_address_of_this_machine_is_for_simulators_only(world: World, address: str) -> None:
    changed = await world.api("PUT", "/api/settings/public_chat_url", {"value": address})

    check = await world.check("public_chat_url")
    assert check["state"] == "warning"
    assert "an address of this machine" in check["message"]
    assert "use the simulator of WhatsApp" in check["fix"]
    assert check["actions"] == ["set_public_url"]
    assert "only a simulator here can reach it" in changed.json()["warning"]


@pytest.mark.parametrize("address", LOCAL)
async def test_an_address_of_this_machine_is_right_beside_a_simulator(world: World, address: str) -> None:
    await world.stops()
    simulated = {"twilio_api_base_url": "http://127.0.0.1:8010/whatsapp"}
    world.settings = world.settings.model_copy(update={"api_base_urls": simulated})
    await world.starts()
    await world.api("PUT", "/api/settings/public_chat_url", {"value": address})

    check = await world.check("public_chat_url")

    assert (check["state"], "so is the simulator of WhatsApp" in check["message"]) == ("ok", True)


@pytest.mark.parametrize(
    "address", ["http://192.0.2.7", "http://localhost.example.org", "http://127.0.0.1.example.org"]
)
async def test_another_address_without_tls_needs_a_certificate(world: World, address: str) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": address})

    check = await world.check("public_chat_url")

    assert (check["state"], "starts with http://" in check["message"]) == ("warning", True)
