"""The set-up checklist of a fresh host: from nothing to the first answer, on the first page and by the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory
from playwright.async_api import Page, expect

from tests.channels.net import Net
from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.world import OWNER, PUBLIC, Found, World
from trinity_channels.web.auth import Role

STEPS = ["channels", "agent", "public_chat_url", "key_backup", "mail", "connection", "first_answer"]


async def state(world: World) -> dict[str, Any]:
    answer = await world.api("GET", "/api/setup")
    assert answer.status_code == httpx.codes.OK
    found: dict[str, Any] = answer.json()
    return found


async def missing(world: World) -> list[str]:
    return [one["code"] for one in (await state(world))["steps"] if not one["done"]]


async def is_at(page: Page, title: str) -> None:
    """Live parts follow within seconds; a busy machine takes longer."""
    await expect(page.locator(".steps [aria-current=step] > b")).to_have_text(title, timeout=30_000)


async def test_a_fresh_host_leads_to_its_first_answer(found: Found, page_of: Readers) -> None:
    world = await found(connected=False, public_chat_url=None, credential_encryption_key=None)
    reader = await page_of(world)
    page = await reader.opens("/agents")
    assert await page.locator("h1").inner_text() == "Welcome. Four of seven steps are left."
    await expect(page.locator(".steps > li")).to_have_count(7)
    await is_at(page, "Set the Public Chat URL")
    assert await missing(world) == ["public_chat_url", "key_backup", "connection", "first_answer"]

    await page.get_by_role("link", name="Go to the Public Chat URL").click()
    await page.get_by_role("textbox", name="Public Chat URL").fill(PUBLIC)
    await page.get_by_role("button", name="Save and check").click()
    await expect(page.get_by_text("Reachable.")).to_be_visible()
    await page.goto(f"{reader.url}/agents")
    await is_at(page, "Back up the encryption key (recommended)")
    await expect(page.get_by_text("credentials.key")).to_be_visible()
    await page.get_by_role("button", name="I have a copy").click()
    await expect(page.get_by_text("Noted that you have a copy")).to_be_visible()
    await is_at(page, "Connect an agent to a channel")
    await reader.examines()

    await world.connect()
    await is_at(page, "Get the first answer")  # by itself
    await expect(page.get_by_text("No message to support has arrived yet.")).to_be_visible()
    await world.policy("open")
    await world.person("Zoe").says("hello")

    await expect(page.get_by_role("heading", name="Agents", exact=True)).to_be_visible(timeout=30_000)
    assert await missing(world) == []
    assert (await state(world))["finished"] is True


async def test_a_message_that_waits_for_access_is_not_an_answer(world: World, admin: httpx.AsyncClient) -> None:
    await world.policy("require_sharing")
    await world.person("Zoe").says("hello")

    step = (await state(world))["steps"][-1]

    assert (step["code"], step["done"]) == ("first_answer", False)
    assert "has arrived, and was not answered yet" in step["message"]
    assert "/agents/support/channels/whatsapp" in (await admin.get("/agents")).text


async def test_what_is_recommended_is_kept_in_the_settings_after_the_first_answer(found: Found) -> None:
    world = await found(mailer=False)
    await world.policy("open")
    await world.person("Zoe").says("hello")

    async with client_of(world) as client:
        agents, settings = (await client.get("/agents")).text, (await client.get("/settings")).text

    assert await missing(world) == ["mail"]
    assert "Set-up checklist" not in agents
    assert "Set TRINITY_CHANNELS_SMTP_URL and TRINITY_CHANNELS_MAIL_FROM" in settings


async def test_a_new_key_asks_for_a_copy_again(found: Found) -> None:
    world = await found(connected=False, credential_encryption_key=None)
    assert (await world.api("POST", "/api/setup/key-backup")).status_code == httpx.codes.OK
    before = await missing(world)
    await world.stops()
    (world.settings.home / "credentials.key").unlink()  # nothing is sealed yet, so that a new one is made
    await world.starts()

    assert "key_backup" not in before
    assert "key_backup" in await missing(world)


async def test_an_address_that_does_not_lead_here_is_still_to_be_set(world: World) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": "https://elsewhere.example.org"})
    await world.api("POST", "/api/settings/public_chat_url/probe")

    step = next(one for one in (await state(world))["steps"] if one["code"] == "public_chat_url")

    assert not step["done"]
    assert "elsewhere.example.org" in step["message"]
    assert step["fix"]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://unreachable.example.org", "was not checked yet"),
        ("http://chat.example.org", "is not encrypted"),
        ("http://127.0.0.1:8000", ""),
    ],
)
async def test_an_address_is_set_once_it_was_checked(world: World, address: str, told: str) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": address})

    step = next(one for one in (await state(world))["steps"] if one["code"] == "public_chat_url")

    assert step["done"] is not bool(told)
    assert told in step["message"]
    assert bool(step["fix"]) is bool(told)


async def test_an_address_is_set_when_its_probe_came_through(world: World) -> None:
    before = await missing(world)
    await world.api("POST", "/api/settings/public_chat_url/probe")

    assert "public_chat_url" in before
    assert "public_chat_url" not in await missing(world)


async def test_a_host_without_agents_takes_the_settings_file_over(found: Found, page_of: Readers) -> None:
    world = await found(connected=False)
    agents = world.settings.agents
    await world.stops()
    world.settings = world.settings.model_copy(update={"agents": {}})
    await world.starts()
    reader = await page_of(world)
    page = await reader.opens("/agents")
    await is_at(page, "Name an agent")

    world.settings = world.settings.model_copy(update={"agents": agents})
    await page.get_by_role("button", name="Take the file over").click()

    await expect(page.get_by_text("Added: my-agent, sales, support.")).to_be_visible()
    await expect(page.get_by_role("link", name="support")).to_be_visible()


async def test_only_administrators_see_and_change_it(world: World) -> None:
    owner, key = await world.token(Role.USER, OWNER), await world.token(Role.AGENT, "support")
    statuses = [
        (await world.api(method, path, token=token)).status_code
        for method, path in (("GET", "/api/setup"), ("POST", "/api/setup/key-backup"))
        for token in (owner, key, "")
    ]
    async with client_of(world, owner) as client:
        shown = (await client.get("/agents")).text
        done = [
            (await client.post(path, headers=OWN)).status_code for path in ("/settings/key-backup", "/settings/reload")
        ]

    assert statuses == [403, 403, 401, 403, 403, 401]
    assert "Set-up checklist" not in shown
    assert done == [403, 403]


async def test_buttons_lead_back_to_pages_of_ours_only(admin: httpx.AsyncClient) -> None:
    targets = ["/settings", "https://evil.example", "//evil.example", "/\\evil.example", ""]
    found = [
        (await admin.post("/settings/key-backup", data={"next": one}, headers=OWN)).headers["location"]
        for one in targets
    ]

    assert found == ["/settings", "/agents", "/agents", "/agents", "/agents"]


async def test_the_steps_have_one_order(world: World) -> None:
    assert [one["code"] for one in (await state(world))["steps"]] == STEPS


async def test_what_is_fetched_needs_no_public_address(tmp_path: Path, clock: FrozenDateTimeFactory) -> None:
    async with Net(tmp_path, clock, public_chat_url=None) as net:
        before = (await state(net))["steps"][2]
        await net.listens_to("telegram")
        after = (await state(net))["steps"][2]

    assert (before["done"], "it needs none" in before["fix"]) == (False, True)
    assert (after["done"], after["message"]) == (
        True,
        "Not needed for what is connected: this host fetches the messages.",
    )
