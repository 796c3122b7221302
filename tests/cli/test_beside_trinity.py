"""Commands on a host that serves the platform's agents: no table names them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.cli.conftest import Terminal
from tests.platform.double import TOKEN, Platform
from tests.world import World
from trinity_channels.cli import servers

ZOE = "zoe@example.org"


@pytest.fixture
async def platform(terminal: Terminal) -> AsyncIterator[Platform]:
    """The double, on loopback, and settings that name it alone."""
    made = Platform(World.now)
    terminal.folder.joinpath("channels.toml").write_text("")
    with servers.bind("127.0.0.1", 0) as bound:
        terminal.set(TRINITY_URL=servers.address(bound), TRINITY_TOKEN=TOKEN)
        async with servers.serving(made.app, bound):
            yield made


async def test_it_is_explained_who_may_use_an_agent_there(terminal: Terminal, platform: Platform) -> None:
    platform.accounts.share("support", ZOE)

    shared = await terminal.beside("explain", "support", ZOE)
    stranger = await terminal.beside("explain", "support", "yan@example.org")
    owner = await terminal.beside("explain", "support", "owner@example.org")

    assert "shared since" in shared.stdout
    assert "not shared" in stranger.stdout
    assert "owner" in owner.stdout
    assert (shared.exit_code, stranger.exit_code, owner.exit_code) == (0, 0, 0)


async def test_an_agent_that_is_not_there_is_not_explained(terminal: Terminal, platform: Platform) -> None:
    result = await terminal.beside("explain", "suport", ZOE)

    assert (result.exit_code, result.stderr) == (1, "Unknown agent 'suport'.\n")
    assert platform.count("GET /api/agents") == 1


async def test_a_token_is_made_for_an_agent_there(terminal: Terminal, platform: Platform) -> None:
    result = await terminal.beside("token", "create", "--agent", "support")

    assert (result.exit_code, result.stdout[:3]) == (0, "tc_")
    assert platform.calls == []


@pytest.mark.parametrize("command", [["requests", "--agent", "support"], ["audit", "--agent", "support"]])
async def test_lists_are_narrowed_to_an_agent_there(terminal: Terminal, platform: Platform, command: list[str]) -> None:
    result = await terminal.beside(*command)

    assert result.exit_code == 0, result.output
    assert platform.calls == []


async def test_a_platform_that_is_away_is_told_in_a_sentence(terminal: Terminal) -> None:
    terminal.folder.joinpath("channels.toml").write_text("")
    terminal.set(TRINITY_URL="http://127.0.0.1:1", TRINITY_TOKEN=TOKEN)

    result = await terminal.beside("explain", "support", ZOE)

    assert result.exit_code == 1
    assert result.stderr.startswith("The platform cannot be reached (ConnectError).")
    assert "Traceback" not in result.output


def test_the_command_takes_user_names_only_beside_a_platform(terminal: Terminal) -> None:
    alone = terminal.run("token", "create", "--user", "admin")
    terminal.folder.joinpath("channels.toml").write_text("")
    terminal.set(TRINITY_URL="http://127.0.0.1:1", TRINITY_TOKEN="fake-token")
    beside = terminal.run("token", "create", "--user", "admin")

    assert alone.exit_code != 0
    assert (beside.exit_code, beside.stdout[:3]) == (0, "tc_")
