"""Words to look for may hold what no text in the database can."""

from __future__ import annotations

from tests.world import World

SEARCHES = (
    "/api/agents/support/audit?actor=a%00",
    "/api/agents/support/audit?action=%00",
    "/api/audit?agent=support%00",
    "/api/agents/support/conversations?search=%00a",
    "/api/agents/support/whatsapp/messages?state=%00",
    "/api/agents/support%00/whatsapp",
)


async def test_nothing_is_found_and_nothing_fails(world: World) -> None:
    statuses = {path: (await world.api("GET", path)).status_code for path in SEARCHES}

    assert {path: status for path, status in statuses.items() if status not in (200, 404, 422)} == {}
    assert statuses[SEARCHES[0]] == 200
