"""The limits of the host: changed on a page while it runs, counting at once, and every setting with its origin."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.world import ADMIN, KEY, OWNER, Found, World
from trinity_channels.host_settings import Origin
from trinity_channels.limits import BOUNDS
from trinity_channels.settings import FILE_ONLY, Settings
from trinity_channels.shown_settings import MEANINGS
from trinity_channels.store import Tx, settings
from trinity_channels.web.auth import Role

LIMITS = "/api/settings/limits"


async def limit(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in (await world.api("GET", LIMITS)).json() if one["name"] == name)
    return found


async def test_a_limit_is_changed_counts_at_once_and_is_given_back(found: Found, page_of: Readers) -> None:
    world = await found(trinity_channels_notices_per_contact=1)
    reader = await page_of(world)
    page = await reader.opens("/settings")
    row = page.get_by_role("row", name="Host messages to one unverified person")
    await expect(row.get_by_text("1 message an hour")).to_be_visible()
    await page.get_by_role("link", name="Change", exact=True).click()
    await reader.examines()

    await page.get_by_label("Host messages to one unverified person").fill("0")
    reader.expects_status(422)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Enter a whole number of messages an hour, from 1 to 1000000.")).to_be_visible()
    await reader.examines()
    await page.get_by_label("Host messages to one unverified person").fill("3")
    await page.get_by_role("button", name="Save").click()

    await expect(page.get_by_text("Saved. The limits count from now on.")).to_be_visible()
    await expect(row.get_by_text("Changed here")).to_be_visible()
    zoe = world.person("Zoe")
    await zoe.says("/help", "/help", "/help", "/help")
    assert len(zoe.heard()) == 3

    await page.get_by_role("link", name="Change", exact=True).click()
    await page.get_by_label("Host messages to one unverified person").fill("")
    await page.get_by_role("button", name="Save").click()
    await expect(row.get_by_text("1 message an hour")).to_be_visible()
    assert await limit(world, "notices_per_contact") == {
        "name": "notices_per_contact",
        "value": 1,
        "configured": 1,
        "stored": False,
    }


async def test_what_is_only_sent_back_is_not_stored(world: World, admin: httpx.AsyncClient) -> None:
    shown = {one["name"]: f"{one['value']:g}" for one in (await world.api("GET", LIMITS)).json()}

    answer = await admin.post("/settings/limits", data={**shown, "late_after_hours": "1,5"}, headers=OWN)

    assert answer.status_code == httpx.codes.SEE_OTHER
    stored = [one["name"] for one in (await world.api("GET", LIMITS)).json() if one["stored"]]
    assert stored == ["late_after_hours"]
    assert (await limit(world, "late_after_hours"))["value"] == 1.5


async def test_each_limit_reaches_what_it_limits(world: World) -> None:
    changes = {
        "keep_bodies_days": 7,
        "email_lifetime_days": 20,
        "late_after_hours": 0.5,
        "park_after_hours": 2,
        "disclose_after_hours": 3,
        "notices_per_contact": 5,
        "notices_per_binding": 6,
    }
    await world.api("PUT", LIMITS, changes)

    values = world.host.limits.values
    assert values.late == timedelta(minutes=30)
    assert values.stale == timedelta(hours=2)
    assert values.silence == timedelta(hours=3)
    assert world.host.self_service.lifetime.unused == timedelta(days=20)
    assert (await world.api("GET", "/api/agents/support/retention")).json()["inherited"] == 7
    await world.stops()
    await world.starts()
    assert {one["name"]: one["value"] for one in (await world.api("GET", LIMITS)).json()} == changes


@pytest.mark.parametrize(
    "given",
    [
        {"keep_bodies_days": 0},
        {"keep_bodies_days": 3651},
        {"keep_bodies_days": True},
        {"keep_bodies_days": 1.5},
        {"keep_bodies_days": "7"},
        {"late_after_hours": -1},
        {"late_after_hours": 0},
        {"park_after_hours": 8761},
        {"notices_per_contact": 10**30},
        {"notices_per_binding": 7, "late_after_hours": 0},
        {"max_concurrent_turns": 5},
        [],
    ],
)
async def test_what_cannot_be_a_limit_changes_nothing(world: World, given: object) -> None:
    before = (await world.api("GET", LIMITS)).json()

    answer = await world.api("PUT", LIMITS, given)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert (await world.api("GET", LIMITS)).json() == before


@pytest.mark.parametrize("text", ["nan", "inf", "1e3", "-1", "0x10", "٣", "7 days", "9" * 30, "<script>"])
async def test_a_form_takes_plain_numbers_only(world: World, admin: httpx.AsyncClient, text: str) -> None:
    answer = await admin.post("/settings/limits", data={"keep_bodies_days": text}, headers=OWN)

    assert answer.status_code == 422
    assert 'id="f-keep_bodies_days-problem"' in answer.text
    assert "<script>" not in answer.text.partition("<main")[2]
    assert not (await limit(world, "keep_bodies_days"))["stored"]


async def test_every_wrong_limit_is_marked_in_words_of_its_label(world: World, admin: httpx.AsyncClient) -> None:
    wrong = {"keep_bodies_days": "0", "late_after_hours": "soon", "notices_per_binding": "1.5"}

    answer = await admin.post("/settings/limits", data={**wrong, "park_after_hours": "3"}, headers=OWN)

    assert answer.status_code == 422
    assert [name for name in BOUNDS if f'id="f-{name}-problem"' in answer.text] == list(wrong)
    assert "Enter a whole number of days, from 1 to 3650." in answer.text
    assert "Enter a number of hours, from 0.01 to 8760." in answer.text
    assert "late_after_hours must" not in answer.text
    assert not [one for one in (await world.api("GET", LIMITS)).json() if one["stored"]]


@pytest.mark.parametrize("stored", ["", "soon", "0", "nan", "99999999"])
async def test_what_another_version_has_stored_is_ignored(world: World, stored: str) -> None:
    def put(tx: Tx) -> None:
        settings.put(tx, "limit:keep_bodies_days", stored)

    await world.host.store.write(put)
    await world.stops()
    await world.starts()

    assert (await limit(world, "keep_bodies_days"))["value"] == 30


async def test_only_administrators_see_and_change_them(world: World) -> None:
    owner, key = await world.token(Role.USER, OWNER), await world.token(Role.AGENT, "support")
    statuses = [
        (await world.api(method, path, body, token=token)).status_code
        for method, path, body in (("GET", "/api/settings", None), ("GET", LIMITS, None), ("PUT", LIMITS, {}))
        for token in (owner, key, "")
    ]
    async with client_of(world, owner) as client:
        looked = [(await client.get(path)).status_code for path in ("/settings/limits", "/settings/all")]
        done = (await client.post("/settings/limits", data={"keep_bodies_days": "1"}, headers=OWN)).status_code

    assert statuses == [403, 403, 401] * 3
    assert [*looked, done] == [403, 403, 403]


async def test_a_change_is_on_record(world: World) -> None:
    await world.api("PUT", LIMITS, {"keep_bodies_days": 7, "late_after_hours": None})
    await world.api("PUT", LIMITS, {})

    (entry,) = (await world.api("GET", "/api/audit?action=set_limits")).json()

    assert entry["details"] == {"keep_bodies_days": 7, "late_after_hours": None}


async def test_every_setting_is_shown_with_its_origin(found: Found, page_of: Readers) -> None:
    world = await found(smtp_url="smtp://bot:fake-password@mail.example.org", mail_from="bot@example.org")
    await world.api("PUT", LIMITS, {"keep_bodies_days": 7})
    await world.api("PUT", "/api/settings/public_chat_url", {"value": "https://other.example.org"})

    answer = await world.api("GET", "/api/settings")
    page = await (await page_of(world)).opens("/settings/all")

    every = {one["name"]: one for one in answer.json()}
    assert (
        every["TRINITY_CHANNELS_KEEP_BODIES_DAYS"]["value"],
        every["TRINITY_CHANNELS_PUBLIC_CHAT_URL"]["value"],
    ) == (
        "7",
        "https://other.example.org",
    )
    origins = {name: one["origin"] for name, one in every.items()}
    assert origins["TRINITY_CHANNELS_KEEP_BODIES_DAYS"] == origins["TRINITY_CHANNELS_PUBLIC_CHAT_URL"] == "stored"
    assert origins["TRINITY_CHANNELS_GATHER_SECONDS"] == "application"
    assert origins["TRINITY_CHANNELS_PARK_AFTER_HOURS"] == "default"
    assert every["TRINITY_CHANNELS_SMTP_URL"] | {"meaning": ""} == {
        "name": "TRINITY_CHANNELS_SMTP_URL",
        "meaning": "",
        "value": "set",
        "secret": True,
        "origin": "application",
        "route": "",
    }
    shown = answer.text + await page.content()
    assert [secret for secret in ("fake-password", ADMIN, KEY) if secret in shown] == []
    await expect(page.get_by_role("row", name="TRINITY_CHANNELS_KEEP_BODIES_DAYS")).to_contain_text("Changed here")


def test_a_value_comes_from_the_environment_the_file_or_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "channels.toml"
    file.write_text(
        'mail_from = "bot@example.org"\ntrinity_channels_gather_seconds = 1\nslack_api_base_url = "http://a"\n'
    )
    monkeypatch.setenv("TRINITY_CHANNELS_CONFIG", str(file))
    monkeypatch.setenv("TRINITY_CHANNELS_GATHER_SECONDS", "2")
    monkeypatch.setenv("TRINITY_CHANNELS_TWILIO_API_BASE_URL", "http://b")
    monkeypatch.setenv("TRINITY_CHANNELS_OPEN_DOCS", "")

    loaded = Settings.load(trinity_channels_home=tmp_path)

    assert {name: loaded.origin(name) for name in ("mail_from", "gather_seconds", "home", "open_docs")} == {
        "mail_from": Origin.FILE,
        "gather_seconds": Origin.ENVIRONMENT,
        "home": Origin.APPLICATION,
        "open_docs": Origin.DEFAULT,
    }
    assert loaded.origin("slack_api_base_url") == Origin.FILE
    assert loaded.origin("twilio_api_base_url") == Origin.ENVIRONMENT


def test_every_setting_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Settings.model_fields) - set(FILE_ONLY)
