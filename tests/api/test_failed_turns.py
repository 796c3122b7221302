"""What failed in a conversation, and what an owner does about it by the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.resending import deliveries, half_answered
from tests.world import OWNER, Agent, Person, World
from trinity_channels import texts
from trinity_channels.agents.port import AgentFailed
from trinity_channels.web.auth import Role

TURNS = "/api/agents/support/failed-turns"
LIST = "/api/agents/support/conversations"


@pytest.fixture
async def unanswered(town: World, agent: Agent) -> Person:
    """A person whose question has no answer."""
    zoe = town.person("Zoe")
    agent.will_answer(AgentFailed("The model is gone"))
    await zoe.says("what is 6 x 7?")
    assert zoe.heard() == [texts.APOLOGY]
    return zoe


async def conversation(world: World) -> dict[str, Any]:
    """The only one."""
    (one,) = (await world.api("GET", LIST)).json()["conversations"]
    found: dict[str, Any] = (await world.api("GET", f"{LIST}/{one['id']}")).json()
    return found


async def test_an_owner_has_a_question_answered_after_all(town: World, unanswered: Person) -> None:
    owner = await town.token(Role.USER, OWNER)
    (turn,) = (await town.api("GET", TURNS, token=owner)).json()
    assert (turn["reason"], turn["messages"], turn["attempts"]) == ("The model is gone", 1, 1)

    answer = await town.api("POST", f"{TURNS}/{turn['id']}/resubmit", token=owner)
    await town.settle()  # without waiting for a sweep

    assert (answer.status_code, answer.json()["state"]) == (200, "open")
    assert unanswered.last() == "echo what is 6 x 7?"
    assert (await town.api("GET", TURNS)).json() == []
    entries = (await town.api("GET", "/api/agents/support/audit?action=resubmit_turn")).json()
    assert [(one["actor"], one["details"]) for one in entries] == [(f"user:{OWNER}", {"turn": turn["id"]})]


async def test_two_clicks_ask_once(town: World, agent: Agent, unanswered: Person) -> None:
    (turn,) = (await town.api("GET", TURNS)).json()

    answers = [await town.api("POST", f"{TURNS}/{turn['id']}/resubmit") for _ in range(2)]
    await town.settle()

    assert [one.status_code for one in answers] == [200, 404]
    assert len(agent.turns) == 2
    assert len(unanswered.heard()) == 2


async def test_a_question_that_is_given_up_leaves_nothing(town: World, unanswered: Person) -> None:
    (turn,) = (await town.api("GET", TURNS)).json()

    answer = await town.api("DELETE", f"{TURNS}/{turn['id']}")

    assert (answer.status_code, answer.json()["state"]) == (200, "given_up")
    assert (await town.api("GET", TURNS)).json() == []
    asked = (await conversation(town))["messages"][0]
    assert (asked["text"], asked["state"]) == ("", "dropped")
    assert (await town.api("GET", LIST)).json()["counts"]["attention"] == 0
    assert unanswered.heard() == [texts.APOLOGY]


@pytest.mark.parametrize("turn", ["0", "999", str(2**63 - 1), str(2**63), "x"])
async def test_a_turn_that_is_not_there_is_not_found(town: World, unanswered: Person, turn: str) -> None:
    assert unanswered.heard()
    for method, path in (("POST", f"{TURNS}/{turn}/resubmit"), ("DELETE", f"{TURNS}/{turn}")):
        assert (await town.api(method, path)).status_code in (404, 422)


async def test_an_owner_cannot_reach_the_turns_of_another_agent(town: World, unanswered: Person) -> None:
    (turn,) = (await town.api("GET", TURNS)).json()
    other = await town.token(Role.USER, "sales@example.org")
    path = f"/api/agents/sales/failed-turns/{turn['id']}"

    answers = [
        await town.api("POST", f"{path}/resubmit", token=other),
        await town.api("DELETE", path, token=other),
        await town.api("POST", f"{TURNS}/{turn['id']}/resubmit", token=other),
        await town.api("DELETE", f"{TURNS}/{turn['id']}", token=await town.token(Role.AGENT, "support")),
    ]

    assert [one.json()["code"] for one in answers] == [
        "turn_not_found",
        "turn_not_found",
        "agent_not_found",
        "agent_key_not_allowed",
    ]
    assert unanswered.heard() == [texts.APOLOGY]
    assert len((await town.api("GET", TURNS)).json()) == 1


async def test_a_conversation_says_beforehand_what_resubmit_will_do(town: World, unanswered: Person) -> None:
    assert unanswered.heard()
    (turn,) = (await conversation(town))["failed_turns"]
    assert (turn["resubmit"]["possible"], turn["reason"]) == (True, "The model is gone")
    assert "may do so a second time" in turn["resubmit"]["message"]

    await town.later(hours=25)  # the provider takes an answer only within a day
    (turn,) = (await conversation(town))["failed_turns"]
    answer = await town.api("POST", f"{TURNS}/{turn['id']}/resubmit")

    assert (turn["resubmit"]["possible"], turn["resubmit"]["code"]) == (False, "window_closed")
    assert (answer.status_code, answer.json()["message"]) == (409, turn["resubmit"]["message"])


async def test_a_conversation_says_beforehand_what_resend_will_do(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    await half_answered(town, agent, monkeypatch)
    said = (await conversation(town))["messages"][-1]
    (listed,) = (await town.api("GET", LIST)).json()["conversations"]

    answer = await town.api("POST", f"/api/agents/support/deliveries/{said['resend']['delivery_id']}/resend")
    await town.much_later()

    assert (listed["undelivered"], listed["needs"]) == (1, ["attention"])
    assert said["resend"]["possible"]
    assert "The person already has part 1 of" in said["resend"]["message"]
    assert answer.json()["message"] == said["resend"]["message"]
    assert (await conversation(town))["messages"][1]["resend"] is None
    assert {one["state"] for one in await deliveries(town)} == {"read"}


async def test_a_conversation_says_why_nothing_can_be_sent_again(town: World, unheard: Person) -> None:
    await town.blocks(unheard)

    said = (await conversation(town))["messages"][-1]

    assert (said["resend"]["possible"], said["resend"]["code"]) == (False, "blocked")
    assert said["resend"]["message"] == "The owner has blocked this person."
    assert [(one["words"], one["error_code"]) for one in said["deliveries"]] == [("Not delivered", "20003")]
