"""A move from one database to another: batch by batch, so that it goes on where it was after any end, then compared.

How far it has come stands in the target, written with the rows. The target cannot be opened until everything is there and
agrees; shortly before, the source is marked, so that at no moment both can be served.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from trinity_channels.store import earlier_names, migrate, move_marks
from trinity_channels.store.database import Store
from trinity_channels.store.failures import Locked, StoreError
from trinity_channels.store.kinds import POSTGRES, store_at
from trinity_channels.store.move.ends import SQLITE, End, are_one, end_at
from trinity_channels.store.move.rows import Rows, Tally, tables
from trinity_channels.store.sqlite import SqliteStore
from trinity_channels.store.tables.row import PREFIX
from trinity_channels.store.urls import without_passwords

Say = Callable[[str], None]
_TOLD = 5.0
"""Seconds between two lines about one table."""
_EMPTY = "A move needs an empty one: make a new database, or name a file that does not exist."


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did.

    Attributes:
        source: the name of the database that was left.
        target: the name of the one that holds everything now.
        url: its URL, without a password.
        rows: how many there are, in all tables together.
        changed: how many of them had a text with characters that not every database can hold, and is without them now.
    """

    source: str
    target: str
    url: str
    rows: int
    changed: int


def move(source: str, target: str, say: Say) -> Moved:
    """Copy everything from the database of one URL to that of another.

    Args:
        source: URL of a database with the current schema, which no process serves.
        target: URL of an empty database, or of one that a move from the same source has begun to fill.
        say: takes lines about how far it has come.

    Raises:
        StoreError: it cannot be done, or not to its end; the text says what to change. The source is as it was.
    """
    old, new = store_at(source), store_at(target)
    if not old.exists():
        raise StoreError(f"There is no database of a host at {old.name}.")
    if _place(old) == _place(new) or (old.server and new.server and are_one(source, target)):
        raise StoreError(f"The source and the target are the same database, {old.name}.")
    with end_at(source) as leaving:
        left = _left_as(leaving)
        if left is None:
            _make(target)
        elif not new.exists():
            raise _marked(leaving)
        with end_at(target) as entering:
            return _Move(leaving, entering, say).run(left)


def reopen(url: str, moved_to: str | None = None, *, force: bool = False) -> str:
    """Let a database be served again that was moved.

    Args:
        url: URL of the database that was left.
        moved_to: URL of the one that everything was moved to, if a password is needed that libpq does not know.
        force: also if that one is served, or cannot be asked.

    Returns:
        The name of the database that everything was moved to.

    Raises:
        StoreError: it was not moved, cannot be used, or the other one is served.
    """
    store = store_at(url)
    if not store.exists():
        raise StoreError(f"There is no database of a host at {store.name}.")
    with end_at(url) as end:
        with end.blamed():
            noted = _of_the_whole(end)
            end.connection.rollback()
        # Held until this one can be served again: no host of the other one starts in between.
        with contextlib.nullcontext() if force else _given_up(noted, moved_to), end.writing() as connection:
            migrate.stamp(connection, noted["revision"])
            move_marks.NOTES.drop(connection)
        return noted["to"]


def _of_the_whole(end: End) -> dict[str, str]:
    """The notes of a move that has left this database for good."""
    if migrate.stands(end.connection) != move_marks.MOVED:
        raise StoreError(f"The database {end.name} was not moved.")
    return move_marks.notes(end.connection)


@contextlib.contextmanager
def _given_up(noted: Mapping[str, str], url: str | None) -> Iterator[None]:
    """Hold the database that everything was moved to, which no process may serve.

    Raises:
        StoreError: one does, or that cannot be known.
    """
    to = noted["to"]
    place = without_passwords(to) if to.startswith(POSTGRES) else f"{SQLITE}{to}"
    url = place if url is None else url
    other = store_at(url)
    if without_passwords(url) != place:
        raise StoreError(f"Everything was moved to {to}, and not to {other.name}.")
    further = None
    with contextlib.ExitStack() as held:
        try:
            if other.exists():
                end = held.enter_context(end_at(url))
                with end.blamed():
                    further = (
                        None if migrate.stands(end.connection) != move_marks.MOVED else move_marks.notes(end.connection)
                    )
                    end.connection.rollback()
        except Locked as error:
            raise StoreError(
                f"A process serves {to}, to which everything was moved, and both would answer the same people. Stop all "
                "hosts there, then run this again."
            ) from error
        except StoreError as error:
            raise StoreError(
                f"It is not known whether a host serves the database to which everything was moved. {error}\nGive its URL "
                "with its password in --moved-to, or let libpq know the password; if it is certain that no host runs there, "
                "add --force."
            ) from error
        if further is not None:
            held.enter_context(_given_up(further, None))
        yield


def _place(store: Store) -> str:
    return str(store.path.resolve()) if isinstance(store, SqliteStore) else store.name


def _left_as(leaving: End) -> str | None:
    """The id of the move that has left this database for good; None if none has.

    Raises:
        StoreError: nothing can be moved from there.
    """
    with leaving.blamed():
        revision = migrate.stands(leaving.connection)
        if revision == move_marks.MOVED:
            return move_marks.notes(leaving.connection)["id"]
        if revision is None and earlier_names.version(leaving.connection) is None:
            raise StoreError(f"The database {leaving.name} holds nothing of a host.")
        if revision is None or not _is_current(leaving):
            raise StoreError(
                f"The database {leaving.name} has the schema of an earlier version. Make a backup, run `trinity-channels db "
                "upgrade` with it, then move it."
            )
        return None


def _is_current(end: End) -> bool:
    try:
        return migrate.is_current(end.connection)
    except migrate.UnfitSchema as unfit:
        raise unfit.of(end.name) from None


def _marked(end: End) -> StoreError:
    """What to do about a database that has the mark of a move."""
    with end.blamed():
        mark = migrate.stands(end.connection)
        return migrate.UnfitSchema(move_marks.why_not(end.connection, str(mark))).of(end.name)


def _make(target: str) -> None:
    """Give the target its tables, if it has none."""
    store = store_at(target)
    if store.exists():
        with end_at(target) as end, end.blamed():
            if migrate.stands(end.connection) is not None:
                return
            if earlier_names.version(end.connection) is not None:
                raise StoreError(f"The database {end.name} holds data of an earlier version. {_EMPTY}")
    store.open(serve=False)
    asyncio.run(store.close())


class _Move:
    def __init__(self, leaving: End, entering: End, say: Say) -> None:
        self._leaving = leaving
        self._entering = entering
        self._say = say
        self._tables = tables()
        self._rows = [Rows(table) for table in self._tables]

    def run(self, left: str | None) -> Moved:
        if left is not None:
            with self._entering.blamed():
                noted = _of_a_part(self._entering)
            if noted.get("id") != left:
                raise _marked(self._leaving)
            return self._finish(noted)
        with self._entering.blamed():
            noted = _of_a_part(self._entering)
            if not noted:
                self._refuse_full()
        with self._leaving.blamed():
            self._leaving.freeze(self._tables)
            if migrate.stands(self._leaving.connection) != migrate.newest():
                raise StoreError(f"The schema of the database {self._leaving.name} has changed. Run the command again.")
        noted = self._resume(noted) if noted else self._begin()
        for rows in self._rows:
            self._copy(rows, noted)
        self._compare(noted)
        with self._leaving.blamed():
            numbers = self._leaving.numbers(self._tables)
        with self._entering.writing():
            self._entering.settle(self._tables, numbers)
        self._leave(noted)
        return self._finish(noted)

    def _refuse_full(self) -> None:
        connection = self._entering.connection
        current = _is_current(self._entering)
        full = [table.name for table in self._tables if current and connection.execute(select(table).limit(1)).first()]
        if full or not current:
            raise StoreError(f"The database {self._entering.name} holds data already. {_EMPTY}")
        if (encoding := self._entering.encoding()) != "UTF8":
            raise StoreError(
                f"The database {self._entering.name} keeps texts as {encoding}, which cannot hold all of them. Make it with "
                "ENCODING 'UTF8'."
            )
        connection.rollback()

    def _begin(self) -> dict[str, str]:
        noted = {"id": secrets.token_hex(8), "from": self._leaving.name, "revision": migrate.newest()}
        with self._entering.writing() as connection:
            move_marks.NOTES.create(connection)
            move_marks.note(connection, **noted)
            migrate.stamp(connection, move_marks.PARTLY)
        self._say("If this is interrupted, run the same command again: it goes on where it was.")
        return noted

    def _resume(self, noted: dict[str, str]) -> dict[str, str]:
        """What counts of an earlier attempt: nothing of its rows, if the source has changed since."""
        if noted["from"] != self._leaving.name:
            raise _marked(self._entering)
        if noted["revision"] != migrate.newest():
            raise StoreError(
                f"The move to {self._entering.name} was begun by another version of the program. Go on with that one, or "
                f"give the move up. {_EMPTY}"
            )
        self._say("Comparing what was copied before with the source.")
        for rows in self._rows:
            if text := noted.get(rows.table.name):
                tally = Tally.load(text)
                if rows.counted(self._leaving, tally.after).found != tally.found:
                    self._say("The source has changed since: everything is copied again.")
                    return self._begin_again(noted)
        return noted

    def _begin_again(self, noted: dict[str, str]) -> dict[str, str]:
        names = {table.name for table in self._tables}
        with self._entering.writing() as connection:
            self._entering.empty(self._tables)
            move_marks.forget(connection, names)
        return {name: value for name, value in noted.items() if name not in names}

    def _copy(self, rows: Rows, noted: dict[str, str]) -> None:
        table = rows.table
        tally = Tally.load(noted[table.name]) if table.name in noted else Tally()
        with self._leaving.blamed():
            total = self._leaving.connection.execute(select(func.count()).select_from(table)).scalar_one()
        told = time.monotonic()
        for batch in rows.batches(self._leaving, tally):
            noted[table.name] = tally.dump()
            with self._entering.writing() as connection:
                self._entering.put(table, batch)
                move_marks.note(connection, **{table.name: noted[table.name]})
            if time.monotonic() > told + _TOLD:
                told = time.monotonic()
                self._say(f"{_short(table.name)}: {tally.rows:,} of {total:,} rows")
        noted[table.name] = tally.dump()
        if total:
            self._say(f"{_short(table.name)}: {total:,} rows copied")

    def _compare(self, noted: dict[str, str]) -> None:
        """Read back what the target holds.

        Raises:
            StoreError: it is something else than what the source gave.
        """
        self._say("Comparing the number and the checksum of the rows of each table.")
        for rows in self._rows:
            given, found = Tally.load(noted[rows.table.name]), rows.counted(self._entering)
            if given.found != found.found:
                raise StoreError(
                    f"The table {rows.table.name} of {self._entering.name} does not hold what was written: {found.rows:,} "
                    f"rows with the checksum {found.checksum:x}, where the source gave {given.rows:,} with "
                    f"{given.checksum:x}. The source is as it was. {_EMPTY}"
                )
        self._entering.connection.rollback()

    def _leave(self, noted: dict[str, str]) -> None:
        """Mark the source, in the transaction in which it was read."""
        at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        with self._leaving.blamed():
            connection = self._leaving.connection
            move_marks.NOTES.create(connection)
            move_marks.note(connection, id=noted["id"], to=self._entering.name, at=at, revision=migrate.newest())
            migrate.stamp(connection, move_marks.MOVED)
            connection.commit()

    def _finish(self, noted: dict[str, str]) -> Moved:
        with self._entering.writing() as connection:
            move_marks.NOTES.drop(connection)
            migrate.stamp(connection, noted["revision"])
        tallies = [Tally.load(noted[table.name]) for table in self._tables if table.name in noted]
        return Moved(
            self._leaving.name,
            self._entering.name,
            self._entering.url,
            sum(tally.rows for tally in tallies),
            sum(tally.changed for tally in tallies),
        )


def _of_a_part(entering: End) -> dict[str, str]:
    """The notes of a move that has not ended; none if no move has begun."""
    if migrate.stands(entering.connection) != move_marks.PARTLY:
        return {}
    return move_marks.notes(entering.connection)


def _short(name: str) -> str:
    return name.removeprefix(PREFIX)
