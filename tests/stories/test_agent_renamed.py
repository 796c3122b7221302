"""An agent is renamed or deleted where agents are made: what is stored here follows, or is removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.application import Accounts, Town
from tests.world import Agent, Found, Person, World
from trinity_channels.principal import Owner
from trinity_channels.web.auth import Role

ADA = Owner("7", "ada@example.org", "Ada")
ZOE = "zoe@example.org"
SECRET = "the secret of Zoe"


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
def accounts() -> Accounts:
    return Accounts({"support": ADA})


@pytest.fixture
async def town(tmp_path: Path, clock: FrozenDateTimeFactory, accounts: Accounts, agent: Agent) -> AsyncIterator[Town]:
    async with Town(tmp_path, clock, accounts, agents=agent) as town:
        await town.connect()
        await town.policy("open")
        yield town


def renames(accounts: Accounts, name: str) -> None:
    """The application's own part."""
    accounts.owners[name] = accounts.owners.pop("support")


def rows(town: World, *columns: str) -> list[tuple[object, ...]]:
    """Everything in one table."""
    table, *wanted = columns
    return town.rows(f"SELECT {', '.join(wanted)} FROM trinity_channels_{table}")  # noqa: S608


# --- renamed ---


async def test_everything_follows_a_renamed_agent(town: Town, accounts: Accounts, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("before")
    await town.policy("require_email")
    await town.api("PUT", "/api/agents/support/public-prompt", {"public_channel_system_prompt": "Be brief."})
    url = await town.webhook()

    renames(accounts, "helpdesk")
    done = await town.host.agent_renamed("support", "helpdesk")
    await zoe.says("after")

    assert done.moved
    assert zoe.last() == "echo after"
    turn = agent.turns[-1]
    assert (turn.agent, turn.public_prompt, turn.verified_email) == ("helpdesk", "Be brief.", ZOE)
    assert [one.text for one in turn.history] == ["before", "echo before"]
    assert await town.webhook("helpdesk") == url
    policy = (await town.api("GET", "/api/agents/helpdesk/access-policy")).json()
    assert policy["policy"] == "require_email"
    (client,) = (await town.api("GET", "/api/agents/helpdesk/clients")).json()
    assert client["verified_email"] == ZOE
    assert {one["action"] for one in (await town.api("GET", "/api/audit?agent=helpdesk")).json()} >= {
        "connect",
        "rename_agent",
    }
    assert (await town.api("GET", "/api/agents/support/clients")).status_code == 404


async def test_requests_and_what_is_held_follow(town: Town, accounts: Accounts) -> None:
    await town.policy("require_sharing")
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("held")

    renames(accounts, "helpdesk")
    await town.host.agent_renamed("support", "helpdesk")
    (asked,) = (await town.api("GET", "/api/agents/helpdesk/access-requests")).json()
    await town.api("POST", f"/api/agents/helpdesk/access-requests/{asked['id']}/decide", {"approve": True})
    await town.settle()

    assert zoe.last() == "echo held"


async def test_a_turn_that_runs_is_answered_once(town: Town, accounts: Accounts, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says("slowly")
    await agent.asked(1)

    renames(accounts, "helpdesk")
    await town.host.agent_renamed("support", "helpdesk")
    agent.speaks()
    await town.settle()
    await zoe.says("next")

    assert zoe.heard() == ["echo slowly", "echo next"]
    assert [turn.agent for turn in agent.turns] == ["support", "helpdesk"]


async def test_it_may_be_told_twice_and_survives_a_restart(town: Town, accounts: Accounts) -> None:
    renames(accounts, "helpdesk")
    assert (await town.host.agent_renamed("support", "helpdesk")).moved
    assert not (await town.host.agent_renamed("support", "helpdesk")).moved
    await town.stops()
    await town.starts()

    zoe = town.person("Zoe")
    await zoe.says("after the restart")

    assert zoe.last() == "echo after the restart"


async def test_a_rotated_address_still_works(town: Town, accounts: Accounts) -> None:
    zoe = town.person("Zoe")
    await town.api("POST", "/api/agents/support/whatsapp/rotate-webhook")

    renames(accounts, "helpdesk")
    await town.host.agent_renamed("support", "helpdesk")
    await zoe.says("to the former address")

    assert zoe.last() == "echo to the former address"


@pytest.mark.parametrize("name", ["", " ", "a\nb", " padded", "x" * 201, "deleted:1", "erased:1"])
async def test_names_that_no_agent_can_have_are_refused(town: Town, name: str) -> None:
    answer = await town.api("POST", "/api/settings/agent-renamed", {"agent": "support", "name": name})

    assert (answer.status_code, answer.json()["field"]) == (422, "name")


async def test_two_agents_are_never_mixed(town: Town, accounts: Accounts) -> None:
    accounts.owners["sales"] = ADA
    await town.policy("open", "sales")

    answer = await town.api("POST", "/api/settings/agent-renamed", {"agent": "support", "name": "sales"})

    assert (answer.status_code, answer.json()["code"]) == (409, "agent_name_taken")
    assert "access policy" in answer.json()["message"]
    assert (await town.binding())["configured"]


async def test_only_administrators_may_say_so(town: Town) -> None:
    for path, body in (("renamed", {"agent": "support", "name": "x"}), ("deleted", {"agent": "support"})):
        answer = await town.api("POST", f"/api/settings/agent-{path}", body, token="7")
        assert answer.status_code == 403
    assert (await town.binding())["configured"]


async def test_an_agents_own_token_follows_and_ends_with_it(found: Found) -> None:
    world = await found(discloses=True)  # so that nothing is stored for the other agents
    token = await world.token(Role.AGENT, "support")
    message = {"recipient_email": ZOE, "text": "hi", "channel": "auto"}
    await world.api("POST", "/api/settings/agent-renamed", {"agent": "support", "name": "sales"})

    assert (await world.api("POST", "/api/agents/sales/messages", message, token=token)).status_code == 403
    assert (await world.api("POST", "/api/agents/support/messages", message, token=token)).status_code == 404
    await world.api("POST", "/api/settings/agent-deleted", {"agent": "sales"})
    assert (await world.api("POST", "/api/agents/sales/messages", message, token=token)).status_code == 401


# --- deleted ---


async def known(town: Town) -> Person:
    """Someone of whom much is stored."""
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says(SECRET)
    await town.api("POST", "/api/agents/support/share", {"email": ZOE})
    return zoe


async def test_nothing_of_people_is_left_of_a_deleted_agent(town: Town, accounts: Accounts) -> None:
    zoe, yan = await known(town), town.person("Yan")
    await yan.says("hello")
    await town.blocks(yan)
    await town.api("DELETE", f"/api/agents/support/clients/{(await town.client(yan))['id']}")
    assert len(rows(town, "erased_address", "*")) == len(rows(town, "erased_block", "*")) > 0
    del accounts.owners["support"]

    done = await town.host.agent_deleted("support")
    await zoe.phone.says("still there?")
    await town.settle()

    assert done.found
    assert "may still post to the former webhook address" in done.message
    assert zoe.last() == f"echo {SECRET}"
    assert set(rows(town, "message", "text", "parts")) == {("", None)}
    assert set(rows(town, "delivery", "text", "address")) == {("", "")}
    assert rows(town, "address", "value") == []
    assert set(rows(town, "contact", "name", "email")) == {("", None)}
    assert set(rows(town, "binding", "sender", "secrets", "settings")) == {("", "{}", "{}")}
    assert ("support",) not in rows(town, "agent_setting", "agent")
    for table in ("policy", "share", "access_request", "login_code", "known_mailbox", "erased_address", "erased_block"):
        assert rows(town, table, "*") == [], table
    actions = {one["action"] for one in (await town.api("GET", "/api/audit")).json()}
    assert {"connect", "delete_agent"} <= actions


async def test_a_new_agent_of_the_same_name_knows_no_one(town: Town, accounts: Accounts, agent: Agent) -> None:
    zoe = await known(town)
    await town.host.agent_deleted("support")

    accounts.owners["support"] = Owner("8", "bob@example.org")
    await town.connect()
    await zoe.says("hello")
    assert zoe.last() != "echo hello"  # the policy is the strictest again, and no one is signed in
    await town.policy("open")
    await zoe.says("again")

    assert zoe.last() == "echo again"
    assert agent.turns[-1].verified_email is None
    assert SECRET not in {one.text for one in agent.turns[-1].history}


async def test_the_answer_of_a_turn_that_runs_is_dropped(town: Town, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says("slowly")
    await agent.asked(1)

    await town.host.agent_deleted("support")
    agent.speaks()
    await town.settle()
    await town.later(minutes=2)

    assert zoe.heard() == []
    assert await town.failed() == []
    assert set(rows(town, "message", "text")) == {("",)}


async def test_erasing_goes_on_after_a_crash(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trinity_channels.store.agent_erasure.AT_ONCE", 2)
    for number in range(5):
        await town.person(f"Person {number}").says(SECRET)

    async def dies() -> None:
        raise RuntimeError("the process dies here")

    monkeypatch.setattr(town.host.agent_changes, "run", dies)
    with pytest.raises(RuntimeError, match="dies here"):
        await town.host.agent_deleted("support")
    assert (SECRET,) in rows(town, "message", "text")
    await town.dies()
    await town.starts()
    await town.later(seconds=10)

    assert set(rows(town, "message", "text")) == {("",)}
    assert rows(town, "address", "value") == []


async def test_deleting_twice_or_what_never_was_changes_nothing(town: Town) -> None:
    await town.host.agent_deleted("support")

    assert not (await town.host.agent_deleted("support")).found
    assert not (await town.host.agent_deleted("deleted:1")).found
    assert not (await town.host.agent_deleted("erased:1")).found
    deleted = (await town.api("GET", "/api/audit?action=delete_agent")).json()
    assert len(deleted) == 1
