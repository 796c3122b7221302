"""One conversation as an owner reads it: both sides, and what can be done about what failed or waits."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.channels.net import Net
from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.pages.hostile import HOSTILE
from tests.pages.reading import path, unanswered
from tests.world import ADMIN, OWNER, Agent, Found, World
from trinity_channels.agents.port import AgentFailed
from trinity_channels.api import Fault
from trinity_channels.conversations import reading
from trinity_channels.store import StoreError, audit
from trinity_channels.web.auth import Role


async def test_a_failed_delivery_is_resent_from_the_page(town: World, page_of: Readers) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")
    assert zoe.heard() == []
    reader = await page_of(town, await town.token(Role.USER, OWNER))

    page = await reader.opens("/agents")
    await page.get_by_role("link", name="See what failed").click()
    await expect(page.get_by_text("One needs attention")).to_be_visible()
    await reader.examines()
    await page.get_by_role("link", name="Zoe").click()
    await expect(page.get_by_text("This message did not reach Zoe")).to_be_visible()
    await expect(page.get_by_text("The message will be sent again.")).to_be_visible()
    await reader.examines()
    await page.get_by_role("button", name="Resend").click()
    await expect(page.get_by_text("It is queued again.")).to_be_visible()
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


async def test_a_question_is_closed_without_an_answer_after_asking(town: World, agent: Agent, page_of: Readers) -> None:
    zoe = await unanswered(town, agent)
    reader = await page_of(town)
    page = await reader.opens(await path(town, "Zoe"))

    await page.get_by_role("link", name="Close without an answer").click()
    await expect(page.get_by_text("what is 6 x 7?")).to_be_visible()
    await expect(page.locator(".card > div").first).to_have_css("border-top-width", "0px")
    await reader.examines()
    await page.get_by_role("button", name="Close without an answer").click()

    await expect(page.get_by_text("It is closed without an answer.")).to_be_visible()
    await expect(page.get_by_text("It was not given to the agent, so its text was removed.")).to_be_visible()
    await expect(page.get_by_role("button", name="Resubmit")).to_have_count(0)
    assert len(zoe.heard()) == 1


async def test_what_is_held_is_read_and_access_is_given_in_place(world: World, page_of: Readers) -> None:
    zoe = world.person("Zoe")
    await zoe.says("May I come in today?")
    reader = await page_of(world, await world.token(Role.USER, OWNER))
    page = await reader.opens(await path(world, "Zoe"))
    await expect(page.get_by_text("just now; one message waits for access.")).to_be_visible()
    await expect(page.get_by_text("One message waits for access", exact=True)).to_be_visible()
    await expect(page.get_by_text("they have to sign in first")).to_be_visible()
    await expect(page.get_by_role("button", name="Approve")).to_have_count(0)

    await zoe.verifies("zoe@example.org")

    await expect(page.get_by_text("zoe@example.org asked for access")).to_be_visible()  # without loading the page again
    await reader.examines()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_text("Access is granted.")).to_be_visible()
    await world.settle()
    assert zoe.last() == "echo May I come in today?"
    await expect(page.get_by_text("echo May I come in today?")).to_be_visible()
    await expect(page.get_by_text(f"Access was granted by {OWNER}")).to_be_visible()
    await reader.examines()


async def test_access_is_declined_in_place(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("May I?")
    await zoe.verifies("zoe@example.org")
    here = await path(world, "Zoe")
    async with client_of(world) as client:
        form = {"request": "1", "decision": "decline"}
        answer = await client.post(f"{here}/decide", data=form, headers=OWN)
        again = await client.post(f"{here}/decide", data={**form, "decision": "approve"}, headers=OWN)

    assert (answer.status_code, again.status_code) == (303, 409)
    assert "Nothing was done" in again.text
    assert "This request is declined already." in again.text
    assert [one["status"] for one in await world.requests("denied")] == ["denied"]


async def test_what_cannot_be_sent_again_says_why(town: World, page_of: Readers) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")
    await town.blocks(zoe)
    reader = await page_of(town)

    page = await reader.opens(await path(town, "Zoe"))

    await expect(page.get_by_text("The owner has blocked this person.")).to_be_visible()
    await expect(page.get_by_text("Blocked: what they write is dropped")).to_be_visible()
    await expect(page.get_by_role("button", name="Resend")).to_have_count(0)


async def test_two_clicks_send_once_and_the_second_is_told_why(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")
    here = await path(town, "Zoe")
    async with client_of(town) as client:
        found = re.search(r'name="delivery" value="(\d+)"', (await client.get(here)).text)
        assert found
        first = await client.post(f"{here}/resend", data={"delivery": found[1]}, headers=OWN)
        second = await client.post(f"{here}/resend", data={"delivery": found[1]}, headers=OWN)
        await town.settle()

    assert (first.status_code, first.headers["location"], second.status_code) == (303, here, 409)
    assert "Only what failed or has an unknown outcome can be sent again" in second.text
    assert zoe.heard() == ["echo hello"]


@pytest.mark.parametrize("action", ["resend", "resubmit", "decide", "forget/1"])
@pytest.mark.parametrize("given", ["", "0", "x", "-1", "9" * 40])
async def test_ids_that_are_not_there_do_nothing(town: World, agent: Agent, action: str, given: str) -> None:
    zoe = await unanswered(town, agent)
    here = await path(town, "Zoe")
    target = f"{here}/{action}" if not action.startswith("forget") else f"{here}/forget/{given or '0'}"
    form = {"delivery": given, "turn": given, "request": given, "decision": "approve"}
    async with client_of(town) as client:
        answer = await client.post(target, data=form, headers=OWN)
    await town.settle()

    assert answer.status_code in (303, 404)
    assert len(await town.failed()) == 1
    assert len(zoe.heard()) == 1


# --- who may read ---


async def test_another_owners_conversation_is_the_same_404_as_one_that_is_not_there(town: World, agent: Agent) -> None:
    await unanswered(town, agent)
    here = await path(town, "Zoe")
    async with client_of(town, await town.token(Role.USER, "sales@example.org")) as client:
        foreign = [
            await client.get(here),
            await client.get(f"/live{here}"),
            await client.get(f"{here}/forget/1"),
            await client.get("/conversations?agent=support"),
            await client.post(f"{here}/resubmit", data={"turn": "1"}, headers=OWN),
        ]
        missing = await client.get("/agents/nothing/conversations/1")
        own = await client.get("/conversations")

    def words(answer: httpx.Response) -> str:
        return answer.text.partition("<main")[2]

    assert [one.status_code for one in foreign] == [404] * 5
    assert {words(one) for one in foreign} == {words(missing)}
    assert "Zoe" not in own.text
    assert len(await town.failed()) == 1


async def test_reading_a_page_is_on_record(town: World) -> None:
    await town.person("Zoe").says("hello")
    owner = await town.token(Role.USER, OWNER)
    here = await path(town, "Zoe")
    async with client_of(town, owner) as client:
        for _ in range(2):
            await client.get("/conversations")
            await client.get(here)

    entries = await town.host.store.read(lambda tx: audit.entries(tx, "support", action="read_conversation"))
    assert [one.details for one in reversed(entries) if one.actor == f"user:{OWNER}"] == [
        {"list": True},
        {"conversation": 1},
    ]


# --- one conversation ---


async def test_a_long_conversation_is_read_backwards(
    town: World, monkeypatch: pytest.MonkeyPatch, page_of: Readers
) -> None:
    monkeypatch.setattr(reading, "PAGE", 3)
    zoe = town.person("Zoe")
    for text in ("one", "two", "three"):
        await zoe.says(text)
    reader = await page_of(town)
    page = await reader.opens(await path(town, "Zoe"))
    await expect(page.get_by_text("one", exact=True)).to_have_count(0)

    await page.get_by_role("link", name="Older messages").click()

    await expect(page.get_by_text("one", exact=True)).to_be_visible()
    await reader.examines()
    await zoe.says("four")
    await page.get_by_role("link", name="Newest messages").click()
    await expect(page.get_by_text("four", exact=True)).to_be_visible()


async def test_the_open_conversation_follows_what_is_written(town: World, page_of: Readers) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    reader = await page_of(town)
    page = await reader.opens(await path(town, "Zoe"))

    await zoe.says("are you there?")

    await expect(page.get_by_text("echo are you there?")).to_be_visible()


async def test_texts_past_their_retention_are_shown_as_gone(town: World, page_of: Readers) -> None:
    await town.person("Zoe").says("hello")
    await town.later(days=31)
    reader = await page_of(town)

    page = await reader.opens(await path(town, "Zoe"))

    await expect(page.get_by_text("Text deleted after 30 days.")).to_have_count(2)
    await expect(page.get_by_text("hello")).to_have_count(0)


async def test_a_group_is_read_with_the_name_of_each_writer(net: Net, page_of: Readers) -> None:
    await net.policy("open")
    zoe, tim = net.stranger("telegram", "Zoe"), net.stranger("telegram", "Tim")
    for one, email in ((zoe, "zoe@example.org"), (tim, "tim@example.org")):
        await one.verifies(email)
    simulator: Any = net.simulators["telegram"]
    group = await simulator.group("Team", zoe.phone, tim.phone)
    await zoe.phone.mentions("status?", group)
    await net.settle()
    net.clock.tick(timedelta(seconds=5))
    await tim.phone.mentions("and now?", group)
    await net.settle()
    reader = await page_of(net)
    page = await reader.opens("/conversations?channel=telegram")

    await page.get_by_role("link", name="Group chat").click()

    await expect(page.get_by_text("status?", exact=True)).to_be_visible()
    talk = page.get_by_role("list", name="Messages")
    assert {"Zoe", "Tim", "support"} <= set(await talk.locator("bdi").all_inner_texts())
    await reader.examines()


@pytest.mark.parametrize("words", HOSTILE)
async def test_what_people_and_agents_write_is_only_text(
    town: World, agent: Agent, page_of: Readers, words: str
) -> None:
    zoe = town.person(words[:400])
    agent.will_answer(words)
    await zoe.says(words)
    agent.will_answer(AgentFailed(words.swapcase()))  # reasons are logged, and no log may hold a message
    await zoe.says(words)
    reader = await page_of(town)

    page = await reader.opens("/conversations")
    await expect(page.get_by_role("row")).to_have_count(2)
    await reader.opens("/agents/support/conversations/1")

    assert await page.locator("img, main script").count() == 0
    await expect(page.get_by_role("button", name="Resubmit")).to_be_visible()
    await reader.opens("/agents/support/conversations/1/forget/2")


async def test_everything_is_there_without_javascript(town: World, agent: Agent, page_of: Readers) -> None:
    zoe = await unanswered(town, agent)
    reader = await page_of(town, java_script_enabled=False)
    page = reader.page
    await page.goto(f"{reader.url}/conversations")

    await page.get_by_label("Search by name").fill("zoe")
    await page.get_by_role("button", name="Apply").click()
    await page.get_by_role("link", name="Zoe").click()
    await page.get_by_role("button", name="Resubmit").click()
    await expect(page.get_by_text("The agent is asked again.")).to_be_visible()
    await town.settle()

    assert zoe.last() == "echo what is 6 x 7?"


async def test_pages_below_a_prefix_lead_to_pages_below_it(found: Found) -> None:
    world = await found(trinity_channels_pages_path="/desk", agents=Agent(AgentFailed("gone")))
    await world.policy("open")
    await world.person("Zoe").says("hello")
    async with client_of(world, token=None) as client:
        await client.post("/desk/signin/token", data={"token": ADMIN}, headers=OWN)
        pages = [(await client.get(f"/desk{one}")).text for one in ("/conversations", await path(world, "Zoe"))]
        answer = await client.post(f"/desk{await path(world, 'Zoe')}/resubmit", data={"turn": "1"}, headers=OWN)

    links = [one for page in pages for one in re.findall(r'(?:href|action|src|connect)="(/[^"]*)"', page)]
    assert len(links) > 20
    assert [one for one in links if not one.startswith("/desk/")] == []
    assert answer.headers["location"] == f"/desk{await path(world, 'Zoe')}"


async def test_what_cannot_be_recorded_is_not_shown(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.person("Zoe").says("my secret question")

    async def fails(*_: object) -> None:
        raise StoreError("no space is left")

    async with client_of(town) as client:
        here = await path(town, "Zoe")
        town.clock.tick(timedelta(hours=2))
        monkeypatch.setattr(town.host.store, "write", fails)
        answers = [await client.get("/conversations"), await client.get(here)]

    assert [one.status_code for one in answers] == [503, 503]
    assert not any("my secret question" in one.text for one in answers)


async def test_a_foreign_form_does_nothing(town: World, agent: Agent) -> None:
    await unanswered(town, agent)
    here = await path(town, "Zoe")
    async with client_of(town) as client:
        headers = {"Sec-Fetch-Site": "cross-site"}
        answer = await client.post(f"{here}/resubmit", data={"turn": "1"}, headers=headers)

    assert answer.status_code == httpx.codes.FORBIDDEN
    assert len(await town.failed()) == 1


@pytest.mark.parametrize("number", ["0", "x", "-1", "9" * 19, "9" * 40])
async def test_numbers_that_no_row_has_are_not_found(town: World, number: str) -> None:
    await town.person("Zoe").says("hello")
    pages = [f"/agents/support/conversations/{number}", f"/agents/support/channels/whatsapp/test/{number}"]
    pages.append(f"/settings/tokens/{number}/revoke")
    async with client_of(town) as client:
        answers = [await client.get(page) for page in pages]
        answers.append(await client.post(pages[-1], headers=OWN))

    assert [one.status_code for one in answers] == [404] * 4
