"""Upgrade a database schema with alembic."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.pool import NullPool

from trinity_channels.store import earlier_names
from trinity_channels.store.failures import StoreError
from trinity_channels.store.tables.indexes import create_all
from trinity_channels.store.tables.row import METADATA, PREFIX


class NewerSchema(Exception):
    """A later version of the program has written the database.

    Attributes:
        revision: the version of the schema that the database has.
    """

    def __init__(self, revision: str) -> None:
        super().__init__(revision)
        self.revision = revision


_UPGRADING = 0x7472_6964
"""The advisory lock under which the schema is changed."""
SCRIPTS = Path(__file__).parent / "migrations"
VERSION_TABLE = f"{PREFIX}alembic_version"
"""Not alembic's default: the database may be another application's, which uses alembic, too."""


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
        NewerSchema: the database has a schema that this version does not know.
    """
    try:
        if connection.dialect.name == "sqlite":
            # kept in the file; set here, before several connections could want to set it at once
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        stands = None
        if inspect(connection).has_table(VERSION_TABLE):
            statement = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608  a constant
            stands = connection.exec_driver_sql(statement).scalar()
    finally:
        connection.rollback()
    _refuse_newer(stands)
    return bool(stands == newest())


def is_shared(connection: Connection) -> bool:
    """Whether the database holds tables of others."""
    tables = {name for name in inspect(connection).get_table_names() if not name.startswith(PREFIX)}
    if tables:
        tables -= earlier_names.tables(connection)
    connection.rollback()
    return bool(tables)


def upgrade(url: str) -> None:
    """Apply every migration that is missing.

    Raises:
        NewerSchema: the database has a schema that this version does not know.
    """
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if is_current(connection):
            return
    with engine.begin() as connection:
        # All or nothing: the driver itself begins no transaction for changes of the schema.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        if (stands := earlier_names.version(connection)) is not None:
            _refuse_newer(stands)
            earlier_names.replace(connection, stands, VERSION_TABLE)
        _alembic(connection, "upgrade")


def bring_up(connection: Connection) -> None:
    """Give the database the schema that the code is written for, within the transaction of the connection.

    A new database of another kind than SQLite is made from the tables as they are now: it has no earlier versions.

    Raises:
        NewerSchema: the database has a schema that this version does not know.
    """
    # Of several processes that start at once, one does it.
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADING})")
    if not inspect(connection).has_table(VERSION_TABLE):
        create_all(connection, METADATA)
        _alembic(connection, "stamp")
        return
    stands = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608  a constant
    _refuse_newer(stands)
    if stands != newest():
        _alembic(connection, "upgrade")


def too_new(name: str, revision: str) -> StoreError:
    """What to do about a database that a later version of the program has written."""
    return StoreError(
        f"The database {name} has schema version {revision}; trinity_channels {version('trinity-channels')} knows versions "
        f"up to {newest()}. Install the version that wrote the database, or restore the backup that was made before the "
        "upgrade."
    )


def _refuse_newer(stands: str | None) -> None:
    # An older program would read columns that it does not know, and write rows that the newer one cannot use.
    if stands is not None and stands not in known():
        raise NewerSchema(stands)


def _alembic(connection: Connection, what: Literal["stamp", "upgrade"]) -> None:
    from alembic import command  # noqa: PLC0415  0.2 s and 10 MB, which most starts need not pay
    from alembic.config import Config  # noqa: PLC0415  see above

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    getattr(command, what)(config, "head")
