"""Settings, a file or a database that cannot work: every command says so, and what still can be shown is shown."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Terminal
from tests.world import World
from trinity_channels.store import migrate


def test_settings_that_cannot_work_are_the_finding(terminal: Terminal) -> None:
    terminal.set(SMTP_URL="http://mail.example.org", PUBLIC_CHAT_URL="chat.example.org")

    result = terminal.run("doctor")
    as_json = json.loads(terminal.run("doctor", "--json").stdout)

    assert result.exit_code == 2
    assert "✗ SMTP_URL" in result.stdout
    assert "✗ PUBLIC_CHAT_URL" in result.stdout
    assert (as_json["outcome"], as_json["exit_code"]) == ("wrong_settings", 2)


def test_a_database_of_a_later_version_is_the_finding(terminal: Terminal) -> None:
    terminal.run("db", "upgrade")
    World.database.change(terminal.folder, "UPDATE trinity_channels_alembic_version SET version_num = '0907'")

    result = terminal.run("doctor")

    assert result.exit_code == 1
    assert f"has schema version 0907; trinity_channels 0.1.0 knows versions up to {migrate.newest()}." in result.stdout


@pytest.mark.sqlite("the folder is where its file is")
def test_a_data_folder_that_is_none_is_the_finding(terminal: Terminal) -> None:
    terminal.set(TRINITY_CHANNELS_HOME=str(terminal.folder / "channels.toml" / "home"))

    result = terminal.run("doctor")

    assert result.exit_code == 1
    assert "cannot be opened" in result.stdout
    assert "in a folder that this user may write to" in result.stdout


@pytest.mark.sqlite("there is no file")
@pytest.mark.parametrize("command", [("doctor",), ("failed",), ("agents",), ("serve", "--port", "0")])
def test_a_file_that_is_no_database_is_told_with_a_way_out(terminal: Terminal, command: tuple[str, ...]) -> None:
    terminal.folder.joinpath("damaged.db").write_bytes(b"not SQLite" * 500)
    terminal.set(DATABASE_URL=f"sqlite:///{terminal.folder}/damaged.db")

    result = terminal.run(*command)

    assert result.exit_code == 1
    assert "damaged.db cannot be opened: file is not a database. Restore the file from a backup" in result.output


BROKEN = "[agents.support\n"
WRONG = '[agents.support]\nowner = "nobody"\nruntime = "echo"\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [(BROKEN, "is not TOML"), (WRONG, "agents.support.owner"), ("databse_url = 1", "databse_url: is not a setting")],
)
async def test_a_running_server_is_examined_also_when_the_file_beside_it_is_broken(
    terminal: Terminal, world: World, content: str, said: str
) -> None:
    terminal.folder.joinpath("channels.toml").write_text(content)

    result = await terminal.examined(world)

    assert result.exit_code == 2
    assert said in result.stdout
    assert (
        "The running server goes on with the settings that it has; a reload or the next start refuses" in result.stdout
    )
    assert "✓ The server runs at http://127.0.0.1:" in result.stdout
    assert "Agent support: runtime echo" in result.stdout
    assert "support on WhatsApp (Twilio)" in result.stdout


async def test_the_data_folder_is_found_in_a_file_that_is_not_toml(
    terminal: Terminal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRINITY_CHANNELS_HOME")
    terminal.folder.joinpath("channels.toml").write_text(f'trinity_channels_home = "{terminal.folder}"\n{BROKEN}')

    result = await terminal.examined(world)

    assert (result.exit_code, "✓ The server runs at http://127.0.0.1:" in result.stdout) == (2, True)


@pytest.mark.parametrize("command", [("failed",), ("deliveries",), ("requests",), ("audit",), ("token", "list")])
async def test_lists_are_shown_beside_a_running_server_whose_file_is_broken(
    terminal: Terminal, world: World, command: tuple[str, ...]
) -> None:
    await world.person("Zoe").says("hello")
    terminal.folder.joinpath("channels.toml").write_text(BROKEN)

    result = await terminal.beside(*command)

    assert result.exit_code == 0, result.output
    assert "is not TOML" in result.stderr
    assert result.stdout


@pytest.mark.parametrize("command", ["failed", "deliveries"])
def test_without_a_running_server_a_broken_file_comes_first(terminal: Terminal, command: str) -> None:
    terminal.run("db", "upgrade")
    terminal.folder.joinpath("channels.toml").write_text(BROKEN)

    result = terminal.run(command)

    assert (result.exit_code, "is not TOML" in result.stderr, result.stdout) == (2, True, "")
