"""Tokens on the page of the settings: made once, seen once, revoked."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.pages.hostile import HOSTILE
from tests.world import OWNER, World
from trinity_channels.web.auth import Role


async def test_a_token_is_made_shown_once_and_revoked(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    page = await reader.opens("/settings")
    await page.get_by_role("link", name="New token").click()
    await reader.examines()
    await page.get_by_label("For an owner").check()
    await page.get_by_label("Owner or agent").fill(" Owner@Example.org ")
    await page.get_by_label("Label").fill("nightly report")

    await page.get_by_role("button", name="Make the token").click()

    token = await page.locator("#token").inner_text()
    await reader.examines()
    assert (await world.api("GET", "/api/agents", token=token)).status_code == httpx.codes.OK
    page = await reader.opens("/settings")
    assert token not in await page.content()
    row = page.get_by_role("row", name="nightly report")
    await expect(row.get_by_text(OWNER)).to_be_visible()
    await expect(row.get_by_text("in 3 months")).to_be_visible()

    await row.get_by_role("link", name="Revoke nightly report").click()
    await reader.examines()
    await page.get_by_role("button", name="Revoke the token").click()

    await expect(page.get_by_text("nightly report is revoked.")).to_be_visible()
    assert (await world.api("GET", "/api/agents", token=token)).status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "Choose who the token is for."),
        ({"role": "root"}, "Choose who the token is for."),
        ({"role": "user", "subject": "unknown"}, "f-subject-problem"),
        ({"role": "agent", "subject": "unknown"}, "There is no such agent."),
        ({"role": "admin", "subject": OWNER}, "has no subject"),
        ({"role": "admin", "label": "x" * 101}, "at most 100 characters"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field(world: World, given: dict[str, str], problem: str) -> None:
    async with client_of(world) as client:
        answer = await client.post("/settings/tokens", data=given, headers=OWN)

    assert answer.status_code == 422
    assert problem in answer.text
    assert (await world.api("GET", "/api/tokens")).json() == []


@pytest.mark.parametrize(
    ("role", "problem"), [("", "Choose who the token is for."), ("agent", "There is no such agent.")]
)
async def test_everything_that_is_wrong_is_told_at_once(admin: httpx.AsyncClient, role: str, problem: str) -> None:
    given = {"role": role, "subject": "unknown", "label": "x" * 101}

    answer = await admin.post("/settings/tokens", data=given, headers=OWN)

    assert problem in answer.text
    assert "at most 100 characters" in answer.text


async def test_a_token_without_an_end_and_an_expired_one_are_told_apart(world: World, admin: httpx.AsyncClient) -> None:
    await admin.post("/settings/tokens", data={"role": "admin", "label": "for good", "days": ""}, headers=OWN)
    await admin.post("/settings/tokens", data={"role": "admin", "label": "short", "days": "30"}, headers=OWN)
    # A forged number of days counts for nothing.
    await admin.post("/settings/tokens", data={"role": "admin", "label": "forged", "days": "99999"}, headers=OWN)
    made = {one["label"]: one["expires_at"] for one in (await world.api("GET", "/api/tokens")).json()}

    world.clock.tick(timedelta(days=31))
    async with client_of(world) as client:
        shown = (await client.get("/settings")).text

    assert made["for good"] is None
    assert made["forged"] is None
    assert "Expired" in shown


async def test_labels_neither_escape_nor_break_the_page(world: World, page_of: Readers) -> None:
    for words in HOSTILE:
        answer = await world.api("POST", "/api/tokens", {"role": "agent", "subject": "support", "label": words[:100]})
        assert answer.status_code == httpx.codes.OK
    reader = await page_of(world)

    page = await reader.opens("/settings")

    assert await page.locator("main script, main img").count() == 0
    await page.goto(f"{reader.url}/settings/tokens/2/revoke")
    await reader.examines()


async def test_another_ones_page_cannot_make_or_revoke_a_token(world: World) -> None:
    await world.token(Role.USER, OWNER)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    async with client_of(world) as client:
        made = await client.post("/settings/tokens", data={"role": "admin"}, headers=foreign)
        revoked = await client.post("/settings/tokens/1/revoke", headers=foreign)

    assert (made.status_code, revoked.status_code) == (403, 403)
    assert len((await world.api("GET", "/api/tokens")).json()) == 1


async def test_a_token_that_is_gone_is_a_page_of_its_own(admin: httpx.AsyncClient) -> None:
    looked = await admin.get("/settings/tokens/99/revoke")
    revoked = await admin.post("/settings/tokens/99/revoke", headers=OWN)

    assert (looked.status_code, revoked.status_code) == (404, 404)
