"""`audit` and its routes: who did what is told to operators on the command line, and to owners about their agents."""

from __future__ import annotations

import re

import pytest

from tests.cli.conftest import Terminal
from tests.world import OWNER, World
from trinity_channels.web.auth import Role


@pytest.fixture
async def busy(world: World) -> World:
    """A world in which something was done on three days; the agent was connected on the first."""
    await world.shares("zoe@example.org")
    await world.later(days=1)
    await world.connect("sales", from_number="whatsapp:+14155230000")
    await world.later(days=1)
    await world.api("PUT", "/api/settings/public_chat_url", {"value": "https://chat.example.org"})
    return world


def actions(stdout: str) -> list[str]:
    return [line.split()[3] for line in stdout.splitlines()[1:]]


@pytest.mark.usefixtures("busy")
async def test_the_newest_entries_come_first_with_who_and_what(terminal: Terminal) -> None:
    listed = await terminal.beside("audit")

    assert actions(listed.stdout)[0] == "set_public_chat_url"
    assert actions(listed.stdout)[-2:] == ["share", "connect"]
    shared, connected = (re.split(r" {2,}", line.strip()) for line in listed.stdout.splitlines()[-2:])
    assert connected == [
        *("2026-03-02 09:00:00", "Administrator", "connect", "support", "whatsapp", "connected whatsapp")
    ]
    assert shared[-1] == "gave zoe@example.org access"


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--agent", "support"), ["share", "connect"]),
        (("--action", "connect", "--agent", "support"), ["connect"]),
        (("--action", "share"), ["share"]),
        (("--since", "1h"), ["set_public_chat_url"]),
        (("--since", "2026-03-04"), ["set_public_chat_url"]),
        (("--since", "2026-03-04T09:00"), ["set_public_chat_url"]),
        (("--since", "2026-03-04T10:00+01:00"), ["set_public_chat_url"]),
        (("--limit", "1"), ["set_public_chat_url"]),
        (("--since", "3d", "--agent", "support"), ["share", "connect"]),
    ],
)
async def test_the_list_is_narrowed(terminal: Terminal, arguments: tuple[str, ...], expected: list[str]) -> None:
    assert actions((await terminal.beside("audit", *arguments)).stdout) == expected


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--agent", "suport"), 1, "Unknown agent 'suport'"),
        (("--since", "yesterday"), 2, "how long ago (90m, 24h, 7d)"),
        (("--since", "-3d"), 2, "how long ago (90m, 24h, 7d)"),
        (("--since", "2026-13-01"), 2, "how long ago (90m, 24h, 7d)"),
        (("--since", "99999w"), 0, ""),
        (("--since", "0001-01-01T00:00+14:00"), 0, ""),
        (("--limit", "0"), 2, ""),
        (("--action", "nope"), 2, "Unknown action 'nope'. Actions: block,"),
        (("--action", "Connect"), 2, "Unknown action 'Connect'. Actions: block,"),
        (("--action", "rotate_webhook"), 0, ""),
    ],
)
def test_odd_words_are_refused_or_find_nothing(
    terminal: Terminal, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = terminal.run("audit", *arguments)

    assert (result.exit_code, said in result.stderr) == (code, True)


async def test_owners_see_their_agents_entries_and_no_others(busy: World) -> None:
    owner = await busy.token(Role.USER, OWNER)
    key = await busy.token(Role.AGENT, "support")

    own = await busy.api("GET", "/api/agents/support/audit", token=owner)
    statuses = [
        (await busy.api("GET", path, token=token)).status_code
        for path, token in [
            ("/api/agents/sales/audit", owner),
            ("/api/audit", owner),
            ("/api/agents/support/audit", key),
            ("/api/audit", key),
            ("/api/audit", ""),
        ]
    ]

    assert [one["action"] for one in own.json()] == ["share", "connect"]
    assert {one["agent_name"] for one in own.json()} == {"support"}
    assert statuses == [404, 403, 403, 403, 401]


async def test_the_api_narrows_and_goes_on_from_a_page(busy: World) -> None:
    async def listed(query: str) -> list[str]:
        return [one["action"] for one in (await busy.api("GET", f"/api/audit?{query}")).json()]

    first = (await busy.api("GET", "/api/audit?limit=1")).json()
    older = await listed(f"before={first[0]['id']}")

    assert [one["action"] for one in first] == ["set_public_chat_url"]
    assert "set_public_chat_url" not in older
    assert older[-2:] == ["share", "connect"]
    assert await listed("since=2026-03-04T00:00:00") == ["set_public_chat_url"]
    assert await listed("since=2026-03-04T08:00:00%2B00:00&action=share") == []
    assert [(await busy.api("GET", f"/api/audit?{wrong}")).status_code for wrong in ("limit=0", "since=soon")] == [
        422,
        422,
    ]
