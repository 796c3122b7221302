"""Settings that are changed while the host runs."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from trinity_channels.store.statements import insert
from trinity_channels.store.tables import SETTING
from trinity_channels.store.tx import Tx

_GET = select(SETTING.c.value).where(SETTING.c.name == bindparam("name"))
_PUT = insert(SETTING).values(name=bindparam("name"), value=bindparam("value"))
_PUT = _PUT.on_conflict_do_update(index_elements=["name"], set_={"value": _PUT.excluded.value})


def get(tx: Tx, name: str) -> str | None:
    """A setting's value, None if it was never stored."""
    return tx.scalar(_GET, str, name=name)


def put(tx: Tx, name: str, value: str) -> None:
    """Store a setting."""
    tx.run(_PUT, name=name, value=value)
