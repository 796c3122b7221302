"""The tables of Procrastinate, which dispatches on PostgreSQL, in a schema of their own within the same database.

Of their own, because an application around the host may use Procrastinate, too: in another version, with workers that take
the jobs of all queues. Its functions find their tables whatever the search path of a connection is.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection

from trinity_channels.store.failures import StoreError

SCHEMA = "trinity_channels_jobs"
_STANDS = f"SELECT migration FROM {SCHEMA}.applied ORDER BY migration DESC LIMIT 1"  # noqa: S608  a constant
_BOUND = f"""DO $$ DECLARE one regprocedure; BEGIN
FOR one IN SELECT oid FROM pg_proc WHERE pronamespace = '{SCHEMA}'::regnamespace LOOP
EXECUTE format('ALTER FUNCTION %s SET search_path = {SCHEMA}', one);
END LOOP; END $$"""  # noqa: S608  constants


def bring_up(connection: Connection) -> None:
    """Make or upgrade the tables within the transaction of the connection, which has the lock for that.

    Raises:
        StoreError: a later version of Procrastinate has upgraded them, Procrastinate is not installed, or the schema may
            not be made.
        DBAPIError: the database cannot be used.
    """
    stands, known = _stands(connection), _known()
    if stands == known[-1]:
        return
    if stands is None:
        _create(connection)
        scripts = [_folder() / "schema.sql"]
    else:
        scripts = [_folder() / "migrations" / name for name in known[known.index(stands) + 1 :]]
    _apply(connection, scripts, known[-1])


def are_current(connection: Connection) -> bool:
    """Whether the tables are those that the installed version works with; errors as `bring_up`."""
    return _stands(connection) == _known()[-1]


def _stands(connection: Connection) -> str | None:
    """The version of the tables; None if there are none."""
    if not connection.exec_driver_sql(f"SELECT to_regclass('{SCHEMA}.applied')").scalar():
        return None
    stands, known = connection.exec_driver_sql(_STANDS).scalar(), _known()
    if stands is not None and stands not in known:
        raise StoreError(
            f"The job queue in the database has version {stands} of the tables of Procrastinate; the installed one knows "
            f"versions up to {known[-1]}. Install the version of Procrastinate that the other processes have."
        )
    return None if stands is None else str(stands)


def _known() -> list[str]:
    return sorted(path.name for path in (_folder() / "migrations").glob("*.sql"))


def _folder() -> Path:
    # Found without importing the package, which takes 0.2 s: most starts find the tables as they should be.
    found = find_spec("procrastinate")
    if found is None or not found.origin:
        raise StoreError("PostgreSQL needs Procrastinate; install trinity-channels[postgres].")
    return Path(found.origin).parent / "sql"


def _create(connection: Connection) -> None:
    # Asked first: to make it needs a right even where it is there.
    if connection.exec_driver_sql(f"SELECT to_regnamespace('{SCHEMA}')").scalar() is None:
        may, user = connection.exec_driver_sql(
            "SELECT has_database_privilege(current_database(), 'CREATE'), current_user"
        ).one()
        if not may:
            raise StoreError(
                f"The user {user} may not make the schema {SCHEMA} in the database. Let an administrator run "
                f'CREATE SCHEMA {SCHEMA} AUTHORIZATION "{user}", or GRANT CREATE ON DATABASE to this user.'
            )
        connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
    connection.exec_driver_sql(f"CREATE TABLE {SCHEMA}.applied (migration text PRIMARY KEY)")


def _apply(connection: Connection, scripts: list[Path], newest: str) -> None:
    # By the driver: a script is several statements, in which % is no parameter.
    driver = cast("Any", connection.connection.dbapi_connection)
    (before,) = driver.execute("SELECT current_setting('search_path')").fetchone()
    driver.execute(f"SET LOCAL search_path = {SCHEMA}")
    for script in scripts:
        driver.execute(script.read_bytes())
    driver.execute(_BOUND)
    driver.execute("INSERT INTO applied VALUES (%s)", [newest])
    driver.execute("SELECT set_config('search_path', %s, true)", [before])
