"""Tokens of the platform, beside our own: they stand for the same people and agents here as there."""

from __future__ import annotations

import pytest
from starlette.responses import JSONResponse

from tests.platform.double import Platform
from tests.platform.worlds import agents, platform, served
from tests.world import ADMIN, OWNER, Found, World

__all__ = ["platform"]
OLGA = "trinity_mcp_fake-key-of-olga"
SESSION = "fake.session.token"


@pytest.fixture
async def town(found: Found, platform: Platform) -> World:
    platform.accounts.key(OLGA, "olga")
    return await served(found, platform)


TOKENS: dict[str, tuple[tuple[str, str | None, str | None], int]] = {
    "the owner's key": (("olga", "user", None), 200),
    "the owner's session": (("olga", None, None), 200),
    "an administrator's key": (("admin", "user", None), 200),
    "a system key of an administrator": (("admin", "system", None), 200),
    "another person's key": (("yan", "user", None), 404),
    "the agent's own key": (("olga", "agent", "support"), 403),
    "a connector's key": (("olga", "connector", "support"), 401),
    "a key that may only exchange": (("admin", "portal_delegate", None), 401),
    "a key for operations": (("admin", "ops", None), 401),
    "a key of a later scope": (("admin", "everything", None), 401),
    "an agent's key without an agent": (("admin", "agent", None), 401),
}


@pytest.mark.parametrize(("key", "status"), TOKENS.values(), ids=TOKENS)
async def test_tokens_of_the_platform_are_accepted(
    town: World, platform: Platform, key: tuple[str, str | None, str | None], status: int
) -> None:
    platform.accounts.user("yan", "yan@example.org")
    token = SESSION if key[1] is None else "trinity_mcp_fake-key"
    platform.accounts.key(token, *key)

    answer = await town.api("GET", "/api/agents/support/shares", token=token)

    assert answer.status_code == status, answer.text


async def test_an_owner_sees_their_own_agents_only(town: World, platform: Platform) -> None:
    accounts = platform.accounts
    accounts.agent("sales", accounts.user("sam", "sam@example.org"))

    assert await agents(town, OLGA) == [("support", OWNER)]


async def test_our_own_tokens_stay(town: World, platform: Platform) -> None:
    before = platform.count("GET /api/users/me")

    assert await agents(town, ADMIN)

    assert platform.count("GET /api/users/me") == before


@pytest.mark.parametrize("token", ["trinity_mcp_wrong", "wrong", "x" * 5000, "tc_" + "x" * 43, "ü"])
async def test_a_wrong_token_is_refused(town: World, token: str) -> None:
    headers = {"Authorization": b"Bearer " + token.encode()}
    answer = await town.http.get("https://chat.example.org/api/agents", headers=headers)  # type: ignore[arg-type]  # bytes

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_the_platform_is_asked_about_a_token_once_a_minute(town: World, platform: Platform) -> None:
    for _ in range(3):
        await agents(town, OLGA)
        await town.api("GET", "/api/agents", token="trinity_mcp_wrong")
    assert platform.count("POST /api/mcp/validate") == 2

    del platform.accounts.keys[OLGA]
    await town.later(seconds=61)

    assert (await town.api("GET", "/api/agents", token=OLGA)).status_code == 401


@pytest.mark.parametrize("valid", [False, None, "false", "true", "no", 0, 1, [], {}])
async def test_a_key_counts_only_if_the_platform_says_that_it_is_valid(
    town: World, platform: Platform, valid: object
) -> None:
    told = {"valid": valid, "scope": "agent", "agent_name": "support"}
    platform.fails("accounts", JSONResponse(told))

    answer = await town.api("GET", "/api/agents/support/shares", token="trinity_mcp_fake-key")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
