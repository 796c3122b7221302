"""People whose account on the surrounding application is suspended: what they write is dropped without a word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.application import Accounts, Town
from tests.platform.double import Platform
from tests.platform.worlds import platform, served
from tests.world import Agent, Found, Person, World
from trinity_channels.principal import Owner

__all__ = ["platform"]
ZOE = "zoe@example.org"
ADA = "ada@example.org"


@pytest.fixture
def accounts() -> Accounts:
    return Accounts({"support": Owner("7", ADA, "Ada")})


@pytest.fixture
async def town(tmp_path: Path, clock: FrozenDateTimeFactory, accounts: Accounts) -> AsyncIterator[Town]:
    async with Town(tmp_path, clock, accounts, agents=Agent()) as town:
        await town.connect()
        yield town


async def zoe_of(town: Town) -> Person:
    """Someone with access who has signed in."""
    await town.api("POST", "/api/agents/support/share", {"email": ZOE})
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    return zoe


@pytest.mark.parametrize("policy", ["open", "open_until_verified", "require_email", "require_sharing"])
async def test_no_policy_lets_a_suspended_account_in_or_says_a_word(
    town: Town, accounts: Accounts, policy: str
) -> None:
    zoe = await zoe_of(town)
    await town.policy(policy)
    await zoe.says("before")
    assert zoe.last() == "echo before"

    accounts.barred.add(ZOE)
    heard = zoe.heard()
    await zoe.says("during", "again")
    await town.later(hours=25)
    assert zoe.heard() == heard
    assert await town.requests() == []

    accounts.barred.clear()
    await zoe.says("after")
    assert zoe.last() == "echo after"
    assert "echo during" not in zoe.heard()


async def test_a_suspended_owner_is_dropped_like_others(town: Town, accounts: Accounts) -> None:
    ada = town.person("Ada")
    await ada.verifies(ADA)
    accounts.barred.add(ADA)
    heard = ada.heard()

    await ada.says("it is me")

    assert ada.heard() == heard


async def test_commands_work_so_that_someone_else_can_sign_in_on_the_phone(town: Town, accounts: Accounts) -> None:
    zoe = await zoe_of(town)
    await town.api("POST", "/api/agents/support/share", {"email": "yan@example.org"})
    accounts.barred.add(ZOE)

    await zoe.says("/whoami")
    assert ZOE in zoe.last()
    await zoe.verifies("yan@example.org")
    await zoe.says("it is Yan")

    assert zoe.last() == "echo it is Yan"


async def test_signing_in_to_a_suspended_account_asks_no_owner(town: Town, accounts: Accounts) -> None:
    accounts.barred.add(ZOE)
    zoe = town.person("Zoe")

    await zoe.verifies(ZOE)
    await zoe.says("let me in")

    assert await town.requests() == []
    assert "asked" not in zoe.last()


async def test_flooding_brings_no_word_either(town: Town, accounts: Accounts) -> None:
    zoe = await zoe_of(town)
    accounts.barred.add(ZOE)
    heard = zoe.heard()

    await zoe.says(*(f"message {number}" for number in range(40)))

    assert zoe.heard() == heard


async def test_a_turn_that_is_tried_again_is_given_up(town: Town, accounts: Accounts) -> None:
    agent = town.agent
    zoe = await zoe_of(town)
    heard = zoe.heard()
    agent.thinks()
    await zoe.phone.says("slowly")
    await agent.asked(1)
    await town.dies()
    agent.speaks()
    accounts.barred.add(ZOE)

    await town.starts()
    await town.later(minutes=2)

    assert zoe.heard() == heard
    assert len(agent.turns) == 1


async def test_an_agent_does_not_write_first_to_a_suspended_account(town: Town, accounts: Accounts) -> None:
    await zoe_of(town)
    body = {"email": ZOE, "allow_proactive": True}
    await town.api("PUT", "/api/agents/support/shares/proactive", body)
    accounts.barred.add(ZOE)

    message = {"recipient_email": ZOE, "text": "news", "channel": "whatsapp"}
    answer = await town.api("POST", "/api/agents/support/messages", message)

    assert (answer.status_code, answer.json()["code"]) == (403, "recipient_suspended")


# --- beside the platform ---


async def suspended_there(found: Found, platform: Platform) -> tuple[World, Person]:
    """Someone with an account on the platform, who wrote before it was suspended there."""
    town = await served(found, platform)
    await town.policy("open")
    user = platform.accounts.user("zoe", "Zoe@example.org", "admin")
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("before")
    await town.later(seconds=2)
    assert zoe.last() == "echo before"
    user.suspended_at = "2026-03-02T09:00:00Z"
    await town.later(seconds=61)
    return town, zoe


async def test_the_platforms_suspended_accounts_are_known_to_an_administrators_key(
    found: Found, platform: Platform
) -> None:
    town, zoe = await suspended_there(found, platform)
    heard = zoe.heard()

    await zoe.says("during")
    await town.later(seconds=5)

    assert zoe.heard() == heard


@pytest.mark.parametrize("status", [400, 409, 422, 500])
async def test_a_list_of_accounts_that_fails_does_not_end_suspensions(
    found: Found, platform: Platform, status: int
) -> None:
    town, zoe = await suspended_there(found, platform)
    heard = zoe.heard()
    platform.refuses["/api/users"] = status

    await zoe.says("during")
    await town.later(seconds=5)
    platform.refuses.clear()
    await town.later(minutes=2)

    assert zoe.heard() == heard


@pytest.mark.parametrize("status", [403, 404, 405])
async def test_where_accounts_cannot_be_listed_people_are_answered(
    found: Found, platform: Platform, status: int
) -> None:
    town = await served(found, platform)
    await town.policy("open")
    await town.later(seconds=61)
    platform.refuses["/api/users"] = status
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await town.later(seconds=2)

    assert zoe.last() == "echo hello"
