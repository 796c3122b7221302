"""How long what people write is kept: not at all where it is dropped, a month where it was answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.world import START, Agent, Found, World
from trinity_channels.agents.port import AgentFailed
from trinity_channels.store import Tx, turns
from trinity_channels.store.retention import Batch

QUESTION = "where is the blue suitcase"
RETENTION = "/api/agents/support/retention"
RUN = "retention_last_run_timestamp_seconds"


def stored(world: World) -> str:
    """Everything the database holds."""
    return world.everything()


def files(world: World) -> list[Path]:
    """The database and what SQLite keeps beside it."""
    return list(world.folder.glob("trinity_channels.db*"))


def metric(world: World, name: str, **labels: str) -> float:
    return world.host.metrics.value(name, **labels)


async def test_what_a_blocked_person_writes_is_not_kept(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.blocks(zoe)

    await zoe.says(QUESTION)

    assert len(agent.turns) == 1
    assert QUESTION not in stored(town)


async def test_what_was_held_for_somebody_who_is_blocked_is_not_kept(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says(QUESTION)
    assert QUESTION in stored(world)

    await world.blocks(zoe)

    assert QUESTION not in stored(world)


@pytest.mark.sqlite("PostgreSQL's files are its operator's")
async def test_what_was_removed_is_not_left_in_any_file(world: World) -> None:
    zoe, tim = world.person("Zoe"), world.person("Tim")
    await zoe.says("hello")
    await world.blocks(zoe)
    await zoe.says(QUESTION)
    await tim.says(QUESTION)
    erased = (await world.client(tim))["id"]
    assert (await world.api("DELETE", f"/api/agents/support/clients/{erased}")).status_code < 300
    assert QUESTION.encode() in b"".join(map(Path.read_bytes, files(world)))  # the log of writes still has it

    await world.later(minutes=1)

    assert QUESTION.encode() not in b"".join(map(Path.read_bytes, files(world)))


async def test_of_what_is_held_only_the_latest_five_messages_are_kept(world: World) -> None:
    zoe = world.person("Zoe")

    await zoe.says(QUESTION, "one", "two", "three", "four", "five")

    assert QUESTION not in stored(world)


async def test_what_is_written_too_fast_is_not_kept(town: World) -> None:
    zoe = town.person("Zoe")
    for number in range(80):
        await zoe.says(f"message {number}")

    assert "message 79" not in stored(town)


async def test_what_is_held_too_long_is_not_kept(world: World) -> None:
    await world.person("Zoe").says(QUESTION)

    await world.later(days=6, hours=23)
    before = stored(world)
    await world.later(hours=1, seconds=1)

    assert QUESTION in before
    assert QUESTION not in stored(world)


async def test_texts_are_kept_for_thirty_days(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says(QUESTION)

    await town.later(days=29, hours=23)
    before = stored(town)
    await town.later(hours=1, seconds=1)

    assert QUESTION in before
    assert QUESTION not in stored(town)
    assert metric(town, "retention_removed_total", kind="messages") == 2  # the question and its answer
    assert metric(town, "retention_removed_total", kind="deliveries") == 1
    assert metric(town, RUN) == town.now().timestamp()


async def test_an_agent_is_not_shown_messages_without_their_texts(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says(QUESTION)
    await town.later(days=20)
    await zoe.says("later")
    await town.later(days=20)

    await zoe.says("hello again")

    assert [one.text for one in agent.turns[-1].history] == ["later", "echo later"]


@pytest.mark.parametrize(
    ("settings", "stored_days"),
    [
        ({"trinity_channels_keep_bodies_days": 3}, None),
        ({"keep_bodies_days": 3}, None),
        ({"keep_bodies_days": 90}, 3),
        ({"trinity_channels_keep_bodies_days": 90}, 3),
    ],
)
async def test_an_agent_can_have_a_retention_of_its_own(
    found: Found, settings: dict[str, int], stored_days: int | None
) -> None:
    town = await found(agents=Agent(), **settings)
    await town.policy("open")
    await town.person("Zoe").says(QUESTION)
    if stored_days:
        answer = (await town.api("PUT", RETENTION, {"keep_bodies_days": stored_days})).json()
        assert (answer["keep_bodies_days"], answer["inherited"]) == (3, 90)

    await town.later(days=2, hours=23)
    before = stored(town)
    await town.later(hours=1, seconds=1)

    assert QUESTION in before
    assert QUESTION not in stored(town)


async def test_a_longer_retention_keeps_and_a_shorter_one_reaches_back(town: World) -> None:
    await town.api("PUT", RETENTION, {"keep_bodies_days": 90})
    await town.person("Zoe").says(QUESTION)
    await town.later(days=40)
    before = stored(town)

    await town.api("PUT", RETENTION, {"keep_bodies_days": None})
    await town.later(seconds=10)

    assert QUESTION in before
    assert QUESTION not in stored(town)


@pytest.mark.parametrize("days", [0, -1, 3651, 1.5, "long", True])
async def test_a_retention_that_makes_no_sense_is_refused(town: World, days: object) -> None:
    answer = await town.api("PUT", RETENTION, {"keep_bodies_days": days})

    assert (answer.status_code, answer.json()["field"]) == (422, "keep_bodies_days")


async def test_parked_work_is_removed_on_record(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    refusal = AgentFailed("bad luck")
    refusal.detail = f"cannot answer {QUESTION}"
    agent.will_answer(refusal)
    await zoe.says(QUESTION)
    zoe.phone.refuse_with = 63016
    await zoe.says("hello?")
    assert len(await town.failed()) == 1

    await town.later(days=31)

    assert QUESTION not in stored(town)
    assert await town.failed() == []
    (entry,) = [
        one for one in (await town.api("GET", "/api/agents/support/audit")).json() if one["action"] == "remove_parked"
    ]
    assert entry["details"] == {"parked": 2, "after_days": 30}
    (failed,) = (await town.api("GET", "/api/agents/support/deliveries?state=failed")).json()
    assert (failed["error_code"], failed["error"]) == ("63016", "Removed after 30 days.")
    answer = await town.api("POST", f"/api/agents/support/deliveries/{failed['id']}/resend")
    assert (answer.status_code, answer.json()["code"]) == (409, "erased")


async def test_open_work_stays(town: World, agent: Agent) -> None:
    agent.thinks()
    await town.person("Zoe").phone.says(QUESTION)
    await agent.asked(1)
    town.clock.tick(timedelta(days=31))
    await town.host.retention.run()
    during = stored(town)
    agent.speaks()
    await town.settle()
    await town.host.retention.run()

    assert QUESTION in during
    assert QUESTION not in stored(town)


async def test_parked_work_that_is_tried_again_in_the_last_moment_is_not_removed(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentFailed("bad luck"))
    await zoe.says(QUESTION)
    (parked,) = await town.failed()
    find = town.host.store.read

    async def found_and_resubmitted(unit: Callable[[Tx], Any]) -> Any:
        found = await find(unit)
        if isinstance(found, Batch) and found.due:
            await town.host.store.write(lambda tx: turns.resubmit(tx, parked.id, town.now()))
        return found

    town.clock.tick(timedelta(days=31))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(town.host.store, "read", found_and_resubmitted)
        await town.host.retention.run()
    during = stored(town)

    await town.driver.look_again()
    await town.settle()
    await town.host.retention.run()

    assert QUESTION in during
    assert len(agent.turns) == 1, "it is too old to be answered, and parked again"
    assert QUESTION not in stored(town)


async def test_login_codes_are_kept_for_a_day(world: World) -> None:
    await world.person("Zoe").says("/login zoe@example.org")
    await world.later(hours=23, minutes=59)
    before = stored(world)

    await world.later(minutes=2)

    assert "trinity_channels_login_code (" in before
    assert "trinity_channels_login_code (" not in stored(world)
    assert metric(world, "retention_removed_total", kind="login_codes") == 1


async def test_the_limit_of_login_codes_holds_though_codes_are_deleted(world: World) -> None:
    zoe = world.person("Zoe")
    for _ in range(3):
        await zoe.says("/login zoe@example.org")
        await world.later(minutes=10)

    await zoe.says("/login zoe@example.org")

    assert "30 minutes" in zoe.last()


async def test_the_audit_log_is_kept_for_400_days(world: World) -> None:
    await world.policy("open")
    await world.later(days=399, hours=23)
    before = (await world.api("GET", "/api/audit")).json()

    await world.later(hours=2)

    assert len(before) > 0
    assert (await world.api("GET", "/api/audit")).json() == []


@pytest.mark.sqlite("PostgreSQL's files are its operator's")
async def test_what_was_removed_cannot_be_read_in_the_file(town: World) -> None:
    await town.person("Zoe").says(QUESTION)
    await town.later(days=31)

    await town.stops()

    files = [path for path in town.folder.iterdir() if path.name.startswith("trinity_channels.db")]
    assert len(files) > 0
    assert not any(QUESTION.encode() in path.read_bytes() for path in files)
    await town.starts()


async def test_a_clock_that_was_ahead_holds_up_nothing(town: World) -> None:
    zoe = town.person("Zoe")
    town.clock.move_to(START + timedelta(days=50))
    await zoe.says("from the future")
    town.clock.move_to(START)
    await zoe.says(QUESTION)

    await town.later(days=31)
    meanwhile = stored(town)
    await town.later(days=50)

    assert QUESTION not in meanwhile
    assert "from the future" in meanwhile
    assert "from the future" not in stored(town)


async def test_what_others_quoted_goes_with_the_message_that_quotes_it(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says(QUESTION)
    asked = next(one for one in zoe.phone.bubbles if not one.outbound)
    await town.later(days=20)
    await zoe.phone.says("I mean this", replying_to=asked)
    await town.settle()
    before = stored(town)

    await town.later(days=31)

    assert before.count(QUESTION) > 2
    assert QUESTION not in stored(town)


async def test_a_proactive_message_goes_with_its_text(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await world.shares("zoe@example.org", proactive=True)
    body = {"recipient_email": "zoe@example.org", "channel": "whatsapp", "text": QUESTION, "idempotency_key": "one"}
    asked = await world.api("POST", "/api/agents/support/messages", body)
    await world.settle()

    await world.later(days=31)

    status = await world.api("GET", f"/api/agents/support/messages/{asked.json()['message_id']}")
    assert asked.status_code < 300
    assert status.status_code == 404
    assert QUESTION not in stored(world)
    assert metric(world, "retention_removed_total", kind="proactive_messages") == 1
