"""The binding API: the guide's four endpoints, one agent for an account, saving again, rotating, disconnecting."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import PUBLIC, Agent, Found, World
from trinity_channels.web.auth import Role

PATH = "/api/agents/support/whatsapp"
SHOWN = {
    "agent_name",
    "configured",
    "account_sid",
    "from_number",
    "messaging_service_sid",
    "display_name",
    "is_sandbox",
    "webhook_url",
    "warning",
}


async def test_an_agent_without_whatsapp_says_so(bare: World) -> None:
    answer = await bare.api("GET", PATH)

    assert answer.status_code == 200
    assert answer.json().keys() >= SHOWN
    assert (answer.json()["agent_name"], answer.json()["configured"]) == ("support", False)


async def test_the_guides_commands_work(bare: World) -> None:
    path = "/api/agents/my-agent/whatsapp"
    given = bare.twilio.settings(sandbox=True)
    tester = bare.person("Tester", "+15551234567")
    await tester.phone.joins_sandbox()

    connected = await bare.api("PUT", path, dict(given))
    status = await bare.api("GET", path)
    verified = await bare.api("POST", f"{path}/test", {})
    to = {"to_number": "whatsapp:+15551234567", "message": "Test from Trinity"}
    sent = await bare.api("POST", f"{path}/test", to)
    await bare.settle()
    removed = await bare.api("DELETE", path)

    assert [one.status_code for one in (connected, status, verified, sent, removed)] == [200] * 5
    assert status.json() == connected.json()
    assert status.json()["from_number"] == "whatsapp:+14155238886"
    assert status.json()["is_sandbox"] is True
    assert status.json()["webhook_url"].startswith(f"{PUBLIC}/api/whatsapp/webhook/")
    assert (verified.json()["ok"], sent.json()["ok"]) == (True, True)
    assert tester.last() == "Test from Trinity"


async def test_an_account_belongs_to_one_agent(world: World) -> None:
    """The admin manages both, so the conflict is named; a stranger learns only that there is one."""
    by_admin = await world.connect("sales")
    stranger = await world.token(Role.USER, "sales@example.org")
    by_other = await world.api("PUT", "/api/agents/sales/whatsapp", dict(world.twilio.settings()), token=stranger)

    assert (by_admin.status_code, by_admin.json()["agent"]) == (409, "support")
    assert (by_other.status_code, by_other.json()["code"]) == (409, "account_in_use")
    assert "support" not in by_other.text
    assert (await world.binding("sales"))["configured"] is False


async def test_a_freed_account_can_move_to_another_agent(world: World) -> None:
    await world.api("DELETE", PATH)

    assert (await world.connect("sales")).status_code == 200
    back = await world.connect("support")
    assert (back.status_code, back.json()["agent"]) == (409, "sales")


async def test_saving_again_keeps_the_token_and_the_webhook(world: World) -> None:
    before = await world.webhook()
    again = {name: value for name, value in world.twilio.settings().items() if name != "auth_token"}

    answer = await world.api("PUT", PATH, again)

    assert (answer.status_code, answer.json()["webhook_url"]) == (200, before)
    assert (await world.posts(before, world.inbound())).status_code == 200


async def test_an_empty_token_field_of_a_form_keeps_the_token(world: World) -> None:
    assert (await world.connect(auth_token="")).status_code == 200


@pytest.mark.parametrize(
    "change", [{"auth_token": "0" * 32}, {"from_number": "x"}, {"account_sid": "AC" + "f" * 32}, {"colour": 1}]
)
async def test_a_failed_change_leaves_everything_as_it_was(world: World, change: dict[str, Any]) -> None:
    await world.policy("open")
    before = await world.binding()

    assert (await world.connect(**change)).status_code in {400, 422}

    assert await world.binding() == before
    zoe = world.person("Zoe")
    await zoe.says("still there?")
    assert zoe.heard() == ["echo still there?"]


async def test_disconnecting_keeps_people_and_history_and_says_so(found: Found, agent: Agent) -> None:
    world = await found(agents=agent)
    zoe = world.person("Zoe")
    await world.shares("zoe@example.org")
    await zoe.verifies("zoe@example.org")
    await zoe.says("remember swordfish")

    gone = await world.api("DELETE", PATH)
    again = await world.api("DELETE", PATH)
    assert "kept" in gone.json()["message"]
    assert (again.status_code, again.json()["code"]) == (404, "not_connected")
    await zoe.says("anybody?")
    assert len(agent.turns) == 1

    await world.connect()
    await zoe.says("what was it?")
    assert zoe.last() == "echo what was it?"
    assert [message.text for message in agent.turns[-1].history] == ["remember swordfish", "echo remember swordfish"]


async def test_after_disconnecting_the_token_is_forgotten(world: World) -> None:
    await world.api("DELETE", PATH)
    given = {name: value for name, value in world.twilio.settings().items() if name != "auth_token"}

    assert (await world.api("PUT", PATH, given)).json()["field"] == "auth_token"


@pytest.mark.parametrize(
    ("method", "path", "body"), [("DELETE", "", None), ("POST", "/test", {}), ("POST", "/rotate-webhook", None)]
)
async def test_what_is_not_connected_cannot_be_used(bare: World, method: str, path: str, body: object) -> None:
    answer = await bare.api(method, f"{PATH}{path}", body)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_connected")
