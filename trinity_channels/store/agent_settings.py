"""Settings of one agent that its owner changes while the host runs."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select

from trinity_channels.store.statements import insert
from trinity_channels.store.tables import AGENT_SETTING
from trinity_channels.store.tx import Tx

_THIS = (AGENT_SETTING.c.agent == bindparam("agent"), AGENT_SETTING.c.name == bindparam("name"))
_GET = select(AGENT_SETTING.c.value).where(*_THIS)
_EVERY = select(AGENT_SETTING.c.name, AGENT_SETTING.c.value).where(AGENT_SETTING.c.agent == bindparam("agent"))
_PUT = insert(AGENT_SETTING).values(agent=bindparam("agent"), name=bindparam("name"), value=bindparam("value"))
_PUT = _PUT.on_conflict_do_update(index_elements=["agent", "name"], set_={"value": _PUT.excluded.value})
_DELETE = delete(AGENT_SETTING).where(*_THIS)


def get(tx: Tx, agent: str, name: str) -> str | None:
    """A setting's value, None if it is not stored."""
    return tx.scalar(_GET, str, agent=agent, name=name)


def every(tx: Tx, agent: str) -> dict[str, str]:
    """All stored settings of an agent by name; they are few."""
    return {row.name: row.value for row in tx.all(_EVERY, agent=agent)}


def put(tx: Tx, agent: str, name: str, value: str | None) -> None:
    """Store a setting; None removes it."""
    if value is None:
        tx.run(_DELETE, agent=agent, name=name)
    else:
        tx.run(_PUT, agent=agent, name=name, value=value)
