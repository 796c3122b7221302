"""Marks of a database that is being moved to another place, or was: no command and no version of the program opens it.

Where its version stands is a word that is no version, and notes in a table of its own say the rest.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, Connection, MetaData, String, Table, Text, delete, insert, select

from trinity_channels.store.tables.row import PREFIX

PARTLY = "moving"
"""In place of a version: a move to this database has not ended."""
MOVED = "moved"
"""In place of a version: everything was moved from here to another database."""
NOTES = Table(
    f"{PREFIX}move",
    MetaData(),
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)


def note(connection: Connection, **values: str) -> None:
    """Write down something about a move, in place of what was written under that name."""
    for name, value in values.items():
        connection.execute(delete(NOTES).where(NOTES.c.name == name))
        connection.execute(insert(NOTES).values(name=name, value=value))


def forget(connection: Connection, names: Iterable[str]) -> None:
    """Strike out what was written under these names."""
    connection.execute(delete(NOTES).where(NOTES.c.name.in_(names)))


def notes(connection: Connection) -> dict[str, str]:
    """Everything that is written down."""
    return {row.name: row.value for row in connection.execute(select(NOTES))}


def why_not(connection: Connection, mark: str) -> str:
    """Why a database with a mark cannot be used, after its name."""
    noted = notes(connection)
    if mark == PARTLY:
        return (
            f"holds a part of {noted['from']}: a move to it has not ended. Run the same `trinity-channels db move` again; "
            f"to give it up, remove the tables {PREFIX}* of this database."
        )
    return (
        f"was moved to {noted['to']} at {noted['at']}. Start the host with that one: two hosts would answer the same "
        "people. To give that one up instead, run `trinity-channels db reopen`."
    )
