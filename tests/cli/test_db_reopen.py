"""`db reopen`: a database that was left can be served again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.cli.conftest import Terminal
from tests.moving import content, filled, opens
from trinity_channels.store import store_at
from trinity_channels.store.move import moving

pytestmark = pytest.mark.sqlite("the commands name their databases")


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def dropped() -> Iterator[None]:
    yield
    postgres.drop()


@pytest.fixture
def source(tmp_path: Path) -> str:
    return filled(tmp_path / "source.db", 2)


@pytest.fixture
def target() -> str:
    return postgres.database("target")


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
