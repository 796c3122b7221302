"""Conversations by the API: who may read them, what a list and a conversation hold, and that reading is on record."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import OWNER, Agent, Person, World
from trinity_channels.conversations import listing, reading
from trinity_channels.store import audit
from trinity_channels.web.auth import Role
from trinity_channels_whatsapp.simulator.messages import Message

LIST = "/api/agents/support/conversations"


async def listed(world: World, query: str = "", **options: str) -> dict[str, Any]:
    answer = await world.api("GET", f"{LIST}{query}", **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def titles(world: World, query: str = "") -> list[str]:
    return [one["title"] for one in (await listed(world, query))["conversations"]]


async def read(world: World, title: str, query: str = "") -> dict[str, Any]:
    """Someone's conversation."""
    (one,) = [one for one in (await listed(world))["conversations"] if one["title"] == title]
    answer = await world.api("GET", f"{LIST}/{one['id']}{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def people(world: World, *names: str) -> list[Person]:
    """People who wrote one after the other."""
    found = []
    for name in names:
        found.append(world.person(name))
        await found[-1].says(f"I am {name}")
        await world.later(minutes=1)
    return found


async def test_those_who_wrote_last_come_first(town: World) -> None:
    zoe, _ = await people(town, "Zoe", "Tim")
    assert await titles(town) == ["Tim", "Zoe"]

    await zoe.says("once more")

    assert await titles(town) == ["Zoe", "Tim"]
    (one, _) = (await listed(town))["conversations"]
    assert (one["last_words"], one["last_from"], one["needs"]) == ("echo once more", "agent", [])


async def test_the_list_is_read_page_by_page(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    await people(town, "Ann", "Ben", "Cid", "Dot", "Eve")

    pages, after = [], ""
    while after is not None:
        found = await listed(town, f"?after={after}")
        pages.append([one["title"] for one in found["conversations"]])
        after = found["next"]

    assert pages == [["Eve", "Dot"], ["Cid", "Ben"], ["Ann"]]
    assert found["total"] == 5


@pytest.mark.parametrize(
    "after", ["x", "-", "1-", "-1", "1-x", "9" * 18 + "-1", "1-" + "9" * 18, "\uff11-\uff11", "1.5-1"]
)
async def test_a_place_that_no_page_names_is_refused(town: World, after: str) -> None:
    answer = await town.api("GET", f"{LIST}?after={after}")

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_input", "after")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=zo", ["Zoë"]),
        ("?q=ZOË", ["Zoë"]),
        ("?q=zoë", ["Zoë"]),
        ("?q=tim@example", ["Tim"]),
        ("?q=5551003", ["Pat"]),
        ("?q=%25", []),
        ("?q=_", []),
        ("?q=unknown", []),
        ("?q=+Pat+", ["Pat"]),
        ("?channel=whatsapp", ["Pat", "Tim", "Zoë"]),
        ("?channel=telegram", []),
        ("?channel=unknown", []),
    ],
)
async def test_a_list_is_narrowed_by_name_and_channel(town: World, query: str, expected: list[str]) -> None:
    await people(town, "Zoë")
    tim = (await people(town, "Tim"))[0]
    await tim.verifies("tim@example.org")
    await town.later(minutes=1)
    await town.person("Pat", "+12025551003").says("hello")

    assert await titles(town, query) == expected


async def test_what_is_left_to_do_is_listed_and_counted(world: World) -> None:
    await people(world, "Held")  # needs access, and has none
    await world.policy("open")
    await world.settle()
    assert (await listed(world))["counts"] == {"attention": 0, "held": 0, "working": 0}
    await world.policy("require_sharing")

    await people(world, "Ann", "Ben")

    found = await listed(world, "?state=held")
    assert [one["title"] for one in found["conversations"]] == ["Ben", "Ann"]
    assert (found["counts"], found["total"]) == ({"attention": 0, "held": 2, "working": 0}, 3)
    assert found["conversations"][0]["needs"] == ["held"]
    assert await titles(world, "?state=attention") == []


async def test_an_agent_that_is_answering_is_told(town: World, agent: Agent) -> None:
    agent.thinks()
    zoe = town.person("Zoe")
    await zoe.phone.says("hello")
    await agent.asked(1)

    found = await listed(town, "?state=working")
    agent.speaks()
    await town.settle()

    assert [one["needs"] for one in found["conversations"]] == [["working"]]
    assert await titles(town, "?state=working") == []


async def test_a_test_message_is_no_conversation(town: World) -> None:
    zoe = (await people(town, "Zoe"))[0]
    await town.api(
        "POST", "/api/agents/support/whatsapp/test", {"to_number": zoe.phone.address_for(town.twilio.account)}
    )
    await town.settle()

    assert await titles(town) == ["Zoe"]
    assert (await town.api("GET", f"{LIST}/2")).status_code == 404


async def test_addresses_are_masked(town: World) -> None:
    await town.person("", "+12025551003").says("hello")

    (one,) = (await listed(town))["conversations"]
    found = await town.api("GET", f"{LIST}/{one['id']}")

    assert "5551003" not in found.text + str(one)
    assert one["title"] == one["address"]


# --- who may read ---


async def test_only_the_owner_and_administrators_may_read(town: World) -> None:
    await people(town, "Zoe")
    (one,) = (await listed(town))["conversations"]
    paths = [LIST, f"{LIST}/{one['id']}", "/api/agents/support/failed-turns"]
    tokens = {
        "owner": await town.token(Role.USER, OWNER),
        "other": await town.token(Role.USER, "sales@example.org"),
        "agent": await town.token(Role.AGENT, "support"),
    }

    answers = {who: [(await town.api("GET", path, token=token)) for path in paths] for who, token in tokens.items()}

    assert [one.status_code for one in answers["owner"]] == [200] * 3
    assert [one.json()["code"] for one in answers["other"]] == ["agent_not_found"] * 3
    assert [one.json()["code"] for one in answers["agent"]] == ["agent_key_not_allowed"] * 3
    missing = await town.api("GET", "/api/agents/nothing/conversations", token=tokens["other"])
    assert answers["other"][0].json() == missing.json()


async def test_a_conversation_of_another_agent_is_not_found(town: World) -> None:
    await people(town, "Zoe")
    (one,) = (await listed(town))["conversations"]

    foreign = await town.api("GET", f"/api/agents/sales/conversations/{one['id']}")
    missing = await town.api("GET", f"{LIST}/9999")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json() == missing.json()
    assert foreign.json()["code"] == "conversation_not_found"


async def readings(world: World) -> list[tuple[str, dict[str, object]]]:
    """Who read what, oldest first."""
    entries = await world.host.store.read(lambda tx: audit.entries(tx, "support", action="read_conversation"))
    return [(one.actor, one.details) for one in reversed(entries)]


async def test_reading_is_on_record_once_an_hour_for_each_reader_and_conversation(town: World) -> None:
    await people(town, "Zoe", "Tim")
    owner = await town.token(Role.USER, OWNER)
    tim, zoe = [one["id"] for one in (await listed(town, token=owner))["conversations"]]
    user = f"user:{OWNER}"

    for _ in range(3):
        await town.api("GET", f"{LIST}/{zoe}", token=owner)
        await town.api("GET", f"{LIST}/{tim}", token=owner)
        await town.api("GET", f"{LIST}/{zoe}")
    hour = await readings(town)
    town.clock.tick(3599)
    await town.api("GET", f"{LIST}/{zoe}", token=owner)
    assert await readings(town) == hour
    town.clock.tick(2)
    await town.api("GET", f"{LIST}/{zoe}", token=owner)

    assert hour == [
        (user, {"list": True}),
        (user, {"conversation": zoe}),
        (user, {"conversation": tim}),
        ("admin", {"conversation": zoe}),
    ]
    assert await readings(town) == [*hour, (user, {"conversation": zoe})]


async def test_who_may_not_read_leaves_no_record(town: World) -> None:
    await people(town, "Zoe")
    other = await town.token(Role.USER, "sales@example.org")

    await town.api("GET", LIST, token=other)
    await town.api("GET", f"{LIST}/1", token=other)
    await town.api("GET", f"{LIST}/9999")

    assert await readings(town) == []


# --- what a conversation holds ---


async def test_both_sides_are_read_in_order_with_what_became_of_them(town: World) -> None:
    await people(town, "Zoe")

    found = await read(town, "Zoe")

    theirs, ours = found["messages"]
    assert (theirs["origin"], theirs["writer"], theirs["text"], theirs["words"]) == ("person", "Zoe", "I am Zoe", "")
    assert (ours["origin"], ours["text"], ours["writer"]) == ("agent", "echo I am Zoe", "")
    assert [(one["state"], one["words"]) for one in ours["deliveries"]] == [("read", "Read")]
    assert (found["earlier"], found["failed_turns"], found["access_requests"]) == (None, [], [])


async def test_a_long_conversation_is_read_from_its_end(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE", 3)
    zoe = town.person("Zoe")
    for text in ("one", "two", "three", "four"):
        await zoe.says(text)

    pages, before = [], ""
    while before is not None:
        found = await read(town, "Zoe", before and f"?before={before}")
        pages.append([one["text"] for one in found["messages"]])
        before = found["earlier"]

    assert pages == [["echo three", "four", "echo four"], ["two", "echo two", "three"], ["one", "echo one"]]


async def test_what_came_with_a_text_is_worded_as_the_agent_is_told(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    quoted = next(one for one in reversed(zoe.phone.bubbles) if isinstance(one, Message) and one.outbound)
    await zoe.phone.says("why?", replying_to=quoted)
    await town.settle()
    await zoe.phone.sends_media(b"\xff\xd8\xff", "image/jpeg", "the box")
    await zoe.phone.shares_location(47.37, 8.54, "Our office")
    await town.settle()

    told = [one for turn in agent.turns for message in turn.messages for one in message.notes]
    found = [one for message in (await read(town, "Zoe"))["messages"] for one in message["notes"]]

    assert [one.lower() for one in found] == [one.lower() for one in told]
    assert [one.split(" ", 1)[0] for one in found] == ["Answers", "Sent", "Shared"]
    (one,) = (await listed(town))["conversations"]
    assert one["last_from"] == "agent"


async def test_texts_past_their_retention_are_told_as_deleted(town: World) -> None:
    await people(town, "Zoe")
    await town.later(days=31)

    found = await read(town, "Zoe")

    assert {one["text"] for one in found["messages"]} == {""}
    assert {one["gone"] for one in found["messages"]} == {"Text deleted after 30 days."}
    (one,) = (await listed(town))["conversations"]
    assert one["last_words"] == "Text deleted"


async def test_what_is_dropped_is_told_otherwise(town: World) -> None:
    zoe = (await people(town, "Zoe"))[0]
    await town.blocks(zoe)
    await zoe.says("my secret")

    found = await read(town, "Zoe")

    assert found["messages"][-1]["gone"] == "It was not given to the agent, so its text was removed."
    assert found["blocked"]


async def test_of_a_person_who_was_erased_nothing_is_left_to_read(town: World) -> None:
    zoe = (await people(town, "Zoe"))[0]
    (one,) = (await listed(town))["conversations"]
    await town.api("DELETE", f"/api/agents/support/clients/{(await town.client(zoe))['id']}")

    assert (await listed(town))["total"] == 0
    assert (await town.api("GET", f"{LIST}/{one['id']}")).status_code == 404


async def test_access_requests_are_read_where_they_were_made(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("May I?")
    await zoe.verifies("zoe@example.org")
    pending = await read(world, "Zoe")
    assert pending["messages"][0]["words"] == "Waits for access"

    await world.decides("zoe@example.org")
    found = await read(world, "Zoe")

    assert [(one["email"], one["status"]) for one in pending["access_requests"]] == [("zoe@example.org", "pending")]
    assert [(one["status"], one["decided_by"]) for one in found["access_requests"]] == [("approved", "admin")]
    assert found["messages"][-1]["text"] == "echo May I?"
    assert found["verified_email"] == "zoe@example.org"
