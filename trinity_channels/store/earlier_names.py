"""Gives tables and indexes that earlier versions have made the names of today, which begin with a prefix.

Only what is certainly ours: a database may hold other tables, and another program's `alembic_version`. Where that was ours,
it stays, with a version that no program of the earlier names knows: such a program refuses to start, instead of making the
earlier tables again, empty.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, inspect

from trinity_channels.store.tables.row import PREFIX

_VERSION_TABLE = "alembic_version"
RENAMED = "renamed"
"""What stands in the earlier table of versions once everything has the names of today."""
_TABLES = {
    "0001": (
        *(
            "access_request",
            "address",
            "audit",
            "binding",
            "contact",
            "conversation",
            "delivery",
            "login_code",
            "message",
        ),
        *("policy", "proactive", "setting", "share", "token", "turn"),
    ),
    "0002": ("agent_setting", "binding_notice", "retired_key"),
    "0003": (
        "channel_alert",
        "erased_block",
        "inbound_hour",
        "known_mailbox",
        "sweep",
        "sweep_left",
        "unknown_webhook",
    ),
    "0005": ("page_session", "sign_in_link"),
}
"""The tables that each version has added; later ones have the prefix from the beginning."""
BINDINGS = "binding"
"""The table of connected accounts."""
_MARKS = {
    BINDINGS: {"account_key", "webhook_key", "webhook_digest"},
    "conversation": {"binding_id", "is_group", "last_inbound_at"},
    "delivery": {"conversation_id", "message_id", "attempts"},
    "turn": {"conversation_id", "attempts", "retries"},
}
"""Columns by which our tables are told from others of the same names."""


def version(connection: Connection) -> str | None:
    """The version of the schema that a database has under the earlier names; None if it has none of ours."""
    found = inspect(connection)
    if not {_VERSION_TABLE, *_MARKS} <= set(found.get_table_names()):
        return None
    for table, marks in _MARKS.items():
        if not marks <= {str(column["name"]) for column in found.get_columns(table)}:
            return None
    return _stands(connection)


def tables(connection: Connection) -> set[str]:
    """Our tables that a database has under the earlier names, the table of versions among them."""
    if stands := version(connection):
        return {_VERSION_TABLE, *_of_ours(stands)}
    found = inspect(connection).has_table(_VERSION_TABLE)
    return {_VERSION_TABLE} if found and _stands(connection) == RENAMED else set()


def replace(connection: Connection, stands: str, version_table: str) -> None:
    """Rename everything of ours, in the caller's transaction; `stands` is the version that was found."""
    names = _of_ours(stands)
    for name in names:
        connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO {PREFIX}{name}")
    for name in names:
        _rename_indexes(connection, f"{PREFIX}{name}")
    connection.exec_driver_sql(f"ALTER TABLE {_VERSION_TABLE} RENAME TO {version_table}")
    connection.exec_driver_sql(f"CREATE TABLE {_VERSION_TABLE} (version_num VARCHAR(32) NOT NULL)")
    connection.exec_driver_sql(f"INSERT INTO {_VERSION_TABLE} VALUES (?)", (RENAMED,))  # noqa: S608  a constant


def _stands(connection: Connection) -> str | None:
    found = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION_TABLE}").scalar()  # noqa: S608  a constant
    return None if found is None else str(found)


def _of_ours(stands: str) -> list[str]:
    return [name for since, names in _TABLES.items() if since <= stands for name in names]


def _rename_indexes(connection: Connection, table: str) -> None:
    # SQLite cannot rename an index. Those without a statement belong to the table itself, and follow it.
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (table,)
    )
    for name, statement in rows.fetchall():
        new = f"ix_{PREFIX}{name.removeprefix('ix_')}" if name.startswith("ix_") else f"{PREFIX}{name}"
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
        connection.exec_driver_sql(re.sub(rf'\b"?{re.escape(name)}"?\b', new, statement, count=1))
