"""`agents`: an operator sees at a glance where agents are connected and what needs someone."""

from __future__ import annotations

from tests.cli.conftest import Terminal
from tests.world import OWNER, PUBLIC, World
from trinity_channels.api import Fault


async def test_agents_are_listed_with_their_channels_and_counts(terminal: Terminal, world: World) -> None:
    terminal.set(PUBLIC_CHAT_URL=PUBLIC)
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("hello?")

    listed = await terminal.beside("agents")
    row = listed.stdout.splitlines()[1].split("   ")

    assert [cell.strip() for cell in row if cell.strip()][:3] == ["support", OWNER, "whatsapp attention"]
    assert "No mailer is set up" in listed.stdout  # this shell names none
    assert "Look closer with `trinity-channels requests`." in listed.stdout


async def test_a_running_server_is_believed_more_than_this_shell(terminal: Terminal, world: World) -> None:
    (terminal.folder / "channels.toml").write_text("")  # what the server read when it started is gone
    await world.person("Zoe").says("hello")

    async with terminal.serving(world):
        listed = await terminal.beside("agents")

    assert [line.split()[0] for line in listed.stdout.splitlines()[1:4]] == ["my-agent", "sales", "support"]
    assert "whatsapp ok" in listed.stdout


async def test_lists_that_say_more_are_named(terminal: Terminal, town: World) -> None:
    town.fails(Fault.UNAUTHORIZED)
    await town.person("Zoe").says("one")

    assert "`trinity-channels deliveries --failed`" in (await terminal.beside("agents")).stdout


def test_no_agent_is_met_with_what_to_do(terminal: Terminal) -> None:
    (terminal.folder / "channels.toml").write_text("")

    result = terminal.run("agents")

    assert result.exit_code == 0
    assert "No agent is configured. Add a table [agents.<name>]" in result.stdout


def test_an_agent_without_a_channel_says_so(terminal: Terminal) -> None:
    assert "not connected" in terminal.run("agents").stdout
