"""What an owner sees of an agent that fails: the check `agent` of a binding's health."""

from __future__ import annotations

import pytest

from tests.agents.apis import KEY, Api, openai
from tests.world import Agent, Found, World
from trinity_channels.agents.port import AgentFailed, AgentUnavailable

GONE = AgentFailed("The agent's API answered 404.", detail="The model small does not exist.")

FIRST_FAILURE = (
    "The agent failed: 1 question has no answer. The last reason, at 2026-03-02 09:00 UTC: "
    "The agent's API answered 404. It said: The model small does not exist. It has had no success yet."
)


async def health(world: World) -> tuple[str, str, str]:
    """The binding's health in one word, and the state and the words of the check."""
    check = await world.check("agent")
    return (await world.binding())["health"]["state"], check["state"], check["message"]


async def test_before_anyone_has_written_nothing_is_wrong(town: World) -> None:
    assert await health(town) == ("waiting", "ok", "No question has failed.")


async def test_an_agent_that_answers_is_fine(town: World) -> None:
    await town.person("Zoe").says("hello")

    assert await health(town) == ("ok", "ok", "No question has failed. The last success was at 2026-03-02 09:00 UTC.")


async def test_silence_that_was_meant_is_a_success(town: World, agent: Agent) -> None:
    agent.will_answer("[NO_REPLY]")

    await town.person("Zoe").says("hello")

    assert await health(town) == ("ok", "ok", "No question has failed. The last success was at 2026-03-02 09:00 UTC.")


async def test_an_agent_that_never_answered_is_told_with_its_reason(town: World, agent: Agent) -> None:
    agent.will_answer(GONE)

    await town.person("Zoe").says("hello")

    assert await health(town) == ("attention", "failed", FIRST_FAILURE)
    assert "The model small does not exist." in (await town.binding())["warning"]


@pytest.mark.parametrize("pause", [0, 5])
async def test_an_agent_that_fails_after_answers_is_told_with_its_last_success(
    town: World, agent: Agent, pause: int
) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.later(minutes=pause)
    agent.will_answer(GONE, GONE)
    await zoe.says("again")
    await zoe.says("and again")

    whole, state, message = await health(town)

    assert (whole, state) == ("attention", "failed")
    assert message.startswith(
        f"The agent failed: 2 questions have no answer. The last reason, at 2026-03-02 09:0{pause} UTC:"
    )
    assert message.endswith("The last success was at 2026-03-02 09:00 UTC.")


@pytest.mark.parametrize("pause", [0, 5])
async def test_a_success_clears_it_and_what_is_parked_stays_told(town: World, agent: Agent, pause: int) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(GONE)
    await zoe.says("hello")
    await town.later(minutes=pause)
    await zoe.says("again")

    whole, state, message = await health(town)

    assert (whole, state) == ("ok", "ok")
    assert message.startswith("The agent failed: 1 question has no answer. The last reason, at 2026-03-02 09:00 UTC:")


async def test_a_parked_turn_that_is_answered_at_last_is_forgotten(town: World, agent: Agent) -> None:
    agent.will_answer(GONE)
    await town.person("Zoe").says("hello")
    (parked,) = await town.failed()

    await town.resubmits(parked.id)

    assert await health(town) == ("ok", "ok", "No question has failed. The last success was at 2026-03-02 09:00 UTC.")


async def test_a_parked_turn_of_an_erased_person_is_forgotten_with_its_reason(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentFailed("400", detail="bad text: my diary"))
    await zoe.says("my diary")
    client = await town.client(zoe)

    await town.api("DELETE", f"/api/agents/support/clients/{client['id']}")

    assert (await town.check("agent"))["message"] == "No question has failed."
    await town.stops()
    assert "my diary" not in town.everything()
    await town.starts()


async def test_an_agent_that_cannot_be_reached_is_told_while_it_is_tried_again(town: World, agent: Agent) -> None:
    agent.will_answer(AgentUnavailable("connection refused"))
    await town.person("Zoe").says("hello")

    reason = "The last reason, at 2026-03-02 09:00 UTC: connection refused."
    words = f"1 question is tried again. {reason} It has had no success yet."
    assert await health(town) == ("attention", "failed", f"The agent failed: {words}")

    await town.later(seconds=2)
    assert (await health(town))[:2] == ("ok", "ok")


async def test_each_binding_tells_of_its_own_turns(town: World, agent: Agent) -> None:
    sender = town.twilio.add_sender("+16285550111", account=town.twilio.add_account("Sales"))
    await town.connect("sales", **town.twilio.settings(sender=sender))
    town.twilio.connect(await town.webhook())
    agent.will_answer(GONE)
    await town.person("Zoe").says("hello")

    assert (await town.check("agent"))["state"] == "failed"
    others = (await town.binding("sales"))["health"]["checks"]
    assert [one["message"] for one in others if one["code"] == "agent"] == ["No question has failed."]


async def test_the_api_s_own_words_reach_the_owner_and_hold_no_secret(found: Found) -> None:
    api = Api()
    api.answers_with({"error": {"message": f"Incorrect API key provided: {KEY}, ask zoe@example.org"}}, status=401)
    town = await found(agents=openai(api))
    await town.policy("open")

    await town.person("Zoe").says("hello")

    assert "401. It said: Incorrect API key provided: ***, ask z***@example.org." in (await health(town))[2]
