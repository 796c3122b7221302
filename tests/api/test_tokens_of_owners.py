"""Tokens for owners that the application, or the platform, knows by an id and perhaps without an e-mail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.application import Accounts, Town
from tests.platform.double import Platform
from tests.platform.worlds import platform, served
from tests.world import Found, World
from trinity_channels.principal import Owner

__all__ = ["platform"]
NAMELESS, MAILED, SPELLED = (
    Owner("7"),
    Owner("8", "Ada@Example.org", "Ada"),
    Owner("Olga@Example.org", "olga@example.org"),
)
FOREIGN = 404


@pytest.fixture
async def town(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Town]:
    """Mounted with a directory, but without an authenticator: the host's own tokens count."""
    accounts = Accounts({"support": NAMELESS, "sales": MAILED, "shoes": SPELLED, "orphan": Owner("")})
    async with Town(tmp_path, clock, accounts, ports={"authenticator": None}) as made:
        yield made


async def token(world: World, subject: str) -> Any:
    answer = await world.api("POST", "/api/tokens", {"role": "user", "subject": subject})
    return answer.json().get("token") or answer.json()


@pytest.mark.parametrize(
    ("subject", "agent", "foreign"),
    [
        ("7", "support", "sales"),
        (" 7 ", "support", "sales"),
        ("8", "sales", "support"),
        ("ada@example.org", "sales", "support"),
        ("ADA@example.org", "sales", "support"),
        ("Olga@Example.org", "shoes", "sales"),
        ("olga@example.org", "shoes", "sales"),
    ],
)
async def test_an_owner_is_named_by_id_or_e_mail(town: Town, subject: str, agent: str, foreign: str) -> None:
    made = await token(town, subject)

    assert (await town.api("GET", f"/api/agents/{agent}/shares", token=made)).status_code == 200
    assert (await town.api("GET", f"/api/agents/{foreign}/shares", token=made)).status_code == FOREIGN
    assert (await town.api("GET", "/api/agents/orphan/shares", token=made)).status_code == FOREIGN


@pytest.mark.parametrize("subject", ["9", "Ada", "", "7\n8", "x" * 254])
async def test_what_identifies_no_owner_is_refused(town: Town, subject: str) -> None:
    refused = await token(town, subject)

    assert refused["code"] == "invalid_input"
    assert refused["message"].endswith("or what identifies the owner of an agent")


async def test_an_e_mail_that_owns_nothing_yet_may_own_an_agent_later(town: Town) -> None:
    made = await token(town, "zoe@example.org")

    assert (await town.api("GET", "/api/agents/support/shares", token=made)).status_code == FOREIGN
    town.given["directory"].owners["new"] = Owner("zoe@example.org", "zoe@example.org")
    assert (await town.api("GET", "/api/agents/new/shares", token=made)).status_code == 200


async def test_a_user_name_of_the_platform_is_enough(found: Found, platform: Platform) -> None:
    platform.accounts.agent("theirs", platform.accounts.users["admin"])  # who has no e-mail there
    town = await served(found, platform)

    made = await token(town, "admin")

    assert (await town.api("GET", "/api/agents/theirs/shares", token=made)).status_code == 200
    assert (await town.api("GET", "/api/agents/support/shares", token=made)).status_code == FOREIGN
