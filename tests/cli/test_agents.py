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


async def test_an_operator_says_that_an_agent_was_renamed(terminal: Terminal, town: World) -> None:
    await town.person("Zoe").says("hello")

    async with terminal.serving(town):
        first = await terminal.beside("agents", "rename", "support", "helpdesk")
        again = await terminal.beside("agents", "rename", "support", "helpdesk")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "is helpdesk's now" in first.stdout
    assert "Nothing is stored for support" in again.stdout


async def test_a_name_in_use_is_refused_to_the_operator(terminal: Terminal, town: World) -> None:
    await town.policy("open", "sales")

    async with terminal.serving(town):
        refused = await terminal.beside("agents", "rename", "support", "sales")

    assert refused.exit_code == 1
    assert "There is something stored for sales already" in refused.stderr


async def test_an_operator_deletes_what_is_left_of_an_agent(terminal: Terminal, town: World) -> None:
    async with terminal.serving(town):
        done = await terminal.beside("agents", "delete", "support", "--yes")

    assert done.exit_code == 0, done.stderr
    assert "The audit log stays" in done.stdout
    assert (await town.host.connections.stored("support", "whatsapp")) is None


def test_deleting_asks_before_it_begins(terminal: Terminal) -> None:
    result = terminal.run("agents", "delete", "support")

    assert result.exit_code == 1
    assert "This cannot be undone." in result.stdout
