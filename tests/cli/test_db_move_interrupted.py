"""A move that ended at any moment goes on where it was, and at no moment can both databases be served."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests import postgres
from tests.cli.conftest import Terminal
from tests.moving import content, filled, opens
from trinity_channels.store import StoreError
from trinity_channels.store.move import moving, rows

pytestmark = pytest.mark.sqlite("the commands name their databases")
SOME = [table for table in rows.tables() if table.name.endswith(("_setting", "_binding", "_contact", "_address"))]
BETWEEN = 6
"""Rows of a batch here, so that a table has several."""
ROWS = 8
KILLED = """
import os, signal, sys
from trinity_channels.cli import app
from trinity_channels.store.move import ends, rows

rows._ROWS = {between}
left = int(sys.argv.pop(1))
put = ends.PostgresEnd.put

def dies(*given):
    global left
    put(*given)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

ends.PostgresEnd.put = dies
app()
"""


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def dropped() -> Iterator[None]:
    yield
    postgres.drop()


@pytest.fixture(autouse=True)
def short_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_ROWS", BETWEEN)


@pytest.fixture
def source(tmp_path: Path) -> str:
    return filled(tmp_path / "source.db", ROWS)


@pytest.fixture
def target() -> str:
    return postgres.database("target")


def moved(source: str, target: str) -> list[str]:
    told: list[str] = []
    moving.move(source, target, told.append)
    return told


@contextmanager
def dying(number: int, *, committed: bool) -> Iterator[None]:
    """A process that ends just before its commit of this number, or just after it."""
    commit, left = Connection.commit, number

    def dies(connection: Connection) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            if committed:
                commit(connection)
            raise Killed
        commit(connection)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Connection, "commit", dies)
        yield


@pytest.mark.parametrize("committed", [False, True])
def test_it_goes_on_after_an_end_between_any_two_commits(
    tmp_path: Path, source: str, committed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process that is killed leaves behind is what it has committed: between two commits, all lines are alike."""
    monkeypatch.setattr(moving, "tables", lambda: SOME)
    kept, before = (tmp_path / "source.db").read_bytes(), content(source, SOME)
    filled(tmp_path / "empty.db", 0)

    for number in itertools.count():
        (tmp_path / "source.db").write_bytes(kept)
        path = shutil.copy(tmp_path / "empty.db", tmp_path / f"target{number}.db")
        target = f"sqlite:///{path}"
        with dying(number, committed=committed), contextlib.suppress(Killed):
            moved(source, target)
            break  # it has fewer commits
        left, arrived = opens(source), opens(target)
        assert left != arrived or not (arrived and any(content(target, SOME).values()))
        if arrived and not left:
            with pytest.raises(StoreError, match=f"was moved to {path}"):
                moved(source, target)
        else:
            moved(source, target)
        assert content(target, SOME) == before
        assert (opens(source), opens(target)) == (False, True)
    assert number == 1 + 2 * len(SOME) + 3, "the mark, each batch, what comes after the rows, and both marks at the end"


@pytest.mark.parametrize("batches", [1, 2, 30, 55])
def test_a_process_that_is_killed_is_followed_by_one_that_ends_the_move(
    terminal: Terminal, source: str, target: str, batches: int
) -> None:
    before = content(source)
    command = [sys.executable, "-c", KILLED.format(between=BETWEEN), str(batches), "db", "move", "--from", source]

    killed = subprocess.run([*command, "--to", target], capture_output=True, text=True, check=False)  # noqa: S603  our own text

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (opens(source), opens(target)) == (True, False)
    again = terminal.run("db", "move", "--from", source, "--to", target)
    assert again.exit_code == 0, again.output
    assert "Comparing what was copied before" in again.output
    assert content(target) == before
    assert (opens(source), opens(target)) == (False, True)
