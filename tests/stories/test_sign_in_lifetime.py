"""How long a verified e-mail lasts, and what the next holder of a number does not inherit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.stories.test_moving_numbers import writes
from tests.world import OWNER, START, Agent, Found, Person, World
from trinity_channels import texts
from trinity_channels.agents.port import AgentTurn
from trinity_channels.api import Fault
from trinity_channels.store import Tx, audit, people

ZOE = "zoe@example.org"
OLD = "+12025550123"


@pytest.fixture
async def asking(found: Found, agent: Agent) -> World:
    """An agent that talks with everyone who has signed in."""
    made = await found(agents=agent, trinity_channels_keep_bodies_days=400)
    await made.policy("require_email")
    return made


def without_user_id(world: World, name: str, number: str | None = None) -> Person:
    """A person whose messages carry a phone number and nothing else."""
    person = world.person(name, number)
    person.phone.has_user_id = False
    return person


def remembers(turn: AgentTurn, words: str) -> bool:
    """Whether the agent was shown these words as what was said before."""
    return any(words in message.text for message in turn.history)


async def shown(world: World, name: str = "Zoe") -> list[dict[str, Any]]:
    """The people of this name, as the owner sees them."""
    clients = (await world.api("GET", "/api/agents/support/clients")).json()
    return [one for one in clients if one["display_name"] == name]


async def recorded(world: World, action: str) -> list[audit.Entry]:
    def read(tx: Tx) -> list[audit.Entry]:
        return audit.entries(tx, "support", action=action)

    return await world.host.store.read(read)


# --- addresses that can change hands ---


@pytest.mark.parametrize(("days", "inherits"), [(1, True), (89, True), (91, False), (179, False), (400, False)])
async def test_a_number_that_was_silent_for_90_days_has_a_new_holder(
    asking: World, agent: Agent, days: int, inherits: bool
) -> None:
    zoe = without_user_id(asking, "Zoe", OLD)
    await zoe.verifies(ZOE)
    await zoe.says("my secret is swordfish")
    await asking.later(days=days)

    await zoe.says("hello")

    assert zoe.last() == ("echo hello" if inherits else texts.LOGIN_PROMPT)
    assert remembers(agent.turns[-1], "swordfish") == inherits
    assert len(agent.turns) == (2 if inherits else 1)


async def test_who_comes_back_after_the_silence_signs_in_and_begins_a_new_conversation(
    asking: World, agent: Agent
) -> None:
    zoe = without_user_id(asking, "Zoe", OLD)
    await zoe.verifies(ZOE)
    await zoe.says("my secret is swordfish")
    await asking.later(days=100)
    await zoe.says("what did I tell you?")

    await zoe.verifies(ZOE)

    first, second = agent.turns
    assert second.conversation != first.conversation
    assert (second.history, second.verified_email) == ([], ZOE)


@pytest.mark.parametrize(("days", "inherits"), [(89, True), (91, False)])
async def test_a_first_user_id_does_not_inherit_after_the_silence(
    asking: World, agent: Agent, days: int, inherits: bool
) -> None:
    zoe = without_user_id(asking, "Zoe", OLD)
    await zoe.verifies(ZOE)
    await zoe.says("my secret is swordfish")
    await asking.later(days=days)

    assert await writes(asking, 7, OLD, "US.7") == 200

    assert len(agent.turns) == (2 if inherits else 1)
    assert agent.turns[-1].verified_email == ZOE
    assert sorted(one["verified_email"] or "" for one in await shown(asking)) == ([ZOE] if inherits else [""])


async def test_who_has_a_user_id_stays_signed_in_over_the_silence(asking: World, agent: Agent) -> None:
    zoe = asking.person("Zoe", OLD)
    await zoe.verifies(ZOE)
    await zoe.says("my secret is swordfish")
    await asking.later(days=170)

    await zoe.says("hello")

    assert zoe.last() == "echo hello"
    assert remembers(agent.turns[-1], "swordfish")


async def test_a_silent_number_without_the_user_id_it_had_is_somebody_new(asking: World, agent: Agent) -> None:
    await asking.policy("open")
    await writes(asking, 1, OLD, "US.1")
    await asking.later(days=91)

    await writes(asking, 2, OLD, None)
    await writes(asking, 3, OLD, "US.1")

    without, again = agent.turns[-2:]
    assert (without.history, len(again.history)) == ([], 2)


async def test_silence_is_counted_from_the_last_message(asking: World, agent: Agent) -> None:
    zoe = without_user_id(asking, "Zoe", OLD)
    await zoe.verifies(ZOE)
    for _ in range(4):
        await asking.later(days=80)
        await zoe.says("still here")

    assert [turn.verified_email for turn in agent.turns] == [ZOE] * 4


@pytest.mark.parametrize("policy", ["open", "require_email"])
async def test_history_ends_with_the_silence_whatever_the_policy(found: Found, agent: Agent, policy: str) -> None:
    town = await found(agents=agent, trinity_channels_keep_bodies_days=400)
    await town.policy("open")
    yan = without_user_id(town, "Yan", OLD)
    await yan.says("my secret is swordfish")
    await town.policy(policy)
    await town.later(days=91)

    await yan.says("hello")

    assert not any(remembers(turn, "swordfish") for turn in agent.turns)


async def test_an_agent_cannot_write_first_to_a_silent_number(found: Found) -> None:
    world = await found()
    await world.shares(ZOE, proactive=True)
    zoe = without_user_id(world, "Zoe", OLD)
    await zoe.verifies(ZOE)
    await world.later(days=91)

    body = {"recipient_email": ZOE, "text": "for Zoe only", "channel": "whatsapp"}
    answer = await world.api("POST", "/api/agents/support/messages", body)

    assert (answer.status_code, answer.json()["code"]) == (404, "recipient_not_linked")


async def test_a_decision_is_not_told_to_the_next_holder(world: World) -> None:
    zoe = without_user_id(world, "Zoe", OLD)
    await zoe.verifies(ZOE)
    await world.later(days=2)  # the reply window is closed
    await world.decides(ZOE)
    await world.later(days=90)

    await zoe.says("hello")

    assert texts.APPROVED not in zoe.heard()


async def test_a_reply_that_waits_does_not_reach_the_next_holder(found: Found, agent: Agent) -> None:
    world = await found(agents=agent, trinity_channels_park_after_hours=8760)
    await world.policy("open")
    zoe = without_user_id(world, "Zoe", OLD)
    world.fails(Fault.RATE_LIMITED)
    await zoe.says("my secret is swordfish")
    world.clock.tick(timedelta(days=91))
    await zoe.phone.says("hello")

    await world.much_later()

    assert zoe.heard() == ["echo hello"]


async def test_a_block_and_a_stop_outlast_the_silence(town: World, agent: Agent) -> None:
    zoe = without_user_id(town, "Zoe", OLD)
    await zoe.says("hello", "STOP")
    await town.blocks(zoe)
    await town.later(days=91)

    await zoe.says("let me in")

    assert [turn.messages[0].text for turn in agent.turns] == ["hello"]
    newest = max(await shown(town), key=lambda one: one["id"])
    assert (newest["blocked"], newest["stopped"], newest["message_count"]) == (True, True, 1)


async def test_the_former_holder_can_still_be_seen_and_erased(town: World) -> None:
    zoe = without_user_id(town, "Zoe", OLD)
    await zoe.says("my secret is swordfish")
    await town.later(days=91)
    await zoe.says("hello")
    former = min(await shown(town), key=lambda one: one["id"])

    answer = await town.api("DELETE", f"/api/agents/support/clients/{former['id']}")

    assert (former["identity"], former["message_count"], answer.status_code) == ("", 1, 200)
    assert len(await shown(town)) == 1


# --- unused e-mails ---


@pytest.mark.parametrize(
    ("setting", "days", "lasts"), [(180, 179, True), (180, 181, False), (30, 29, True), (30, 31, False)]
)
async def test_an_unused_email_ends(found: Found, agent: Agent, setting: int, days: int, lasts: bool) -> None:
    world = await found(agents=agent, trinity_channels_email_lifetime_days=setting)
    await world.policy("require_email")
    zoe = world.person("Zoe")
    await zoe.verifies(ZOE)
    world.clock.tick(timedelta(days=days))

    await zoe.says("hello")

    assert zoe.last() == ("echo hello" if lasts else texts.LOGIN_PROMPT)
    assert len(await recorded(world, "email_expired")) == (0 if lasts else 1)


async def test_use_extends_it(asking: World) -> None:
    zoe = asking.person("Zoe")
    await zoe.verifies(ZOE)
    for _ in range(4):
        await asking.later(days=170)
        await zoe.says("hello")

    assert zoe.last() == "echo hello"
    assert (await asking.client(zoe))["verified_at"] == "2026-03-02T09:00:00Z"


async def test_what_the_host_sends_does_not_extend_it(found: Found) -> None:
    world = await found()
    await world.shares(ZOE, proactive=True)
    zoe = world.person("Zoe")
    await zoe.verifies(ZOE)
    for _ in range(20):
        await world.later(days=10)
        body = {"recipient_email": ZOE, "text": "news", "channel": "whatsapp"}
        await world.api("POST", "/api/agents/support/messages", body)

    assert (await world.client(zoe))["verified_email"] is None


@pytest.mark.parametrize(("user_id", "days", "ended"), [(True, 100, False), (True, 181, True), (False, 91, True)])
async def test_it_ends_also_while_nobody_writes(asking: World, user_id: bool, days: int, ended: bool) -> None:
    zoe = asking.person("Zoe") if user_id else without_user_id(asking, "Zoe")
    await zoe.verifies(ZOE)

    await asking.later(days=days)

    client = await asking.client(zoe)
    assert client["verified_email"] == (None if ended else ZOE)
    assert client["verified_email_source"] == (None if ended else "code")


# --- what is told of it ---


async def test_the_owner_sees_source_and_age(asking: World) -> None:
    zoe = asking.person("Zoe")
    await zoe.verifies(ZOE)
    await asking.later(days=3)
    await zoe.says("hello")

    client = await asking.client(zoe)

    assert client["verified_email_source"] == "code"
    assert client["verified_at"] == "2026-03-02T09:00:00Z"
    assert datetime.fromisoformat(client["verification_ends_at"]) == START + timedelta(days=183)


async def test_the_owner_sees_that_a_bare_number_ends_earlier(asking: World) -> None:
    zoe = without_user_id(asking, "Zoe")
    await zoe.verifies(ZOE)

    client = await asking.client(zoe)

    assert datetime.fromisoformat(client["verification_ends_at"]) == START + timedelta(days=90)


async def test_nothing_is_told_of_what_is_not_there(asking: World) -> None:
    zoe = asking.person("Zoe")
    await zoe.says("hello")

    client = await asking.client(zoe)

    assert [client[name] for name in ("verified_email_source", "verified_at", "verification_ends_at")] == [None] * 3


async def test_whoami_says_how_and_since_when(asking: World) -> None:
    zoe = asking.person("Zoe")
    await zoe.verifies(ZOE)
    await asking.later(days=3)

    await zoe.says("/whoami")

    assert zoe.last().splitlines() == [
        texts.WHOAMI.format(email=ZOE),
        "Verified with a mailed code on 2026-03-02. It ends after 180 days without a message from you.",
    ]


async def test_whoami_says_90_days_for_a_bare_number(asking: World) -> None:
    zoe = without_user_id(asking, "Zoe")
    await zoe.verifies(OWNER)

    await zoe.says("/whoami")

    assert "It ends after 90 days" in zoe.last()


async def test_an_erased_person_leaves_no_trace_of_the_email(asking: World) -> None:
    zoe = asking.person("Zoe")
    await zoe.verifies(ZOE)
    identity = (await asking.client(zoe))["id"]

    await asking.api("DELETE", f"/api/agents/support/clients/{identity}")

    left = await asking.host.store.read(lambda tx: people.contact(tx, "support", identity))
    assert left is not None
    assert left.verification is None
