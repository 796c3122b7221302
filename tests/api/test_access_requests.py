"""Access requests over the API: with what was written first, and several decided at once."""

from __future__ import annotations

import pytest

from tests.world import OWNER, World
from trinity_channels.web.auth import Role

PATH = "/api/agents/support/access-requests"


async def asks(world: World, name: str, *words: str) -> None:
    """Someone writes, signs in, and waits for the owner."""
    person = world.person(name)
    await person.says(*words)
    await person.verifies(f"{name.lower()}@example.org")


async def test_a_request_comes_with_what_was_written_first(world: World) -> None:
    await asks(world, "Zoe", "May I come in?", "Hello?", "Anyone?")
    await world.person("Yan").verifies("yan@example.org")

    found = {one["email"]: (one["first_message"], one["held_messages"]) for one in await world.requests()}
    await world.decides("zoe@example.org")
    (decided,) = await world.requests("approved")

    assert found == {"zoe@example.org": ("May I come in?", 3), "yan@example.org": (None, 0)}
    assert (decided["first_message"], decided["held_messages"]) == (None, 0)


async def test_several_are_decided_and_each_refusal_is_told(world: World) -> None:
    for name in ("Zoe", "Yan", "Xia"):
        await asks(world, name, "hello")
    ids = {one["email"]: one["id"] for one in await world.requests()}
    await world.decides("zoe@example.org", approve=False)

    body = {"ids": [*ids.values(), ids["yan@example.org"], 4711], "approve": True}
    answer = await world.api("POST", f"{PATH}/decide", body, token=await world.token(Role.USER, OWNER))

    assert answer.status_code == 200
    told = answer.json()
    assert sorted((one["email"], one["status"]) for one in told["decided"]) == [
        ("xia@example.org", "approved"),
        ("yan@example.org", "approved"),
    ]
    assert {one["id"]: one["code"] for one in told["refused"]} == {
        ids["zoe@example.org"]: "already_decided",
        4711: "request_not_found",
    }


@pytest.mark.parametrize(
    "body",
    [
        {"ids": [], "approve": True},
        {"ids": [0], "approve": True},
        {"ids": [2**63], "approve": True},
        {"ids": list(range(1, 102)), "approve": True},
        {"ids": [1]},
        {"approve": True},
    ],
)
async def test_what_names_no_decision_is_refused(world: World, body: dict[str, object]) -> None:
    assert (await world.api("POST", f"{PATH}/decide", body)).status_code == 422


@pytest.mark.parametrize(
    ("before", "gain", "lose"), [("open", 0, 1), ("require_email", 2, 1), ("require_sharing", 2, 0)]
)
async def test_a_policy_may_let_in_some_and_shut_out_others(world: World, before: str, gain: int, lose: int) -> None:
    await world.person("Yan").says("hello")
    await world.person("Xia").says("hello")
    await world.person("Zoe").verifies("zoe@example.org")
    await world.shares("wim@example.org")
    await world.person("Wim").verifies("wim@example.org")
    await world.policy(before)

    effects = (await world.api("GET", "/api/agents/support/access-policy/effects")).json()["effects"]

    told = {one["policy"]: (one["clients_allowed"], one["clients_gain"], one["clients_lose"]) for one in effects}
    assert told["open_until_verified"] == (3, gain, lose)


async def test_only_the_owner_and_administrators_decide_or_see_effects(world: World) -> None:
    await asks(world, "Zoe", "hello")
    foreign = await world.token(Role.USER, "sales@example.org")
    agent = await world.token(Role.AGENT, "support")

    answers = [
        await call
        for token in (foreign, agent)
        for call in (
            world.api("POST", f"{PATH}/decide", {"ids": [1], "approve": True}, token=token),
            world.api("GET", "/api/agents/support/access-policy/effects", token=token),
        )
    ]

    assert [one.status_code for one in answers] == [404, 404, 403, 403]
    assert len(await world.requests()) == 1
