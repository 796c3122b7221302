"""The first page: the agents of a person, and what needs attention."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import client_of
from tests.pages.hostile import HOSTILE
from tests.world import OWNER, Agent, Found, World
from trinity_channels.access.gate import Policy
from trinity_channels.access.overview import Connected, Overview
from trinity_channels.agents.port import AgentFailed
from trinity_channels.api import Fault
from trinity_channels.store.attention import Waiting
from trinity_channels.web.auth import Role


async def test_an_administrator_sees_every_agent(world: World, page_of: Readers) -> None:
    reader = await page_of(world)

    page = await reader.opens("/agents")

    await expect(page.get_by_role("link", name="support")).to_be_visible()
    await expect(page.get_by_role("link", name="sales")).to_be_visible()


async def test_the_last_message_is_told_also_of_a_channel_that_is_disconnected(town: World) -> None:
    await town.person("Zoe").says("hello")
    async with client_of(town) as client:
        before = (await client.get("/agents")).text
        await town.api("DELETE", "/api/agents/support/whatsapp")
        after = (await client.get("/agents")).text

    last = re.compile(
        r'href="/agents/support">support</a>.*?data-label="Last message" role="cell">(.*?)</td>', re.DOTALL
    )
    found = [last.search(one) for one in (before, after)]
    assert found[0]
    assert found[1]
    assert found[0][1] == found[1][1]
    assert "<time" in found[1][1]


async def test_an_owner_sees_what_needs_them_the_gravest_first(town: World, agent: Agent, page_of: Readers) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("hello", AgentFailed("the model is gone"))
    await zoe.says("one")
    await zoe.says("two")
    await town.policy("require_sharing")
    await town.person("Ann").verifies("ann@example.org")
    await town.person("Ann").says("May I?")
    reader = await page_of(town, await town.token(Role.USER, OWNER))

    page = await reader.opens("/agents")

    found = await page.get_by_role("region", name="Needs attention").get_by_role("listitem").all_inner_texts()
    assert [one.splitlines()[0] for one in found] == [
        "support fails to answer on WhatsApp (Twilio)",
        "One person asks to talk with support",
    ]  # the first one counts the question, so it is not listed again
    await expect(page.get_by_text("1 question has no answer")).to_have_count(1)
    await expect(page.get_by_role("button")).to_have_count(1)  # the account's: links lead on, nothing is decided here
    assert await page.get_by_role("link", name="Review requests").get_attribute("href") == "/agents/support#requests"
    row = page.get_by_role("row", name="support")
    await expect(row.get_by_text("Require sharing")).to_be_visible()
    await expect(row.get_by_text("2 need attention")).to_be_visible()


@pytest.mark.parametrize("words", HOSTILE)
async def test_what_an_agent_says_of_its_failure_is_only_text(
    town: World, agent: Agent, page_of: Readers, words: str
) -> None:
    # In capitals, because reasons are logged, and other tests write the same as messages, which no log may hold.
    agent.will_answer(AgentFailed(words.swapcase()))
    await town.person("Zoe").says("hello")
    reader = await page_of(town)

    page = await reader.opens("/agents")

    await expect(page.get_by_role("heading", name="All agents")).to_be_visible()
    assert await page.locator("img, main script").count() == 0


async def test_who_owns_no_agent_is_told_so(world: World, page_of: Readers) -> None:
    reader = await page_of(world, await world.token(Role.USER, "zoe@example.org"))

    page = await reader.opens("/agents")

    await expect(page.get_by_text("You own no agent yet")).to_be_visible()


async def test_an_agent_that_is_no_longer_configured_is_shown_to_administrators(world: World, page_of: Readers) -> None:
    await world.stops()
    world.settings = world.settings.model_copy(update={"agents": {}})
    await world.starts()
    reader = await page_of(world)

    page = await reader.opens("/agents")

    await expect(page.get_by_text("support", exact=True)).to_be_visible()  # it is left in the database, still connected
    await expect(page.get_by_text("not configured any more")).to_be_visible()


async def test_a_new_host_says_what_to_write(found: Found, page_of: Readers) -> None:
    world = await found(connected=False)
    await world.stops()
    world.settings = world.settings.model_copy(update={"agents": {}})
    await world.starts()
    reader = await page_of(world)

    page = await reader.opens("/agents")

    await expect(page.get_by_text("No agent is configured yet")).to_be_visible()


async def test_everything_is_there_without_javascript(town: World, page_of: Readers) -> None:
    await town.policy("require_sharing")
    await town.person("Ann").verifies("ann@example.org")
    await town.person("Ann").says("May I?")
    reader = await page_of(town, java_script_enabled=False)

    page = reader.page
    await page.goto(f"{reader.url}/agents")

    await expect(page.get_by_text("One person asks to talk with support")).to_be_visible()
    await expect(page.get_by_text("They asked just now.")).to_be_visible()


async def test_times_are_told_in_the_readers_zone(town: World, page_of: Readers) -> None:
    await town.person("Zoe").says("hello")
    town.clock.tick(timedelta(minutes=61))
    reader = await page_of(town, timezone_id="America/New_York")

    page = await reader.opens("/agents")

    told = page.get_by_role("row", name="support").get_by_role("time")
    await expect(told).to_have_text("1 hour ago")
    await expect(told).to_have_attribute("title", re.compile(r"Mar 2, 2026.* 4:00:00.*AM"))


async def test_findings_tell_times_in_the_readers_zone_and_codes_behind_the_words(
    town: World, agent: Agent, page_of: Readers
) -> None:
    agent.will_answer(AgentFailed("down since 2026-03-02 08:30 UTC, or 2026-13-40 08:30 UTC"))
    await town.person("Zoe").says("hello")
    reader = await page_of(town, timezone_id="America/New_York")

    page = await reader.opens("/agents")

    found = page.get_by_role("region", name="Needs attention").get_by_role("listitem").first
    words = re.sub(r"\s", " ", await found.inner_text())
    assert "The agent failed: 1 question has no answer. The last reason, on Mar 2, 2026, 4:00 AM: " in words
    assert "down since Mar 2, 2026, 3:30 AM, or 2026-13-40 08:30 UTC. " in words

    town.fails(Fault.UNAUTHORIZED)
    await town.person("Zoe").says("and now?")
    page = await reader.opens("/agents")

    await expect(page.get_by_text(re.compile(r"A message was not sent: .* \(20003\)\."))).to_be_visible()


async def test_a_database_that_cannot_be_used_is_told_on_a_page(world: World) -> None:
    async with client_of(world) as client:
        await world.host.store.close()
        answer = await client.get("/agents")

    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "This does not work at the moment" in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


async def test_a_fault_of_ours_is_told_on_a_page_and_logged(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(_owner: str | None) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(world.host.overviews, "of", breaks)
    async with client_of(world) as client:
        answer = await client.get("/agents")

    assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert "Something went wrong" in answer.text
    assert "a secret of the inside" not in answer.text
    assert "page failed" in caplog.text


def test_questions_that_no_channel_counts_are_still_listed() -> None:
    def on(channel: str, questions: int) -> Connected:
        return Connected(channel, channel, None, "attention", "The agent failed.", code="agent", questions=questions)

    def seen(turns: int, *channels: Connected) -> tuple[int, int]:
        one = Overview("support", OWNER, Policy.OPEN, channels, Waiting(turns=turns))
        return one.turns, one.attention

    assert seen(3) == (3, 3)
    assert seen(3, on("a", 1)) == (2, 3)
    assert seen(3, on("a", 1), on("b", 2)) == (0, 2)
    assert seen(1, on("a", 2)) == (0, 1)  # a question of someone who was erased is only the channel's
