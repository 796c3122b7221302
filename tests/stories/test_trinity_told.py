"""What an agent on the platform is told beside the messages: with whom it talks, the owner's instructions, its session."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from tests.platform.double import Platform
from tests.platform.worlds import beside, platform, town, waits
from tests.world import Found, Person, World

__all__ = ["platform", "town"]


async def test_the_agent_is_told_that_it_talks_and_with_whom(town: World, platform: Platform) -> None:
    zoe = town.person("Zoe")
    await zoe.verifies("zoe@example.org")

    await zoe.says("hello")

    (asked,) = platform.asked()
    told = asked["system_prompt"]
    assert "conversation on a messenger, not an unattended task" in told
    facts = json.loads(told.split("\n")[1])
    assert facts["sender_email_verified"] == "zoe@example.org"


async def test_the_public_prompt_and_model_of_the_platform_count(town: World, platform: Platform) -> None:
    agent = platform.accounts.agents["support"]
    agent.prompt, agent.model = "Speak of shoes only.", "haiku"
    zoe = town.person("Zoe")
    await zoe.says("one")
    await waits(town, 5)
    agent.prompt, agent.model = "Speak of hats only.", None
    await zoe.says("two")  # within a minute what was read counts
    await waits(town, 60)
    await zoe.says("three")

    first, second, third = platform.asked()
    assert first["system_prompt"].endswith("Speak of shoes only.")
    assert first["model"] == second["model"] == "haiku"
    assert second["system_prompt"] == first["system_prompt"]
    assert third["system_prompt"].endswith("Speak of hats only.")
    assert "model" not in third


async def test_what_was_read_last_counts_while_the_settings_cannot_be_read(town: World, platform: Platform) -> None:
    platform.accounts.agents["support"].prompt = "Speak of shoes only."
    zoe = town.person("Zoe")
    await zoe.says("one")
    await waits(town, 65)
    platform.fails("accounts", Response(status_code=500), Response(status_code=500))
    await zoe.says("two")

    assert platform.asked()[1]["system_prompt"].endswith("Speak of shoes only.")


@pytest.mark.parametrize(
    "failures",
    [
        (Response(status_code=503), httpx.ReadTimeout("slow")),
        (Response("404 page not found", 404), Response("404 page not found", 404)),  # of a proxy
        (Response("<html>Sign in</html>"), Response(status_code=302, headers={"Location": "/signin"})),
    ],
)
async def test_no_run_begins_without_the_owner_s_instructions(
    town: World, platform: Platform, failures: tuple[Response | Exception, ...]
) -> None:
    platform.accounts.agents["support"].prompt = "Speak of shoes only."
    platform.fails("accounts", *failures)
    zoe = town.person("Zoe")
    await zoe.says("hello")
    assert len(platform.executions) == 0

    await waits(town, 30)

    assert platform.asked()[0]["system_prompt"].endswith("Speak of shoes only.")
    assert zoe.heard() == ["echo hello"]


async def test_what_the_owner_has_set_here_wins(town: World, platform: Platform) -> None:
    agent = platform.accounts.agents["support"]
    agent.prompt, agent.model = "Speak of shoes only.", "haiku"
    await town.api("PUT", "/api/agents/support/public-prompt", {"public_channel_system_prompt": "Be brief."})
    await town.api("PUT", "/api/agents/support/public-channel-model", {"model": "opus"})

    await town.person("Zoe").says("hello")

    (asked,) = platform.asked()
    assert asked["system_prompt"].endswith("Be brief.")
    assert asked["model"] == "opus"


async def test_a_token_that_may_not_read_the_public_prompt_can_run_the_agent(town: World, platform: Platform) -> None:
    platform.accounts.agents["support"].prompt = "Speak of shoes only."
    platform.accounts.user("service", "service@example.org")
    platform.accounts.key("trinity_mcp_fake-key-of-the-host", "service")
    platform.accounts.share("support", "service@example.org")
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 5)

    assert zoe.heard() == ["echo hello"]
    assert "shoes" not in platform.asked()[0]["system_prompt"]


async def test_each_agent_has_tools_of_its_own(found: Found, platform: Platform) -> None:
    town = await beside(found, platform, allowed_tools=["Read", "mcp__shop__search"])

    await town.person("Zoe").says("hello")

    assert platform.asked()[0]["allowed_tools"] == ["Read", "mcp__shop__search"]


# --- sessions ---


@pytest.fixture
async def resuming(found: Found, platform: Platform) -> World:
    platform.tells_sessions = True
    return await beside(found, platform, resume_sessions=True)


def document(asked: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asked["message"].split("\n\n", 1)[1])
    return found


async def exchange(world: World, person: Person, text: str) -> None:
    await person.says(text)
    await waits(world, 5)
    assert person.last() == f"echo {text}"


async def test_an_agent_may_go_on_with_its_session_of_the_conversation(resuming: World, platform: Platform) -> None:
    zoe, yan = resuming.person("Zoe"), resuming.person("Yan")
    await exchange(resuming, zoe, "one")
    await exchange(resuming, zoe, "two")
    await exchange(resuming, yan, "three")

    first, second, third = platform.asked()
    runs = list(platform.executions)
    assert second["resume_session_id"] == runs[0].session
    assert document(second)["history"] == []
    assert "resume_session_id" not in first
    assert "resume_session_id" not in third


async def test_a_session_that_is_gone_is_made_up_for_by_the_history(resuming: World, platform: Platform) -> None:
    zoe = resuming.person("Zoe")
    await exchange(resuming, zoe, "one")
    platform.sessions.clear()  # the container was replaced

    await exchange(resuming, zoe, "two")
    await exchange(resuming, zoe, "three")

    _, second, third = platform.asked()
    assert "resume_session_id" not in second
    assert [one["text"] for one in document(second)["history"]] == ["one", "echo one"]
    assert third["resume_session_id"]


async def test_after_a_restart_the_history_tells_what_was_said(resuming: World, platform: Platform) -> None:
    zoe = resuming.person("Zoe")
    await exchange(resuming, zoe, "one")
    await resuming.dies()
    await resuming.starts()

    await exchange(resuming, zoe, "two")

    assert document(platform.asked()[1])["history"]


async def test_another_person_on_the_same_phone_begins_a_session(resuming: World, platform: Platform) -> None:
    zoe = resuming.person("Zoe")
    await exchange(resuming, zoe, "one")
    await zoe.verifies("yan@example.org")

    await exchange(resuming, zoe, "two")

    assert "resume_session_id" not in platform.asked()[1]


@pytest.mark.parametrize("tells", [True, False])
async def test_sessions_are_not_resumed_unless_that_is_set(town: World, platform: Platform, *, tells: bool) -> None:
    platform.tells_sessions = tells
    zoe = town.person("Zoe")

    await exchange(town, zoe, "one")
    await exchange(town, zoe, "two")

    assert "resume_session_id" not in platform.asked()[1]


async def test_a_platform_that_tells_no_sessions_is_given_the_history(found: Found, platform: Platform) -> None:
    world = await beside(found, platform, resume_sessions=True)
    zoe = world.person("Zoe")

    await exchange(world, zoe, "one")
    await exchange(world, zoe, "two")

    second = platform.asked()[1]
    assert "resume_session_id" not in second
    assert document(second)["history"]
