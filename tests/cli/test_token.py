"""`token`: tokens work at once, beside a running host, and stop working at once."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Terminal
from tests.world import OWNER, World


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        (("--admin",), "/api/settings/public_chat_url", 200),
        (("--user", "Owner@Example.org"), "/api/agents/support/whatsapp", 200),
        (("--user", OWNER), "/api/agents/sales/whatsapp", 404),
        (("--agent", "support"), "/api/agents/support/whatsapp", 403),
        (("--agent", "support"), "/api/agents/support/messages/none", 404),
    ],
)
async def test_a_token_lets_in_whom_it_was_made_for(
    terminal: Terminal, world: World, who: tuple[str, ...], path: str, status: int
) -> None:
    made = await terminal.beside("token", "create", *who)

    answer = await world.api("GET", path, token=made.stdout.strip())

    assert made.exit_code == 0
    assert answer.status_code == status


async def test_a_revoked_token_stops_working(terminal: Terminal, world: World) -> None:
    token = (await terminal.beside("token", "create", "--user", OWNER)).stdout.strip()
    listed = (await terminal.beside("token", "list")).stdout

    revoked = await terminal.beside("token", "revoke", "1")

    assert OWNER in listed
    assert token not in listed
    assert revoked.exit_code == 0
    assert (await world.api("GET", "/api/agents/support/whatsapp", token=token)).status_code == 401
    assert (await terminal.beside("token", "revoke", "1")).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "Say whom the token is for"),
        (("--admin", "--agent", "support"), 2, "Say whom the token is for"),
        (("--user", "nobody"), 2, "Invalid value for --user:"),
        (("--agent", "nobody"), 1, "There is no agent 'nobody'. Configured are support."),
    ],
)
def test_a_token_is_for_somebody_who_exists(
    terminal: Terminal, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = terminal.run("token", "create", *arguments)

    assert result.exit_code == code
    assert said in result.stderr
    assert result.stdout == ""
