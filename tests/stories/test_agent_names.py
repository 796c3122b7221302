"""An application names its agents as it likes; pages and the API have addresses of those whose names fit into one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.application import Accounts, Town
from tests.world import ADMIN, PUBLIC, Agent
from trinity_channels.principal import Owner

FIT = ("a b", " a", "100%", "a%2Fb", "ä", "a?b#c", "a;b", "a+b", "a\\b", "a&b=c", "<b>'\"", "...")
UNFIT = ("", ".", "..", "a/b", "/", "a\nb")


@pytest.fixture
async def town(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Town]:
    accounts = Accounts(dict.fromkeys((*FIT, *UNFIT), Owner("7", "ada@example.org")))
    async with Town(tmp_path, clock, accounts, agents=Agent()) as town:
        yield town


async def get(town: Town, path: str) -> httpx.Response:
    return await town.http.get(f"{PUBLIC}{path}", headers={"Authorization": f"Bearer {ADMIN}"})


async def test_every_agent_of_a_page_has_a_page(town: Town) -> None:
    listed = (await get(town, "/channels/agents")).text

    links = sorted(set(re.findall(r'href="(/channels/agents/[^"?#]+)"', listed)))
    assert len(links) == len(FIT)
    assert [(await get(town, one)).status_code for one in links] == [200] * len(FIT)


async def test_every_agent_of_the_api_is_answered_for(town: Town) -> None:
    listed: list[dict[str, Any]] = (await get(town, "/api/agents")).json()

    assert sorted(one["name"] for one in listed) == sorted(FIT)
    for name in FIT:
        found = await get(town, f"/api/agents/{quote(name, safe='')}/access-policy")
        assert (found.status_code, found.json().get("require_email")) == (200, True)


async def test_the_diagnostics_name_agents_that_are_left_out(town: Town) -> None:
    found = (await town.api("POST", "/api/settings/diagnosis")).json()

    (left,) = [one for part in found for one in part["checks"] if "left out here" in one["message"]]
    assert (left["code"], left["state"]) == ("agents", "warning")
    assert "'a/b'" in left["message"]
    assert 'without "/"' in left["fix"]


@pytest.mark.parametrize("name", UNFIT)
async def test_no_agent_is_renamed_so(town: Town, name: str) -> None:
    refused = await town.api("POST", "/api/settings/agent-renamed", {"agent": "a b", "name": name})

    assert refused.status_code == 422
    assert "name must have" in refused.text or not name
