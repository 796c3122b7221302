"""Everything that can be done on pages is done by a browser without JavaScript, through the buttons that people see."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect
from starlette.routing import Route

from tests.pages.browsing import Reader, Readers
from tests.pages.links import link, mailed
from tests.pages.reading import path, unanswered
from tests.world import OWNER, PUBLIC, Agent, Found, Person, World
from trinity_channels.agents.port import AgentFailed
from trinity_channels.api import Fault
from trinity_channels.page_routes import site

AGENT = "/agents/{name}"
CHANNEL = f"{AGENT}/channels/{{channel}}"
TALK = f"{AGENT}/conversations/{{conversation}}"
CLIENT = f"{AGENT}/clients/{{client}}"
FORMS = {
    "signing in": (
        "/signin/mail",
        "/signin/link/{token}",
        "/signin/token",
        "/signout",
        "/signout/everywhere",
        "/appearance",
    ),
    "a channel": (
        CHANNEL,
        *(f"{CHANNEL}/{one}" for one in ("verify", "probe", "webhook", "test", "rotate", "disconnect")),
    ),
    "sharing": (
        *(f"{AGENT}/{one}" for one in ("policy", "requests", "people", "people/remove", "people/write-first")),
        f"{AGENT}/human-contact",
    ),
    "clients": (*(f"{CLIENT}/{one}" for one in ("block", "unlink", "export", "erase")),),
    "conversations": (*(f"{TALK}/{one}" for one in ("resend", "resubmit", "forget/{turn}", "decide")),),
    "settings": (
        "/settings/public-chat-url",
        "/settings/public-chat-url/probe",
        "/settings/limits",
        "/settings/tokens",
        "/settings/tokens/{token}/revoke",
    ),
    "setting up": ("/settings/key-backup", "/settings/reload"),
}
"""The addresses of all forms, by the story that sends them."""


def posted(reader: Reader, story: str) -> set[str]:
    """Which forms of a story arrived, and did what they should."""
    done = [one.path for one in reader.recorder.answers if one.method == "POST" and one.status in (200, 303)]
    patterns = {form: re.compile(re.sub(r"\{\w+\}", "[^/]+", form)) for form in FORMS[story]}
    return {form for form, pattern in patterns.items() if any(pattern.fullmatch(one) for one in done)}


async def plain(world: World, page_of: Readers, *, token: bool = True) -> tuple[Reader, Page]:
    """A browser without JavaScript, an administrator's."""
    options = {} if token else {"token": None}
    reader = await page_of(world, java_script_enabled=False, **options)
    return reader, reader.page


async def presses(page: Page, button: str, said: str) -> None:
    """Press a button and read the answer."""
    await page.get_by_role("button", name=button, exact=True).click()
    await expect(page.get_by_text(said).first).to_be_visible()


def test_every_form_is_sent_in_a_story(world: World) -> None:
    routes = [one for one in site(world.host, "").routes if isinstance(one, Route)]

    assert {one.path for one in routes if "POST" in (one.methods or ())} == {
        form for forms in FORMS.values() for form in forms
    }


async def test_signing_in(world: World, page_of: Readers) -> None:
    reader, page = await plain(world, page_of, token=False)
    await page.goto(f"{reader.url}/agents")
    await page.get_by_label("E-mail address").fill(OWNER)
    await presses(page, "Mail me a link", "Check your mailbox")
    await mailed()
    await page.goto(link(world))
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("link", name="support")).to_be_visible()

    await page.get_by_role("button", name="Account and appearance").click()
    await page.get_by_role("button", name="Appearance: dark").click()
    await expect(page.locator("html[data-theme=dark]")).to_have_count(1)
    await page.get_by_role("button", name="Account and appearance").click()
    await presses(page, "Sign out", "You are signed out.")
    await reader.signs_in()
    await page.get_by_role("button", name="Account and appearance").click()
    await presses(page, "Sign out everywhere", "signed out")

    assert posted(reader, "signing in") == set(FORMS["signing in"])


async def test_a_channel(world: World, page_of: Readers) -> None:
    await world.api("DELETE", "/api/agents/support/whatsapp")
    world.twilio.connect("")
    reader, page = await plain(world, page_of)
    await page.goto(f"{reader.url}/agents/support/channels/whatsapp")
    for name, value in world.twilio.settings().items():
        await page.locator(f"input[name={name}]").fill(str(value))
    await presses(page, "Connect", "is connected.")

    await presses(page, "Verify", "The credentials work")
    await presses(page, "Check now", "The probe arrived")
    await presses(page, "Set webhook at the provider", "posts here now.")
    await page.get_by_role("link", name="Send test message").click()
    await page.get_by_label("To", exact=True).fill("whatsapp:+12025550188")
    await presses(page, "Send", "Its delivery is shown here")
    await page.goto(f"{reader.url}/agents/support/channels/whatsapp")
    await page.get_by_role("link", name="Rotate webhook URL").click()
    await presses(page, "Rotate", "The webhook URL is new.")
    await page.get_by_role("link", name="Disconnect").click()
    await presses(page, "Disconnect", "is disconnected.")

    assert posted(reader, "a channel") == set(FORMS["a channel"])


async def test_sharing(world: World, page_of: Readers) -> None:
    for name in ("Zoe", "Yan", "Xia"):
        person = world.person(name)
        await person.says("may I?")
        await person.verifies(f"{name.lower()}@example.org")
    reader, page = await plain(world, page_of)
    await page.goto(f"{reader.url}/agents/support")

    await presses(page, "Approve zoe@example.org", "zoe@example.org is approved.")
    for email in ("yan@example.org", "xia@example.org"):
        await page.get_by_role("checkbox", name=f"Choose {email}").check()
    await presses(page, "Decline selected", "Two requests are declined.")
    await page.get_by_label("E-mail address").fill("wim@example.org")
    await presses(page, "Add", "wim@example.org has access now.")
    await presses(
        page, "Allow the agent to write first to wim@example.org", "The agent may write first to wim@example.org."
    )
    await presses(page, "Remove wim@example.org", "wim@example.org has no access any more.")
    await page.get_by_role("radio", name="Open access").check()
    await presses(page, "Save policy", "The policy is saved.")

    await page.get_by_role("textbox", name="Contact").fill("help@example.org")
    await presses(page, "Save contact", "are told help@example.org")

    assert posted(reader, "sharing") == set(FORMS["sharing"])


async def test_clients(town: World, page_of: Readers) -> None:
    zoe = town.person("Zoe")
    await zoe.verifies("zoe@example.org")
    reader, page = await plain(town, page_of)
    await page.goto(f"{reader.url}/agents/support")

    async def opens_menu() -> None:
        await page.get_by_role("button", name="Actions for Zoe").click()

    await opens_menu()
    await page.get_by_role("button", name="Block", exact=True).click()
    await expect(page.get_by_role("row", name="Zoe").get_by_text("Blocked")).to_be_visible()
    await opens_menu()
    await page.get_by_role("button", name="Unlink e-mail").click()
    await expect(page.get_by_role("row", name="Zoe").get_by_text("Not verified")).to_be_visible()
    await opens_menu()
    async with page.expect_download():
        await page.get_by_role("button", name="Export everything").click()
    await page.get_by_role("link", name="Erase…").click()
    await presses(page, "Erase for good", "The person is erased.")

    assert posted(reader, "clients") == set(FORMS["clients"])


async def test_conversations(found: Found, agent: Agent, page_of: Readers) -> None:
    world = await found(agents=agent)
    await world.policy("open")
    zoe = await unanswered(world, agent)
    world.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")
    reader, page = await plain(world, page_of)
    await page.goto(f"{reader.url}{await path(world, 'Zoe')}")

    await presses(page, "Resend", "It is queued again.")
    await presses(page, "Resubmit", "The agent is asked again.")
    yan = world.person("Yan")
    await unanswered_by(agent, yan)
    await page.goto(f"{reader.url}{await path(world, 'Yan')}")
    await page.get_by_role("link", name="Close without an answer").click()
    await presses(page, "Close without an answer", "It is closed without an answer.")
    await world.policy("require_sharing")
    xia = world.person("Xia")
    await xia.says("may I?")
    await xia.verifies("xia@example.org")
    await page.goto(f"{reader.url}{await path(world, 'Xia')}")
    await presses(page, "Approve", "Access is granted.")

    assert posted(reader, "conversations") == set(FORMS["conversations"])


async def unanswered_by(agent: Agent, person: Person) -> None:
    """A question of someone that the agent does not answer."""
    agent.will_answer(AgentFailed("The model is gone"))
    await person.says("and I?")


async def test_settings(world: World, page_of: Readers) -> None:
    reader, page = await plain(world, page_of)
    await page.goto(f"{reader.url}/settings")
    await page.get_by_role("textbox", name="Public Chat URL").fill(PUBLIC)
    await presses(page, "Save and check", "Public Chat URL saved.")
    await presses(page, "Check now", "Reachable.")
    await page.get_by_role("link", name="Change").first.click()
    await page.get_by_role("textbox", name="An answer is late after (hours)").fill("2")
    await presses(page, "Save", "The limits count from now on.")
    await page.get_by_role("link", name="New token").click()
    await page.get_by_role("radio", name="For an administrator").check()
    await page.get_by_role("textbox", name="Label").fill("nightly")
    await page.get_by_role("button", name="Make the token").click()
    await expect(page.locator("#token")).to_be_visible()
    await page.goto(f"{reader.url}/settings")
    await page.get_by_role("link", name="Revoke nightly").click()
    await presses(page, "Revoke the token", "nightly is revoked.")

    assert posted(reader, "settings") == set(FORMS["settings"])


async def test_setting_up(found: Found, page_of: Readers) -> None:
    world = await found(connected=False, credential_encryption_key=None)
    agents = world.settings.agents
    await world.stops()
    world.settings = world.settings.model_copy(update={"agents": {}})
    await world.starts()
    reader, page = await plain(world, page_of)

    await page.goto(f"{reader.url}/agents")
    world.settings = world.settings.model_copy(update={"agents": agents})
    await presses(page, "Take the file over", "Added: my-agent, sales, support.")
    await presses(page, "I have a copy", "Noted that you have a copy")

    assert posted(reader, "setting up") == set(FORMS["setting up"])


@pytest.mark.parametrize(
    ("page_path", "field", "value", "shown"),
    [
        ("/conversations", "search", "Zoe", "q=Zoe"),
        ("/agents/support", "search", "Zoe", "q=Zoe"),
        ("/settings/audit", "date", "2026-03-02", "since=2026-03-02"),
    ],
)
async def test_lists_are_narrowed(
    town: World, page_of: Readers, page_path: str, field: str, value: str, shown: str
) -> None:
    await town.person("Zoe").says("hello")
    reader, page = await plain(town, page_of)
    await page.goto(f"{reader.url}{page_path}")

    entry = page.locator(f"input[type={field}]").last
    await entry.fill(value)
    await entry.locator("xpath=ancestor::form").get_by_role("button").first.click()

    await page.wait_for_url(lambda url: shown in url)
