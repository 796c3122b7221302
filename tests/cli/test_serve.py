"""`serve`: it runs, shuts down gracefully, and says in one line why it cannot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx
import pytest

from tests.cli.conftest import Terminal
from tests.world import Found, World
from trinity_channels.cli import servers
from trinity_channels.store import migrate


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(told: signal.Signals) -> None:
    command = [sys.executable, "-m", "trinity_channels.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as server:  # noqa: S603
        assert server.stdout is not None
        line = server.stdout.readline()
        url = line.split()[3]
        answer = httpx.get(f"{url}/readyz", trust_env=False)
        described = httpx.get(f"{url}/openapi.json", trust_env=False, timeout=60)
        server.send_signal(told)
        out, err = server.communicate(timeout=20)

    assert (answer.status_code, described.status_code) == (200, 200)
    assert server.returncode == 0, err
    assert "Warning" not in err
    assert "Shutting down" in out
    assert "Traceback" not in err
    assert "alembic" not in err  # the token stands there, not the lines of a library about its own work


async def test_a_second_host_on_one_database_is_refused(terminal: Terminal, world: World) -> None:
    result = await terminal.beside("serve", "--port", "0")

    assert world.host
    assert result.exit_code == 1
    assert result.stderr.startswith("Another host serves")
    assert len(result.stderr.splitlines()) == 1


def test_a_taken_port_is_named(terminal: Terminal) -> None:
    with servers.bind("127.0.0.1", 0) as bound:
        bound.listen()
        port = str(bound.getsockname()[1])
        result = terminal.run("serve", "--port", port)

    assert result.exit_code == 1
    assert f"Cannot listen on 127.0.0.1, port {port}" in result.stderr
    assert "--port" in result.stderr


def test_wrong_settings_are_listed_and_end_with_2(terminal: Terminal) -> None:
    terminal.set(CREDENTIAL_ENCRYPTION_KEY="secret", PUBLIC_CHAT_URL="chat.example.org")

    result = terminal.run("serve", "--port", "0")

    assert result.exit_code == 2
    assert "PUBLIC_CHAT_URL" in result.stderr
    assert "CREDENTIAL_ENCRYPTION_KEY" in result.stderr


async def test_the_database_is_upgraded_only_while_nobody_serves_it(terminal: Terminal, world: World) -> None:
    beside = await terminal.beside("db", "upgrade")
    await world.stops()
    alone = await terminal.beside("db", "upgrade")

    assert (beside.exit_code, alone.exit_code) == (1, 0)
    assert "schema is up to date" in alone.stdout


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("failed",), ("token", "list")])
def test_a_database_that_this_release_does_not_serve_is_a_wrong_setting(
    terminal: Terminal, command: tuple[str, ...]
) -> None:
    terminal.set(DATABASE_URL="postgresql://user:fake-password@db.example.org/trinity")

    result = terminal.run(*command)

    assert result.exit_code == 2
    assert "DATABASE_URL: must start with sqlite:/// or postgresql+psycopg://" in result.stderr
    assert "fake-password" not in result.output


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--port", "0"),
        ("failed",),
        ("token", "list"),
        ("db", "upgrade"),
        ("deliveries",),
        ("requests",),
        ("audit",),
        ("rotate-keys",),
        ("explain", "support", "zoe@example.org"),
    ],
)
def test_a_database_of_a_later_version_is_told_in_one_sentence(terminal: Terminal, command: tuple[str, ...]) -> None:
    terminal.run("db", "upgrade")
    World.database.change(terminal.folder, "UPDATE trinity_channels_alembic_version SET version_num = '0907'")

    result = terminal.run(*command)

    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1), result.output
    assert f"has schema version 0907; trinity_channels 0.1.0 knows versions up to {migrate.newest()}." in result.stderr
    assert "Install the version that wrote the database" in result.stderr


@pytest.mark.parametrize("named", [True, False])
def test_a_start_without_agents_says_what_to_write(terminal: Terminal, named: bool) -> None:
    (terminal.folder / "channels.toml").write_text("")
    if not named:
        terminal.set(TRINITY_CHANNELS_CONFIG="")
    command = [sys.executable, "-m", "trinity_channels.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as server:  # noqa: S603
        assert server.stdout is not None
        told = next(line for line in server.stdout if line.startswith("No agent"))
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=20)

    fix = (
        f"into {terminal.folder}/channels.toml, then run `trinity-channels reload`"
        if named
        else "TRINITY_CHANNELS_CONFIG"
    )
    assert fix in told
    assert (server.returncode, "Traceback" in err) == (0, False)


async def test_a_missing_key_file_is_not_replaced_while_secrets_are_stored(terminal: Terminal, found: Found) -> None:
    world = await found(credential_encryption_key=None)
    await world.stops()
    file = terminal.folder / "credentials.key"
    key = file.read_text()
    file.unlink()
    terminal.set(CREDENTIAL_ENCRYPTION_KEY="")

    refused = await terminal.beside("serve", "--port", "0")
    left = file.exists()
    listed = await terminal.beside("doctor")
    file.write_text(key)
    file.chmod(0o600)
    await world.starts()

    assert (refused.exit_code, len(refused.stderr.splitlines()), left) == (1, 1, False)
    assert f"The key file {file} is missing" in refused.stderr
    assert "is missing" in listed.stdout
    assert (await world.binding())["health"]["state"] == "waiting"


async def test_a_missing_key_file_is_made_while_no_account_is_connected(terminal: Terminal, found: Found) -> None:
    world = await found(connected=False, credential_encryption_key=None)
    await world.stops()
    (terminal.folder / "credentials.key").unlink()

    await world.starts()

    assert (terminal.folder / "credentials.key").exists()
