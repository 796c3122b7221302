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


async def test_the_id_of_a_revoked_token_is_not_given_to_another(terminal: Terminal, world: World) -> None:
    await terminal.beside("token", "create", "--user", OWNER)
    await terminal.beside("token", "revoke", "1")
    token = (await terminal.beside("token", "create", "--admin")).stdout.strip()

    again = await terminal.beside("token", "revoke", "1")

    assert (again.exit_code, "`trinity-channels token list` lists" in again.stderr) == (1, True)
    assert (await world.api("GET", "/api/settings/public_chat_url", token=token)).status_code == 200
    assert (await terminal.beside("token", "revoke", "2")).exit_code == 0


async def test_a_token_is_listed_with_its_label_its_end_and_its_last_use(terminal: Terminal, world: World) -> None:
    made = await terminal.beside(
        "token", "create", "--user", OWNER, "--label", "nightly\x1b[31m report", "--expires", "2026-03-31"
    )
    before = (await terminal.beside("token", "list")).stdout
    await world.api("GET", "/api/channels", token=made.stdout.strip())
    after = (await terminal.beside("token", "list")).stdout
    world.clock.move_to("2026-04-01T00:00:00Z")
    ended = (await terminal.beside("token", "list")).stdout

    assert "nightly report" in before
    assert "\x1b" not in before
    assert "command line" in before
    assert before.rstrip().endswith("2026-04-01 00:00 UTC   never")
    assert after.rstrip().endswith("2026-03-02 09:00 UTC")
    assert "expired 2026-04-01 00:00 UTC" in ended
    assert (await world.api("GET", "/api/channels", token=made.stdout.strip())).status_code == 401


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ("90d", "2026-05-31 09:00"),
        ("12h", "2026-03-02 21:00"),
        ("1w", "2026-03-09 09:00"),
        (" 1d ", "2026-03-03 09:00"),
        ("2026-03-02", "2026-03-03 00:00"),
        ("2027-01-31T09:00", "2027-01-31 09:00"),
        ("2027-01-31T09:00+02:00", "2027-01-31 07:00"),
    ],
)
async def test_when_it_expires_is_said_in_many_ways(terminal: Terminal, world: World, given: str, ends: str) -> None:
    await terminal.beside("token", "create", "--admin", "--expires", given)

    assert world.host
    assert f"{ends} UTC" in (await terminal.beside("token", "list")).stdout


@pytest.mark.parametrize(
    "given", ["0d", "2026-03-01", "2026-03-02T08:59", "tomorrow", "90", "-1d", "9999-12-31", "2026-02-30", "1e9d"]
)
async def test_an_end_that_cannot_be_is_explained(terminal: Terminal, world: World, given: str) -> None:
    result = await terminal.beside("token", "create", "--admin", f"--expires={given}")

    assert world.host
    assert result.exit_code == 2
    assert "--expires" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "Give exactly one of --admin"),
        (("--admin", "--agent", "support"), 2, "Give exactly one of --admin"),
        (("--user", "nobody"), 2, "Invalid value for --user:"),
        (("--admin", "--label", "x" * 101), 2, "A label has at most 100 characters."),
        (("--agent", "nobody"), 1, "Unknown agent 'nobody'. Configured agents: support."),
    ],
)
def test_a_token_is_for_somebody_who_exists(
    terminal: Terminal, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = terminal.run("token", "create", *arguments)

    assert result.exit_code == code
    assert said in result.stderr
    assert result.stdout == ""
