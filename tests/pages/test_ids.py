"""Ids in addresses and forms that belong to nothing: whatever is typed, no page fails, and no stream begins."""

from __future__ import annotations

import httpx
import pytest

from tests.pages.clients import OWN, client_of
from tests.world import World

IDS = ("0", "-1", "1_0", "1%0A", "%00", "%C2%B2", "99999999999999999999", "9223372036854775808", "9" * 5000, "x")
LOOKED_AT = (
    "/agents/support/channels/whatsapp/test/{}",
    "/live/agents/support/channels/whatsapp/test/{}",
    "/agents/support/clients/{}/erase",
    "/agents/support/conversations/{}",
    "/live/agents/support/conversations/{}",
    "/agents/support/conversations/{}/forget/{}",
    "/settings/tokens/{}/revoke",
)
SENT = (
    "/agents/support/clients/{}/block",
    "/agents/support/clients/{}/unlink",
    "/agents/support/clients/{}/export",
    "/agents/support/clients/{}/erase",
    "/settings/tokens/{}/revoke",
)


@pytest.mark.parametrize("given", IDS)
async def test_what_is_no_id_is_not_found(world: World, given: str) -> None:
    await world.connect()
    async with client_of(world) as client:
        looked = {path: (await client.get(path.replace("{}", given))).status_code for path in LOOKED_AT}
        sent = {path: (await client.post(path.replace("{}", given), headers=OWN)).status_code for path in SENT}

    assert looked == dict.fromkeys(LOOKED_AT, httpx.codes.NOT_FOUND)
    assert sent == dict.fromkeys(SENT, httpx.codes.NOT_FOUND)


@pytest.mark.parametrize("given", IDS)
async def test_a_place_in_a_list_that_does_not_exist_shows_a_list(world: World, given: str) -> None:
    async with client_of(world) as client:
        queries = ("clients", "requests", "people", "before")
        pages = [await client.get(f"/agents/support?{name}={given}") for name in queries]
        pages += [await client.get(f"/agents/support/audit?before={given}")]

    assert {page.status_code for page in pages} == {httpx.codes.OK}
