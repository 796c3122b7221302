"""An answer in several parts of which not all arrived: the page says which, what the person has, and what Resend does."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.api.resending import ESSAY, half_answered
from tests.pages.browsing import Readers
from tests.pages.reading import path
from tests.world import Agent, World
from trinity_channels.api import Fault


async def test_only_what_is_missing_is_sent_and_the_page_says_so(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch, page_of: Readers
) -> None:
    zoe = await half_answered(town, agent, monkeypatch)
    assert len(zoe.heard()) == 1
    reader = await page_of(town)
    page = await reader.opens(await path(town, "Zoe"))

    alert = page.get_by_role("note")
    await expect(alert).to_contain_text("Parts 2 and 3 of 3 did not reach Zoe")
    await expect(alert).to_contain_text("The person already has part 1 of 3.")
    await alert.get_by_text("The parts as they were sent").click()
    await expect(alert.get_by_role("listitem")).to_have_count(3)
    await expect(alert.get_by_role("listitem").first).to_contain_text("Read")
    await reader.examines()
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await alert.get_by_role("button", name="Resend").click()
    await town.much_later()

    assert " ".join(zoe.heard()).split() == ESSAY.split()
    await expect(page.get_by_role("note")).to_have_count(0)


async def test_what_may_have_arrived_is_told_so(town: World, monkeypatch: pytest.MonkeyPatch, page_of: Readers) -> None:
    async def silent(*_: object) -> object:
        raise RuntimeError

    town.twilio.behaviour.receipts = False
    zoe = town.person("Zoe")
    town.fails(Fault.CUT_AFTER)
    await zoe.says("hello")
    monkeypatch.setattr(town.host.plugins["whatsapp"], "find_sent", silent)
    for _ in range(4):
        await town.later(minutes=15)
    reader = await page_of(town)

    page = await reader.opens(await path(town, "Zoe"))

    await expect(page.get_by_text("This message may not have reached Zoe")).to_be_visible()
    await expect(page.get_by_text("Perhaps sent")).to_be_visible()
    await expect(page.get_by_text("the person may get it twice")).to_be_visible()
