"""Upgrade a database schema with alembic."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, column, create_engine, inspect, table, update
from sqlalchemy.pool import NullPool

from trinity_channels.store import earlier_names, move_marks
from trinity_channels.store.failures import StoreError
from trinity_channels.store.tables.indexes import create_all
from trinity_channels.store.tables.row import METADATA, PREFIX


class UnfitSchema(Exception):
    """A later version of the program has written the database, or it is being moved, or was; the text says which."""

    def of(self, name: str) -> StoreError:
        """The error for the database of this name."""
        return StoreError(f"The database {name} {self}")


UPGRADING = 0x7472_6964
"""The advisory lock under which the schema is changed."""
SCRIPTS = Path(__file__).parent / "migrations"
VERSION_TABLE = f"{PREFIX}alembic_version"
"""Not alembic's default: the database may be another application's, which uses alembic, too."""
_TABLES_OF_OTHERS = (  # asked at every start, where SQLAlchemy's inspector takes as long as all else
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' "  # noqa: S608  a constant
    f"AND substr(name, 1, {len(PREFIX)}) <> '{PREFIX}'"
)


def newest() -> str:
    """The revision that the code is written for; its file begins with it, so that nothing need be imported to know it."""
    return max(known())


@cache
def known() -> frozenset[str]:
    """The revisions that this version can bring up to date."""
    return frozenset(path.name.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


def is_current(connection: Connection) -> bool:
    """Whether the database has the schema that the code is written for: so at nearly every start, told without alembic.

    Raises:
        UnfitSchema: the database has a schema that this version does not know, or is being moved, or was.
    """
    try:
        if connection.dialect.name == "sqlite":
            # kept in the file; set here, before several connections could want to set it at once
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        revision = stands(connection)
        _refuse_unfit(connection, revision)
    finally:
        connection.rollback()
    return revision == newest()


def stands(connection: Connection) -> str | None:
    """The version of the schema that the database has, or the mark of a move; None if a host never wrote to it."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608  a constant
    return None if found is None else str(found)


def stamp(connection: Connection, revision: str) -> None:
    """Put a version, or the mark of a move, where the version stands."""
    connection.execute(update(table(VERSION_TABLE, column("version_num"))).values(version_num=revision))


def is_shared(connection: Connection) -> bool:
    """Whether the SQLite database holds tables of others."""
    tables = {str(name) for name in connection.exec_driver_sql(_TABLES_OF_OTHERS).scalars()}
    if tables:
        tables -= earlier_names.tables(connection)
    connection.rollback()
    return bool(tables)


def upgrade(url: str) -> None:
    """Apply every migration that is missing.

    Raises:
        UnfitSchema: the database has a schema that this version does not know, or is being moved, or was.
    """
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if is_current(connection):
            return
    with engine.begin() as connection:
        # All or nothing: the driver itself begins no transaction for changes of the schema.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        if (earlier := earlier_names.version(connection)) is not None:
            _refuse_unfit(connection, earlier)
            earlier_names.replace(connection, earlier, VERSION_TABLE)
        _alembic(connection, "upgrade")


def bring_up(connection: Connection) -> None:
    """Give the database the schema that the code is written for, within the transaction of the connection.

    A new database of another kind than SQLite is made from the tables as they are now: it has no earlier versions.

    Raises:
        UnfitSchema: the database has a schema that this version does not know, or is being moved, or was.
        StoreError: the job queue in it cannot be used; see `jobs.bring_up`.
    """
    from trinity_channels.store import jobs  # noqa: PLC0415  not for hosts with SQLite

    # Of several processes that start at once, one does it.
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPGRADING})")
    jobs.bring_up(connection)
    if not inspect(connection).has_table(VERSION_TABLE):
        create_all(connection, METADATA)
        _alembic(connection, "stamp")
        return
    revision = stands(connection)
    _refuse_unfit(connection, revision)
    if revision != newest():
        _alembic(connection, "upgrade")


def _refuse_unfit(connection: Connection, revision: str | None) -> None:
    if revision in (move_marks.PARTLY, move_marks.MOVED):
        raise UnfitSchema(move_marks.why_not(connection, revision))
    # An older program would read columns that it does not know, and write rows that the newer one cannot use.
    if revision is not None and revision not in known():
        raise UnfitSchema(
            f"has schema version {revision}; trinity_channels {version('trinity-channels')} knows versions up to "
            f"{newest()}. Install the version that wrote the database, or restore the backup that was made before the "
            "upgrade."
        )


def _alembic(connection: Connection, what: Literal["stamp", "upgrade"]) -> None:
    from alembic import command  # noqa: PLC0415  0.2 s and 10 MB, which most starts need not pay
    from alembic.config import Config  # noqa: PLC0415  see above

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    getattr(command, what)(config, "head")
