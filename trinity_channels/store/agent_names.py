"""What is stored under the name of an agent: moved to another name, or given up with it.

A binding that is given up keeps its row under a name that no agent can have, until its people and messages are erased.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CompoundSelect,
    String,
    bindparam,
    cast,
    delete,
    literal,
    literal_column,
    select,
    union_all,
    update,
)

from trinity_channels.store import unwanted_runs
from trinity_channels.store.clock import micros
from trinity_channels.store.given_up import GIVEN_UP
from trinity_channels.store.news import Subject
from trinity_channels.store.tables import (
    ACCESS_REQUEST,
    AGENT_SETTING,
    AUDIT,
    BINDING,
    PAGE_SESSION,
    POLICY,
    PROACTIVE,
    RETIRED_KEY,
    SHARE,
    TOKEN,
    UNWANTED_RUN,
)
from trinity_channels.store.tx import Tx

_NAMED = {
    "channels": BINDING,
    "shares": SHARE,
    "access requests": ACCESS_REQUEST,
    "access policy": POLICY,
    "settings": AGENT_SETTING,
    "proactive messages": PROACTIVE,
}
"""The tables with a column `agent`, by what people call their rows. The audit log is another one, and stays with a name."""
_TOKENS = (TOKEN.c.role == literal_column("'agent'"), TOKEN.c.subject == bindparam("agent"))
_SESSIONS = (PAGE_SESSION.c.role == literal_column("'agent'"), PAGE_SESSION.c.subject == bindparam("agent"))
_STORED: CompoundSelect[tuple[str]] = union_all(
    *(
        select(literal_column(f"'{what}'").label("what")).where(
            select(literal_column("1")).where(table.c.agent == bindparam("agent")).exists()
        )
        for what, table in _NAMED.items()
    ),
    select(literal_column("'tokens'").label("what")).where(select(literal_column("1")).where(*_TOKENS).exists()),
)
_BINDINGS = select(BINDING.c.id).where(BINDING.c.agent == bindparam("agent"))
_RENAME = (
    *(
        update(table).where(table.c.agent == bindparam("agent")).values(agent=bindparam("name"))
        for table in (*_NAMED.values(), AUDIT, UNWANTED_RUN)
    ),
    update(PAGE_SESSION).where(*_SESSIONS).values(subject=bindparam("name")),
)
_RENAME_TOKENS = update(TOKEN).where(*_TOKENS).values(subject=bindparam("name"))
_DELETE = (
    delete(RETIRED_KEY).where(RETIRED_KEY.c.binding_id.in_(_BINDINGS)),
    *(
        delete(table).where(table.c.agent == bindparam("agent"))
        for table in (SHARE, ACCESS_REQUEST, POLICY, AGENT_SETTING, PROACTIVE)
    ),
    delete(PAGE_SESSION).where(*_SESSIONS),
)
_DELETE_TOKENS = delete(TOKEN).where(*_TOKENS)
_GIVE_UP = (
    update(BINDING)
    .where(BINDING.c.agent == bindparam("agent"))
    .values(
        agent=literal(GIVEN_UP) + cast(BINDING.c.id, String),
        account_key="",
        sender="",
        display_name="",
        facts="{}",
        settings="{}",
        secrets="{}",
        webhook_key="",
        disconnected_at=bindparam("now"),
        updated_at=bindparam("now"),
        signature_cause=None,
        refused_since=None,
        send_failure=None,
    )
)


def stored(tx: Tx, agent: str) -> list[str]:
    """What there is under a name, in words; the audit log does not count."""
    return [row.what for row in tx.all(_STORED, agent=agent)]


def rename(tx: Tx, agent: str, name: str) -> None:
    """Move everything to another name, under which nothing is stored; the caller seals again what is sealed for a name."""
    for statement in (*_RENAME, _RENAME_TOKENS):
        tx.run(statement, agent=agent, name=name)
    _tell(tx)


def delete_all(tx: Tx, agent: str, now: datetime) -> None:
    """Remove everything; bindings are disconnected, and keep empty rows for what is still to be erased."""
    unwanted_runs.note_agent(tx, agent, now)
    for statement in (*_DELETE, _DELETE_TOKENS):
        tx.run(statement, agent=agent)
    tx.run(_GIVE_UP, agent=agent, now=micros(now))
    _tell(tx)


def _tell(tx: Tx) -> None:
    tx.tell(Subject.AGENTS)
    # Open ones hold the former name.
    tx.tell(Subject.BINDINGS)
