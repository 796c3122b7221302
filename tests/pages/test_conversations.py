"""Conversations as an owner reads them: the list with its filters, and one conversation with what can be done in it."""

from __future__ import annotations

from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.world import OWNER, Agent, World
from trinity_channels.agents.port import AgentFailed
from trinity_channels.api import Fault
from trinity_channels.web.auth import Role

LIST = "/api/agents/support/conversations"


async def conversation(world: World, name: str) -> int:
    """The id of someone's conversation."""
    found = (await world.api("GET", f"{LIST}?q={name}")).json()["conversations"]
    assert len(found) == 1, found
    return int(found[0]["id"])


async def path(world: World, name: str) -> str:
    """Where the page of someone's conversation is."""
    return f"/agents/support/conversations/{await conversation(world, name)}"


async def test_a_failed_delivery_is_resent_from_the_page(town: World, page_of: Readers) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")
    assert zoe.heard() == []
    reader = await page_of(town, await town.token(Role.USER, OWNER))

    page = await reader.opens("/agents")
    await page.get_by_role("link", name="See what failed").click()
    await expect(page.get_by_text("One of them needs you")).to_be_visible()
    await reader.examines()
    await page.get_by_role("link", name="Zoe").click()
    await expect(page.get_by_text("This message did not reach Zoe")).to_be_visible()
    await expect(page.get_by_text("The message will be sent again.")).to_be_visible()
    await reader.examines()
    await page.get_by_role("button", name="Resend").click()
    await expect(page.get_by_text("It is sent again.")).to_be_visible()
    await town.settle()

    assert zoe.heard() == ["echo hello"]
    await expect(page.get_by_text("Read", exact=True)).to_be_visible()  # the page follows by itself
    await expect(page.get_by_role("button", name="Resend")).to_have_count(0)


async def test_an_unanswered_question_is_given_to_the_agent_again(town: World, agent: Agent, page_of: Readers) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentFailed("The model is gone"))
    await zoe.says("what is 6 x 7?")
    reader = await page_of(town, await town.token(Role.USER, OWNER))

    page = await reader.opens(await path(town, "Zoe"))
    await expect(page.get_by_text("The agent did not answer")).to_be_visible()
    agent.will_answer("42")
    await page.get_by_role("button", name="Resubmit").click()
    await expect(page.get_by_text("The agent is asked again.")).to_be_visible()
    await town.settle()

    assert zoe.last() == "42"
    await expect(page.get_by_text("42", exact=True)).to_be_visible()
    await reader.examines()
