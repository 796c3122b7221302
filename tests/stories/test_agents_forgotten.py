"""A name that means another agent now: nothing that was remembered of the former one counts for it."""

from __future__ import annotations

import asyncio

import httpx
from pydantic import SecretStr

from tests.platform.double import Platform
from tests.platform.worlds import beside, platform, served, waits
from tests.world import Found, World
from trinity_channels.agents.platform import Platform as Trinity
from trinity_channels.agents.platform import PublicSettingsReader

__all__ = ["platform"]
SHOES, HATS = "Speak of shoes only.", "Speak of hats only."
AGENT_S_KEY = "trinity_mcp_fake-key-of-an-agent"


async def exchange(world: World, text: str) -> None:
    zoe = world.person("Zoe")
    await zoe.says(text)
    await waits(world, 5)
    assert zoe.last() == f"echo {text}"


async def made_anew(world: World) -> None:
    """The agent is deleted, and another one gets its name and channel."""
    assert (await world.host.agent_deleted("support")).found
    await world.connect()
    await world.policy("open")
    quiet = {"enabled": False, "reason": "a test"}
    await world.api("PUT", "/api/agents/support/disclosure", quiet)


async def test_another_agent_of_the_name_has_instructions_of_its_own(found: Found, platform: Platform) -> None:
    town = await beside(found, platform)
    platform.accounts.agents["support"].prompt = SHOES
    await exchange(town, "one")

    platform.accounts.agents["support"].prompt = HATS
    await made_anew(town)
    await exchange(town, "two")

    first, second = (one["system_prompt"] for one in platform.asked())
    assert first.endswith(SHOES)
    assert second.endswith(HATS)


async def test_what_is_read_meanwhile_does_not_count_for_it() -> None:
    prompts, reading, goes_on = [SHOES, HATS], asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/public-prompt"):
            return httpx.Response(200, json={})
        prompt = prompts.pop(0)
        reading.set()
        await goes_on.wait()
        return httpx.Response(200, json={"public_channel_system_prompt": prompt})

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    reader = PublicSettingsReader(http, Trinity("http://trinity.example", SecretStr("fake-token")), World.now)
    former = asyncio.create_task(reader.of("support"))
    await reading.wait()

    reader.forget()
    goes_on.set()

    assert (await former).prompt == SHOES
    assert (await reader.of("support")).prompt == HATS


async def test_another_agent_of_the_name_begins_sessions_of_its_own(found: Found, platform: Platform) -> None:
    platform.tells_sessions = True
    town = await beside(found, platform, resume_sessions=True)
    await exchange(town, "one")

    await made_anew(town)
    await exchange(town, "two")
    await exchange(town, "three")

    resumed = [one.get("resume_session_id") for one in platform.asked()]
    assert resumed[:2] == [None, None]
    assert resumed[2]


async def test_an_agent_s_key_stands_for_its_new_name_at_once(found: Found, platform: Platform) -> None:
    platform.accounts.key(AGENT_S_KEY, "olga", "agent", "support")
    town = await served(found, platform)
    message = {"recipient_email": "zoe@example.org", "text": "hello", "channel": "auto"}

    async def writes(agent: str) -> str:
        answer = await town.api("POST", f"/api/agents/{agent}/messages", message, token=AGENT_S_KEY)
        return str(answer.json()["code"])

    assert (await writes("support"), await writes("helpdesk")) == ("not_opted_in", "agent_not_found")

    platform.accounts.rename("support", "helpdesk")
    platform.accounts.key(AGENT_S_KEY, "olga", "agent", "helpdesk")
    await town.host.agent_renamed("support", "helpdesk")

    assert (await writes("support"), await writes("helpdesk")) == ("agent_not_found", "not_opted_in")


async def test_the_host_says_that_it_was_not_told_of_a_new_name(found: Found, platform: Platform) -> None:
    town = await served(found, platform)
    before = (await town.api("POST", "/api/settings/diagnosis")).text
    platform.accounts.rename("support", "helpdesk")
    await town.later(seconds=61)

    after = (await town.api("POST", "/api/settings/diagnosis")).text

    assert "no such agent any more" not in before
    assert "support is connected to WhatsApp (Twilio), and there is no such agent any more" in after
    assert "agents rename support NEW-NAME" in after
