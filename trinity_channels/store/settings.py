"""Settings that are changed while the host runs."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select

from trinity_channels.store.statements import insert
from trinity_channels.store.tables import SETTING
from trinity_channels.store.tx import Tx

_GET = select(SETTING.c.value).where(SETTING.c.name == bindparam("name"))
_PUT = insert(SETTING).values(name=bindparam("name"), value=bindparam("value"))
_PUT = _PUT.on_conflict_do_update(index_elements=["name"], set_={"value": _PUT.excluded.value})

_REMOVE = delete(SETTING).where(SETTING.c.name == bindparam("name"))
# A range, so that the primary key finds them.
_BEGINNING = select(SETTING.c.name, SETTING.c.value).where(
    SETTING.c.name >= bindparam("first"), SETTING.c.name < bindparam("end")
)


def get(tx: Tx, name: str) -> str | None:
    """A setting's value, None if it was never stored."""
    return tx.scalar(_GET, str, name=name)


def put(tx: Tx, name: str, value: str) -> None:
    """Store a setting."""
    tx.run(_PUT, name=name, value=value)


def remove(tx: Tx, name: str) -> None:
    """Forget a setting; without effect where there is none."""
    tx.run(_REMOVE, name=name)


def beginning_with(tx: Tx, prefix: str) -> dict[str, str]:
    """The settings whose names begin with a prefix, which ends with an ASCII character."""
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return {row.name: row.value for row in tx.all(_BEGINNING, first=prefix, end=end)}
