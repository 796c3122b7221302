"""The way from an agent to a human being: where it is set, and who is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.channels.net import CHANNELS
from tests.world import HUMAN, Agent, Found, World
from trinity_channels import texts
from trinity_channels.store import audit

PATH = "/api/agents/support/escalation-contact"


@pytest.fixture
async def sales(found: Found) -> World:
    """A world in which only `sales` is connected, which has no contact."""
    made = await found(connected=False)
    await made.connect("sales")
    return made


async def escalation(world: World) -> list[dict[str, Any]]:
    """What the health of `sales` says about it."""
    checks = (await world.binding("sales"))["health"]["checks"]
    return [one for one in checks if one["code"] == "escalation"]


async def asks(world: World, text: str = "/human") -> str:
    """What the host answers someone new."""
    zoe = world.person("Zoe")
    await zoe.says(text)
    return zoe.last().replace("\u200b", "")


@pytest.mark.parametrize(
    ("given", "kind", "shown", "said"),
    [
        ("Help@Example.org", "email", "help@example.org", "To reach a person, write to help@example.org."),
        (" mailto:help@example.org ", "email", "help@example.org", "To reach a person, write to help@example.org."),
        ("+15557770009", "phone", "+1 555-777-0009", "To reach a person, call +1 555-777-0009."),
        ("tel:+49-30-123456", "phone", "+49 30 123456", "To reach a person, call +49 30 123456."),
        ("https://example.org/a_b?c=d", "link", "https://example.org/a_b?c=d", "go to https://example.org/a_b?c=d"),
        ("HTTP://Example.org", "link", "http://example.org/", "To reach a person, go to http://example.org/"),
    ],
)
async def test_the_owner_sets_where_people_reach_a_person(
    world: World, given: str, kind: str, shown: str, said: str
) -> None:
    answer = await world.api("PUT", PATH, {"contact": given})

    assert answer.json() == {"agent_name": "support", "contact": shown, "kind": kind}
    assert (await world.api("GET", PATH)).json() == answer.json()
    assert said in await asks(world)


@pytest.mark.parametrize(
    "given",
    [
        *("help", "0800 123456", "+1", "+49 30 1234567890123456", "example.org/contact", "ftp://example.org"),
        *(
            "javascript:alert(1)",
            "https://exa mple.org/",
            "https://user:fake@example.org/",
            "help@localhost",
            "a@example.org b",
        ),
        *("https://example.org/\nfor you", "help@example.org\u202e", "https://example.org/" + "a" * 500),
    ],
)
async def test_what_nobody_could_use_is_refused(world: World, given: str) -> None:
    answer = await world.api("PUT", PATH, {"contact": given})

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_input", "contact")
    assert given not in answer.json()["message"]
    assert (await world.api("GET", PATH)).json()["contact"] == HUMAN


@pytest.mark.parametrize("none", [None, "", " "])
async def test_without_a_stored_contact_the_one_of_the_settings_file_counts(world: World, none: str | None) -> None:
    await world.api("PUT", PATH, {"contact": "+15557770009"})

    answer = await world.api("PUT", PATH, {"contact": none})

    assert answer.json()["contact"] == HUMAN
    assert await asks(world) == texts.HUMAN_BY_EMAIL.format(contact=HUMAN)


async def test_an_agent_without_a_contact_admits_it(sales: World) -> None:
    assert await asks(sales) == texts.NO_HUMAN
    assert await asks(sales, "/help") == texts.HELP


async def test_help_tells_it_too(world: World) -> None:
    assert (await asks(world, "/help")).splitlines()[-1] == texts.HUMAN_BY_EMAIL.format(contact=HUMAN)


async def test_the_agent_is_not_asked_how_to_reach_a_person(town: World, agent: Agent) -> None:
    await asks(town, "/Human")

    assert agent.turns == []


async def test_the_change_is_on_record_without_the_contact(world: World) -> None:
    await world.api("PUT", PATH, {"contact": "+15557770009"})
    await world.api("PUT", PATH, {"contact": None})

    entries = await world.host.store.read(lambda tx: audit.entries(tx, "support"))
    found = [(one.actor, one.details) for one in entries if one.action == "set_escalation_contact"]
    assert found == [("admin", {"kind": None}), ("admin", {"kind": "phone"})]


async def test_a_channel_whose_rules_require_it_is_not_healthy_without(sales: World) -> None:
    path = PATH.replace("support", "sales")
    await sales.person("Zoe").says("hello")

    before, *_ = await escalation(sales)
    state = (await sales.binding("sales"))["health"]["state"]
    await sales.api("PUT", path, {"contact": "help@example.org"})

    assert (before["state"], state) == ("warning", "attention")
    assert "https://business.whatsapp.com/policy" in before["message"]
    assert before["actions"] == ["set_escalation"]
    assert [one["state"] for one in await escalation(sales)] == ["ok"]
    assert (await sales.binding("sales"))["health"]["state"] == "ok"


async def test_only_channels_with_such_a_rule_are_checked(world: World) -> None:
    rules: dict[str, Any] = {name: world.host.plugins[name].manifest.escalation_rule for name in CHANNELS}

    assert [name for name, rule in rules.items() if rule] == ["whatsapp"]
