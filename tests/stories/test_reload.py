"""Agents come, change and go while the host runs; with an error in the file, everything stays as it was."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from tests.world import HUMAN, OWNER, Found, World
from trinity_channels import texts
from trinity_channels.settings import Settings, SettingsError
from trinity_channels.store import StoreError, audit
from trinity_channels.store.news import Subject
from trinity_channels.web.auth import Role

RELOAD = "/api/settings/reload"
SUPPORT = {"owner": OWNER, "runtime": "echo", "escalation_contact": HUMAN}
SALES = {"owner": "sales@example.org", "runtime": "echo"}
MINE = {"owner": OWNER, "runtime": "echo"}
ALL = {"support": SUPPORT, "sales": SALES, "my-agent": MINE}


def now_reads(world: World, agents: dict[str, Any], **other: Any) -> None:
    """The settings that the world's host reads from now on."""
    fields = Settings.model_fields.items()
    given = {field.alias or name: getattr(world.settings, name) for name, field in fields} | {"agents": agents}
    world.reads = lambda: Settings.load(**(given | other))


async def reloaded(world: World) -> dict[str, Any]:
    answer = await world.api("POST", RELOAD)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_added_agent_can_be_connected_and_answers(found: Found) -> None:
    world = await found(connected=False)
    now_reads(world, ALL | {"new": MINE})

    before = await world.connect("new")
    done = await reloaded(world)
    after = await world.connect("new")
    await world.policy("open", "new")
    zoe = world.person("Zoe")
    await zoe.says("hello")

    assert (before.status_code, after.status_code) == (404, 200)
    assert (done["added"], done["changed"], done["removed"]) == (["new"], [], [])
    assert done["message"] == "Added: new."
    assert zoe.last().endswith("hello")


async def test_a_changed_agent_has_its_new_owner_and_contact_at_once(world: World) -> None:
    owner = await world.token(Role.USER, OWNER)
    other = await world.token(Role.USER, "other@example.org")
    changed = {"owner": "other@example.org", "runtime": "echo", "escalation_contact": "new@example.org"}
    now_reads(world, ALL | {"support": changed})

    done = await reloaded(world)
    zoe = world.person("Zoe")
    await zoe.says("/human")

    assert done["changed"] == ["support"]
    assert "new@example.org" in zoe.last()
    path = "/api/agents/support/whatsapp"
    assert (await world.api("GET", path, token=owner)).status_code == 404
    assert (await world.api("GET", path, token=other)).status_code == 200


async def test_a_changed_runtime_answers_the_next_message(world: World) -> None:
    await world.policy("open")
    zoe = world.person("Zoe")
    await zoe.says("one")
    nowhere = {"owner": OWNER, "runtime": "openai", "base_url": "http://model.invalid/v1", "model": "m"}
    now_reads(world, ALL | {"support": nowhere})
    await reloaded(world)
    await zoe.says("two")
    meanwhile = zoe.heard()
    now_reads(world, ALL)
    await reloaded(world)
    await world.much_later()  # the retry that is due

    assert meanwhile == ["echo one"]
    assert zoe.heard() == ["echo one", "echo two"]


async def test_a_removed_agent_is_gone_and_what_it_leaves_is_named(world: World) -> None:
    await world.policy("open")
    now_reads(world, {"sales": SALES, "my-agent": MINE})

    done = await reloaded(world)
    zoe = world.person("Zoe")
    await zoe.says("hello?")

    assert done["removed"] == ["support"]
    assert done["still_connected"] == [{"agent_name": "support", "channel": "whatsapp"}]
    assert (
        "support is still connected on WhatsApp (Twilio), and people who write there get an apology." in done["message"]
    )
    assert (await world.api("GET", "/api/agents/support/whatsapp")).status_code == 404
    assert zoe.heard() == [texts.APOLOGY]


@pytest.mark.parametrize(
    ("agents", "line"),
    [
        ({"Support": SUPPORT}, "Support"),
        ({"support": {"owner": "nobody", "runtime": "echo"}}, "agents.support.owner"),
        ({"support": {"owner": OWNER}}, "agents.support"),
        ({"support": SUPPORT | {"colour": "red"}}, "agents.support.colour"),
        ({"support": {"owner": OWNER, "runtime": "openai", "model": "m"}}, "agents.support.base_url"),
        ({"support": {"owner": OWNER, "runtime": "trinity"}}, "TRINITY_URL"),
    ],
)
async def test_with_an_error_everything_stays_as_it_was(world: World, agents: dict[str, Any], line: str) -> None:
    now_reads(world, {"new": MINE} | agents)

    answer = await world.api("POST", RELOAD)
    names = [one["name"] for one in (await world.api("GET", "/api/agents")).json()]

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings_file")
    assert any(line in problem for problem in answer.json()["problems"])
    assert answer.json()["message"].startswith("The settings cannot work, so nothing was changed:\n")
    assert names == ["my-agent", "sales", "support"]


async def test_all_errors_are_listed(world: World) -> None:
    def broken() -> Settings:
        raise SettingsError("PUBLIC_CHAT_URL: is wrong\nagents.new.owner: is wrong, too")

    world.reads = broken

    assert (await world.api("POST", RELOAD)).json()["problems"] == [
        "PUBLIC_CHAT_URL: is wrong",
        "agents.new.owner: is wrong, too",
    ]


async def test_what_cannot_be_put_on_record_is_not_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(_: object) -> None:
        raise StoreError("The disk is full.")

    now_reads(world, ALL | {"new": MINE})
    monkeypatch.setattr(world.host.store, "write", full)
    answer = await world.api("POST", RELOAD)
    monkeypatch.undo()

    assert answer.status_code == 503
    assert (await world.api("GET", "/api/agents/new/whatsapp")).status_code == 404
    assert (await reloaded(world))["added"] == ["new"]


async def test_an_agent_on_a_platform_that_the_host_does_not_know_waits_for_a_restart(world: World) -> None:
    trinity = {"owner": OWNER, "runtime": "trinity"}
    now_reads(world, ALL | {"new": trinity}, trinity_url="https://trinity.example.org", trinity_token="fake-token")

    answer = await world.api("POST", RELOAD)

    assert answer.json()["problems"] == [
        "agents.new: needs TRINITY_CHANNELS_TRINITY_URL, which counts from the next start"
    ]


async def test_other_settings_that_changed_are_named_and_wait_for_a_restart(world: World) -> None:
    now_reads(world, ALL, trinity_channels_late_after_hours=2, api_base_urls={"slack_api_base_url": "http://s.example"})

    done = await reloaded(world)

    assert done["needs_restart"] == [
        "TRINITY_CHANNELS_LATE_AFTER_HOURS",
        "TRINITY_CHANNELS_SLACK_API_BASE_URL",
        "TRINITY_CHANNELS_TWILIO_API_BASE_URL",
    ]
    assert "The agents are as they were." in done["message"]


async def test_changes_are_on_record_and_nothing_else(world: World) -> None:
    now_reads(world, ALL)
    await reloaded(world)
    now_reads(world, ALL | {"new": MINE})
    await reloaded(world)

    entries = await world.host.store.read(lambda tx: audit.entries(tx, None, action="reload_agents"))

    assert [(one.actor, one.details) for one in entries] == [("admin", {"added": ["new"]})]


async def test_only_administrators_reload(world: World) -> None:
    tokens = [await world.token(Role.USER, OWNER), await world.token(Role.AGENT, "support"), ""]

    statuses = [(await world.api("POST", RELOAD, token=token)).status_code for token in tokens]

    assert statuses == [403, 403, 401]


async def test_news_of_another_process_comes_while_the_settings_are_read(world: World) -> None:
    present, goes_on = world.reads, threading.Event()

    def slow() -> Settings:
        goes_on.wait(10)
        return present()

    world.reads = slow
    reloading = asyncio.create_task(world.api("POST", RELOAD))
    telling = asyncio.create_task(world.host.store.write(lambda tx: tx.tell(Subject.CONFIGURATION)))
    await asyncio.sleep(0.1)  # in which the news is read, in a thread on PostgreSQL
    goes_on.set()

    async with asyncio.timeout(10):
        answer, _ = await asyncio.gather(reloading, telling)
    assert answer.status_code == 200
