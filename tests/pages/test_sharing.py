"""The Sharing page: who may chat with an agent, who asks to, and who has access."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.pages.browsing import Reader, Readers
from tests.pages.clients import OWN, client_of
from tests.pages.hostile import HOSTILE
from tests.world import OWNER, Person, World
from trinity_channels.api import Fault
from trinity_channels.web.auth import Role

PATH = "/agents/support"


async def owner_at(world: World, page_of: Readers, path: str = PATH) -> tuple[Reader, Page]:
    """The owner's browser, at the page."""
    reader = await page_of(world, await world.token(Role.USER, OWNER))
    return reader, await reader.opens(path)


async def asks(world: World, name: str = "Zoe", words: str = "May I come in today?") -> Person:
    """Someone writes, signs in, and waits for the owner."""
    person = world.person(name)
    await person.says(words)
    await person.verifies(f"{name.lower()}@example.org")
    return person


async def emails(world: World) -> list[str]:
    """Who has access."""
    return [one["email"] for one in (await world.api("GET", "/api/agents/support/shares")).json()]


# --- requests ---


async def test_a_stranger_writes_signs_in_is_approved_on_the_page_and_gets_the_answer(
    world: World, page_of: Readers
) -> None:
    reader, page = await owner_at(world, page_of)
    requests = page.get_by_role("region", name="Access Requests")
    await expect(requests.get_by_text("No access requests")).to_be_visible()

    zoe = await asks(world)

    await expect(requests.get_by_text("zoe@example.org", exact=True)).to_be_visible()  # without loading the page again
    await expect(requests.get_by_text("May I come in today?")).to_be_visible()
    await expect(requests.get_by_text("e-mail verified by code")).to_be_visible()
    await reader.examines()
    await page.get_by_role("button", name="Approve zoe@example.org").click()
    await expect(page.get_by_role("status").get_by_text("zoe@example.org is approved.")).to_be_visible()
    await world.settle()
    assert zoe.last() == "echo May I come in today?"
    await expect(page.get_by_role("region", name="People").get_by_text("zoe@example.org")).to_be_visible()
    await expect(requests.get_by_text("No access requests")).to_be_visible()
    await reader.examines()


async def test_a_request_is_approved_without_javascript(world: World, page_of: Readers) -> None:
    zoe = await asks(world)
    reader = await page_of(world, java_script_enabled=False)
    page = reader.page
    await page.goto(f"{reader.url}{PATH}")

    await page.get_by_role("button", name="Approve zoe@example.org").click()

    await expect(page.get_by_text("zoe@example.org is approved.")).to_be_visible()
    await world.settle()
    assert zoe.last() == "echo May I come in today?"


async def test_several_requests_are_declined_at_once(world: World, page_of: Readers) -> None:
    people = [await asks(world, name) for name in ("Zoe", "Yan", "Xia")]
    _, page = await owner_at(world, page_of)

    for email in ("zoe@example.org", "yan@example.org"):
        await page.get_by_role("checkbox", name=f"Choose {email}").check()
    await page.get_by_role("button", name="Decline selected").click()

    await expect(page.get_by_role("status").get_by_text("Two requests are declined.")).to_be_visible()
    await world.settle()
    assert [one["email"] for one in await world.requests()] == ["xia@example.org"]
    assert "let you talk" not in people[0].last()
    assert await emails(world) == []


async def test_each_request_stands_beside_its_buttons_and_enter_decides_none(world: World, page_of: Readers) -> None:
    for name in ("Zoe", "Yan"):
        await asks(world, name)
    _, page = await owner_at(world, page_of)
    for email in ("zoe@example.org", "yan@example.org"):
        box = await page.get_by_role("checkbox", name=f"Choose {email}").bounding_box()
        button = await page.get_by_role("button", name=f"Approve {email}").bounding_box()
        assert box
        assert button
        assert button["y"] < box["y"] + box["height"] / 2 < button["y"] + button["height"]
    chosen = page.get_by_role("checkbox", name="Choose zoe@example.org")

    await chosen.check()
    await chosen.press("Enter")
    await page.get_by_role("button", name="Approve selected").click()

    await expect(page.get_by_role("status").get_by_text("zoe@example.org is approved.")).to_be_visible()
    assert [one["email"] for one in await world.requests()] == ["yan@example.org"]


async def test_what_was_decided_meanwhile_is_said_and_keeps_no_other_from_it(world: World) -> None:
    for name in ("Zoe", "Yan"):
        await asks(world, name)
    numbers = {one["email"]: str(one["id"]) for one in await world.requests()}
    await world.decides("zoe@example.org", approve=False)

    async with client_of(world, await world.token(Role.USER, OWNER)) as owner:
        form = {"approve": "selected", "request": [*numbers.values(), "x", "99999999999999999999"]}
        answer = await owner.post(f"{PATH}/requests", data=form, headers=OWN, follow_redirects=True)

    assert "yan@example.org is approved. This request is declined already." in answer.text
    assert await emails(world) == ["yan@example.org"]


async def test_nothing_chosen_is_said(world: World) -> None:
    await asks(world)
    async with client_of(world) as admin:
        answer = await admin.post(f"{PATH}/requests", data={"approve": "selected"}, headers=OWN, follow_redirects=True)

    assert "Choose at least one request first." in answer.text
    assert len(await world.requests()) == 1


async def test_what_strangers_write_and_are_called_is_only_text(world: World, page_of: Readers) -> None:
    emails = [f"zoe-{place}@example.org" for place in range(len(HOSTILE))]
    for words, email in zip(HOSTILE, emails, strict=True):
        zoe = world.person(words[:200])
        await zoe.says(words)
        await zoe.verifies(email)

    _, page = await owner_at(world, page_of)

    for email in emails:
        await expect(page.get_by_role("button", name=f"Approve {email}")).to_be_visible()
    assert await page.locator("img, main script").count() == 0


async def test_reading_what_was_written_first_is_on_record(world: World) -> None:
    await world.person("Yan").verifies("yan@example.org")
    owner = await world.token(Role.USER, OWNER)
    async with client_of(world, owner) as client:
        await client.get(PATH)
        before = await readings(world)
        await asks(world)
        for _ in range(2):
            await client.get(PATH)
    await world.api("GET", "/api/agents/support/access-requests")

    assert before == []
    assert await readings(world) == [("admin", {"requests": True}), (f"user:{OWNER}", {"requests": True})]


async def readings(world: World) -> list[tuple[str, object]]:
    """Who has read what people wrote, and where."""
    entries = (await world.api("GET", "/api/audit?action=read_conversation")).json()
    return [(one["actor"], one["details"]) for one in entries]


async def test_a_request_without_held_words_says_so_and_many_are_in_pages(world: World) -> None:
    zoe = world.person("Zoe")
    for number in range(27):
        person = world.person(f"Person {number}")
        await person.verifies(f"person{number}@example.org")
    await zoe.verifies("zoe@example.org")

    async with client_of(world) as admin:
        first = (await admin.get(PATH)).text
        older = first.partition('href="/agents/support?requests=')[2].partition("#")[0]
        second = (await admin.get(f"{PATH}?requests={older}")).text

    assert "Nothing that they wrote is held" in first
    assert ("Approve zoe@example.org" in first, "Approve zoe@example.org" in second) == (True, False)
    assert ("Approve person0@example.org" in first, "Approve person0@example.org" in second) == (False, True)


# --- policy ---


async def test_a_policy_says_what_it_would_change_and_does_it(world: World, page_of: Readers) -> None:
    zoe = world.person("Zoe")
    await zoe.says("hello", "are you there?")
    await asks(world, "Yan")
    _, page = await owner_at(world, page_of)
    policy = page.get_by_role("region", name="Channel Access Policy")
    told = await policy.get_by_role("radio").locator("..").all_inner_texts()
    assert "Two clients would gain access. Three held messages would be answered at once." in told[0]
    assert "One client would gain access. One held message would be answered at once." in told[1]
    assert "would" not in told[2]

    await policy.get_by_role("radio", name="Open access").check()
    await policy.get_by_role("button", name="Save policy").click()

    await expect(page.get_by_text("The policy is saved.")).to_be_visible()
    await world.settle()
    assert zoe.last() == "echo hello\nare you there?"
    told = await policy.get_by_role("radio").locator("..").all_inner_texts()
    assert "One client would lose access." in told[1]
    assert "Two clients would lose access." in told[2]


async def test_who_changed_the_policy_last_is_told(world: World) -> None:
    policy = f"/api{PATH}/access-policy"
    owner = await world.token(Role.USER, OWNER)
    before = (await world.api("GET", policy)).json()
    async with client_of(world) as admin, client_of(world, owner) as mine:
        untouched = (await mine.get(PATH)).text
        await admin.post(f"{PATH}/policy", data={"policy": "require_email"}, headers=OWN)
        world.clock.tick(timedelta(hours=1))
        theirs = (await mine.get(PATH)).text
        await mine.post(f"{PATH}/policy", data={"policy": "open"}, headers=OWN)
        own, seen = (await mine.get(PATH)).text, (await admin.get(PATH)).text
    after = (await world.api("GET", policy)).json()

    assert (before["changed_by"], before["changed_at"]) == (None, None)
    assert "Changed by" not in untouched
    assert re.search(r"Changed by an administrator on <time [^>]*>2 Mar 2026, 09:00 UTC<", theirs)
    assert re.search(r"Changed by you on <time [^>]*>2 Mar 2026, 10:00 UTC<", own)
    assert f"Changed by {OWNER} on" in seen
    assert (after["changed_by"], after["changed_at"]) == (f"user:{OWNER}", "2026-03-02T10:00:00Z")


async def test_effects_leave_out_the_blocked_the_late_and_the_disconnected(world: World) -> None:
    zoe, yan = world.person("Zoe"), world.person("Yan")
    await zoe.says("hello")
    await yan.says("hello")
    await world.blocks(yan)

    async def effect() -> dict[str, int]:
        found = (await world.api("GET", "/api/agents/support/access-policy/effects")).json()
        assert found["policy"] == "require_sharing"
        effects: dict[str, int] = found["effects"][0]
        return effects

    now = await effect()
    world.clock.tick(timedelta(hours=25))
    late = await effect()
    await world.api("DELETE", "/api/agents/support/whatsapp")
    apart = await effect()

    figures = ("clients_allowed", "clients_gain", "clients_lose", "held_messages_answered")
    assert [[one[name] for name in figures] for one in (now, late, apart)] == [[1, 1, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0]]


async def test_a_policy_that_does_not_exist_is_refused(world: World) -> None:
    async with client_of(world) as admin:
        answer = await admin.post(f"{PATH}/policy", data={"policy": "everyone"}, headers=OWN)

    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "Choose one of the policies." in answer.text


# --- people with access ---


async def test_people_are_added_allowed_and_removed(world: World, page_of: Readers) -> None:
    _, page = await owner_at(world, page_of)
    people = page.get_by_role("region", name="People")

    await people.get_by_label("E-mail address").fill("Dana@Example.org")
    await people.get_by_role("button", name="Add").click()
    await expect(page.get_by_text("dana@example.org has access now.")).to_be_visible()
    await people.get_by_role("button", name="Allow the agent to write first to dana@example.org").click()
    await expect(people.get_by_role("row", name="dana@example.org").get_by_text("Yes", exact=True)).to_be_visible()
    (share,) = (await world.api("GET", "/api/agents/support/shares")).json()
    assert (share["email"], share["allow_proactive"]) == ("dana@example.org", True)
    await people.get_by_role("button", name="Remove dana@example.org").click()

    await expect(page.get_by_text("dana@example.org has no access any more.")).to_be_visible()
    assert await emails(world) == []


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("nonsense", "Enter an e-mail address such as zoe@example.org."),
        (OWNER, "The owner has access already."),
        ("dana@example.org", "The agent is shared with this e-mail already."),
        ("<script>@x", "Enter an e-mail address such as zoe@example.org."),
        ("", "Enter an e-mail address such as zoe@example.org."),
    ],
)
async def test_what_cannot_be_added_is_said_at_the_field(world: World, given: str, problem: str) -> None:
    await world.shares("dana@example.org")
    async with client_of(world) as admin:
        answer = await admin.post(f"{PATH}/people", data={"email": given}, headers=OWN)

    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert problem in answer.text
    assert 'aria-describedby="f-email-problem"' in answer.text
    assert "<script>@x" not in answer.text


async def test_many_people_are_in_pages(world: World) -> None:
    for number in range(60):
        await world.shares(f"person{number:02}@example.org")
    async with client_of(world) as admin:
        first = (await admin.get(PATH)).text
        second = (await admin.get(f"{PATH}?people=person24@example.org")).text

    assert ("person24@" in first, "person25@" in first, "60 in all" in first) == (True, False, True)
    assert ("Remove person24@" in second, "Remove person25@" in second) == (False, True)


async def test_the_api_lists_shares_all_at_once_or_in_pages(world: World) -> None:
    people = [f"person{number}@example.org" for number in range(5)]
    for email in people:
        await world.shares(email)
    path = "/api/agents/support/shares"

    every = await world.api("GET", path)
    first = await world.api("GET", f"{path}?limit=3")
    rest = await world.api("GET", first.links["next"]["url"])
    behind = await world.api("GET", f"{path}?after=person2@example.org")
    wrong = [await world.api("GET", f"{path}?limit={limit}") for limit in ("0", "501", "x")]

    assert [one["email"] for one in every.json()] == people
    assert [one["email"] for one in first.json() + rest.json()] == people
    assert [one["email"] for one in behind.json()] == people[3:]
    assert ("next" in every.links, "next" in rest.links) == (False, False)
    assert {answer.status_code for answer in wrong} == {422}


# --- who may ---


async def test_another_owners_agent_looks_like_none(world: World) -> None:
    token = await world.token(Role.USER, "sales@example.org")
    async with client_of(world, token) as foreign:
        answers = [
            await foreign.get(PATH),
            await foreign.get("/agents/none"),
            await foreign.get("/live/agents/support"),
            await foreign.post(f"{PATH}/policy", data={"policy": "open"}, headers=OWN),
            await foreign.post(f"{PATH}/requests", data={"approve": "1"}, headers=OWN),
            await foreign.post(f"{PATH}/people", data={"email": "a@example.org"}, headers=OWN),
            await foreign.post(f"{PATH}/people/remove", data={"email": "a@example.org"}, headers=OWN),
            await foreign.post(f"{PATH}/people/write-first", data={"email": "a@example.org"}, headers=OWN),
            await foreign.post(f"{PATH}/clients/1/block", data={"blocked": "yes"}, headers=OWN),
            await foreign.post(f"{PATH}/clients/1/export", headers=OWN),
            await foreign.get(f"{PATH}/clients/1/erase"),
            await foreign.post(f"{PATH}/clients/1/erase", headers=OWN),
        ]

    assert {one.status_code for one in answers} == {httpx.codes.NOT_FOUND}
    assert len({one.text for one in answers}) == 1


async def test_a_form_of_another_site_changes_nothing(world: World) -> None:
    async with client_of(world) as admin:
        answer = await admin.post(f"{PATH}/policy", data={"policy": "open"}, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == httpx.codes.FORBIDDEN
    assert (await world.api("GET", "/api/agents/support/access-policy")).json()["policy"] == "require_sharing"


async def test_channels_follow_what_happens_while_the_page_is_open(world: World, page_of: Readers) -> None:
    reader, page = await owner_at(world, page_of)
    channels = page.get_by_role("region", name="Channels", exact=True)
    whatsapp = channels.get_by_role("region", name="WhatsApp (Twilio)")
    await expect(whatsapp.get_by_text("Connected. No message has arrived yet.")).to_be_visible()
    await page.get_by_label("E-mail address").fill("dana@exam")

    zoe = await asks(world)
    await expect(whatsapp.get_by_text("Receiving. Last message")).to_be_visible()  # without loading the page again
    await expect(page.get_by_role("button", name="Approve zoe@example.org")).to_be_visible()
    await world.policy("open")
    world.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")
    await expect(whatsapp.get_by_text("Needs attention", exact=True)).to_be_visible()
    await reader.examines()
    await world.api("DELETE", "/api/agents/support/whatsapp")

    await expect(whatsapp.get_by_role("link", name="Connect WhatsApp (Twilio)")).to_be_visible()
    await expect(page.get_by_label("E-mail address")).to_have_value("dana@exam")
    await reader.examines()


async def test_channels_and_their_calls_stand_below_one_heading(world: World, page_of: Readers) -> None:
    _, page = await owner_at(world, page_of)

    channels = page.get_by_role("region", name="Channels", exact=True)

    assert await channels.get_by_role("heading", level=2).all_inner_texts() == ["Channels"]
    await expect(channels.get_by_role("heading", level=3, name="WhatsApp (Twilio)")).to_be_visible()
    await expect(channels.get_by_text("As curl")).to_have_count(1)
    await expect(page.get_by_role("link", name="Channels", exact=True)).to_have_attribute("href", "#channels")
