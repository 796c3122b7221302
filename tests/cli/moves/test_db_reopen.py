"""`db reopen`: a database that was left can be served again."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests import postgres
from tests.cli.conftest import Terminal
from tests.moving import content, opens
from trinity_channels.store import store_at
from trinity_channels.store.move import moving

pytestmark = [pytest.mark.sqlite("the commands name their databases"), pytest.mark.postgres]


class Killed(BaseException):
    """The process ends here."""


def test_a_file_and_a_postgresql_database_that_were_left(terminal: Terminal, source: str, target: str) -> None:
    before, third = content(source), f"sqlite:///{terminal.folder}/third.db"
    assert terminal.run("db", "move", "--from", source, "--to", target).exit_code == 0
    assert terminal.run("db", "move", "--from", target, "--to", third).exit_code == 0

    for left, new in ((source, "/target?"), (target, "third.db")):
        terminal.set(TRINITY_CHANNELS_DATABASE_URL=left)
        assert not opens(left)
        ended = terminal.run("db", "reopen")
        assert ended.exit_code == 0, ended.output
        assert new in ended.stdout
        assert content(left) == before
        assert opens(left)


@pytest.mark.parametrize("kind", ["file", "server"])
def test_one_that_was_not_left(terminal: Terminal, source: str, target: str, kind: str) -> None:
    terminal.set(TRINITY_CHANNELS_DATABASE_URL={"file": source, "server": target}[kind])

    ended = terminal.run("db", "reopen")

    assert ended.exit_code == 1
    assert "was not moved." in ended.stderr


@pytest.mark.usefixtures("first_start")
def test_one_that_is_not_there(terminal: Terminal) -> None:
    ended = terminal.run("db", "reopen")

    assert ended.exit_code == 1
    assert "no database of a host" in ended.stderr
    assert not (terminal.folder / "trinity_channels.db").exists()


def test_one_that_is_served(terminal: Terminal, source: str) -> None:
    server = store_at(source)
    server.open()
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=source)

    ended = terminal.run("db", "reopen")

    asyncio.run(server.close())
    assert ended.exit_code == 1
    assert "is in use" in ended.stderr


def test_after_a_move_that_did_not_come_to_its_very_end(
    terminal: Terminal, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are marked then; the same move still ends, with what was changed in between."""

    def killed(_move: object, _noted: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(moving._Move, "_finish", killed)  # noqa: SLF001  after the mark of the source
        with pytest.raises(Killed):
            moving.move(source, target, lambda _line: None)
    assert (opens(source), opens(target)) == (False, False)
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=source)
    assert terminal.run("db", "reopen").exit_code == 0
    assert terminal.run("token", "create", "--admin").exit_code == 0
    now = content(source)

    ended = terminal.run("db", "move", "--to", target)

    assert ended.exit_code == 0, ended.output
    assert content(target) == now
    assert (opens(source), opens(target)) == (False, True)


# --- the database that is given up ---


async def refused(terminal: Terminal, *options: str) -> str:
    """What the command says, which must not have let the source be opened."""
    ended = await terminal.beside("db", "reopen", *options)
    assert ended.exit_code == 1, ended.output
    return re.sub(r"\s+", " ", ended.stderr)


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
async def test_it_is_refused_while_hosts_serve_the_new_one(terminal: Terminal, source: str, kind: str) -> None:
    to = (
        postgres.database("target", template="template1")
        if kind == "postgresql"
        else f"sqlite:///{terminal.folder}/new.db"
    )
    assert (await terminal.beside("db", "move", "--from", source, "--to", to)).exit_code == 0
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=source)
    server = store_at(to)
    server.open()

    assert "A process serves" in await refused(terminal)
    assert not await asyncio.to_thread(opens, source)

    await server.close()
    assert (await terminal.beside("db", "reopen")).exit_code == 0
    assert await asyncio.to_thread(opens, source)


async def test_it_can_be_forced_while_hosts_serve_the_new_one(terminal: Terminal, source: str) -> None:
    to = f"sqlite:///{terminal.folder}/new.db"
    assert (await terminal.beside("db", "move", "--from", source, "--to", to)).exit_code == 0
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=source)
    server = store_at(to)
    server.open()

    assert (await terminal.beside("db", "reopen", "--force")).exit_code == 0

    assert await asyncio.to_thread(opens, source)
    await server.close()


async def test_a_new_one_that_cannot_be_asked_is_no_consent(terminal: Terminal, source: str) -> None:
    to = postgres.database("target", template="template1")
    assert (await terminal.beside("db", "move", "--from", source, "--to", to)).exit_code == 0
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=source)
    postgres.drop()

    assert "It is not known whether a host serves" in await refused(terminal)
    other = postgres.database("other", template="template1")
    assert "and not to postgresql" in await refused(terminal, "--moved-to", other)

    assert (await terminal.beside("db", "reopen", "--force")).exit_code == 0


async def test_one_that_was_moved_twice_is_refused_while_the_last_one_is_served(
    terminal: Terminal, source: str, target: str
) -> None:
    third = f"sqlite:///{terminal.folder}/third.db"
    for ends in ((source, target), (target, third)):
        assert (await terminal.beside("db", "move", "--from", ends[0], "--to", ends[1])).exit_code == 0
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=source)
    server = store_at(third)
    server.open()

    assert "third.db, to which everything was moved" in await refused(terminal)

    await server.close()


async def test_a_new_file_that_is_gone_serves_no_host(terminal: Terminal, source: str) -> None:
    to = terminal.folder / "new.db"
    assert (await terminal.beside("db", "move", "--from", source, "--to", f"sqlite:///{to}")).exit_code == 0
    terminal.set(TRINITY_CHANNELS_DATABASE_URL=source)
    to.unlink()

    assert (await terminal.beside("db", "reopen")).exit_code == 0
    assert not to.exists()
