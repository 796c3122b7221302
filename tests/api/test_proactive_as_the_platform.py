"""Messages that an agent sends first, as clients of the platform ask for them and read the answer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.world import OWNER, Person, World
from trinity_channels.web.auth import Role

PATH = "/api/agents/support/messages"
ZOE = "zoe@example.org"


async def send(world: World, **body: Any) -> httpx.Response:
    """Ask with the agent's own key, and with everything that the platform's MCP server always sends."""
    given = {"text": "news", "channel": "whatsapp", "reply_to_thread": False, **body}
    answer = await world.api("POST", PATH, given, token=await world.token(Role.AGENT, "support"))
    await world.settle()
    return answer


async def test_the_answer_has_what_the_platform_s_clients_read(world: World, zoe: Person) -> None:
    told = (await send(world, recipient_email=ZOE, execution_id="exec-1")).json()

    assert {name: told[name] for name in ("success", "channel", "error", "repeated")} == {
        "success": True,
        "channel": "whatsapp",
        "error": None,
        "repeated": False,
    }
    assert told["message_id"]
    assert zoe.last() == "news"


async def test_a_message_that_failed_is_no_success(world: World, zoe: Person) -> None:
    zoe.phone.refuse_with = 21610
    sent = (await send(world, recipient_email=ZOE)).json()

    later = (await world.api("GET", f"{PATH}/{sent['message_id']}")).json()

    assert (sent["success"], later["success"]) == (True, False)
    assert "unsubscribed" in later["error"]


SAME = {"recipient_email": ZOE, "execution_id": "exec-1"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SAME, SAME),
        (SAME, SAME | {"text": "the same, in other words"}),
        (SAME | {"dedup_label": "a"}, SAME | {"dedup_label": "a"}),
        (SAME, SAME | {"dedup_label": None}),
        (SAME, {"recipient_email": ZOE.upper(), "execution_id": "exec-1"}),
        (SAME | {"idempotency_key": "k"}, SAME | {"idempotency_key": "k", "execution_id": "exec-2"}),
    ],
)
async def test_one_execution_sends_a_message_once(
    world: World, zoe: Person, first: dict[str, Any], second: dict[str, Any]
) -> None:
    before = len(zoe.heard())

    answers = [(await send(world, **body)).json() for body in (first, second)]

    assert len(zoe.heard()) == before + 1
    assert answers[0]["message_id"] == answers[1]["message_id"]
    assert [one["repeated"] for one in answers] == [False, True]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SAME, SAME | {"execution_id": "exec-2"}),
        (SAME, SAME | {"dedup_label": "a"}),
        (SAME | {"dedup_label": "a"}, SAME | {"dedup_label": "b"}),
        (SAME, SAME | {"idempotency_key": "k"}),
        # Without an execution a label says nothing about what it belongs to.
        ({"recipient_email": ZOE, "dedup_label": "a"}, {"recipient_email": ZOE, "dedup_label": "a"}),
        ({"recipient_email": ZOE}, {"recipient_email": ZOE, "execution_id": None}),
    ],
)
async def test_what_differs_is_another_message(
    world: World, zoe: Person, first: dict[str, Any], second: dict[str, Any]
) -> None:
    before = len(zoe.heard())

    for body in (first, second):
        assert (await send(world, **body)).json()["repeated"] is False

    assert len(zoe.heard()) == before + 2


async def test_primary_is_the_owner(world: World) -> None:
    boss = world.person("Boss")
    await boss.verifies(OWNER)

    answer = await send(world, to="primary")

    assert answer.status_code == 200
    assert boss.last() == "news"
    assert OWNER not in answer.text


@pytest.mark.parametrize("role", ["approver", "viewer"])
async def test_a_role_that_no_one_is_known_in_is_refused(world: World, role: str) -> None:
    answer = await send(world, to=role)

    told = answer.json()
    assert (answer.status_code, told["code"], told["field"], told["role"]) == (422, "role_unassigned", "to", role)
    assert role in told["detail"]
    assert "write to primary" in told["detail"]


async def test_a_refusal_by_role_does_not_name_the_person(world: World) -> None:
    answer = await send(world, to="primary")

    assert (answer.status_code, answer.json()["code"]) == (404, "recipient_not_linked")
    assert OWNER not in answer.text


async def test_strangers_learn_nothing_of_roles(world: World) -> None:
    token = await world.token(Role.AGENT, "sales")

    answers = [
        await world.api("POST", f"/api/agents/{agent}/messages", {"to": to, "text": "news"}, token=token)
        for agent in ("support", "nobody")
        for to in ("primary", "viewer")
    ]

    assert {(one.status_code, one.json()["code"]) for one in answers} == {(404, "agent_not_found")}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "recipient_email"),
        ({"recipient_email": None, "to": None}, "recipient_email"),
        ({"recipient_email": ZOE, "to": "primary"}, "to"),
        ({"to": "boss"}, "to"),
        ({"to": "PRIMARY"}, "to"),
        ({"to": ""}, "to"),
        ({"recipient_email": ZOE, "execution_id": "x" * 201}, "execution_id"),
        ({"recipient_email": ZOE, "execution_id": ""}, "execution_id"),
        ({"recipient_email": ZOE, "dedup_label": "x" * 201}, "dedup_label"),
        ({"recipient_email": ZOE, "reply_to_thread": "perhaps"}, "reply_to_thread"),
        ({"recipient_email": ZOE, "channel": "web"}, "channel"),
    ],
)
async def test_what_cannot_be_meant_is_refused(world: World, body: dict[str, Any], field: str) -> None:
    answer = await send(world, **body)

    assert (answer.status_code, answer.json()["field"]) == (422, field)
