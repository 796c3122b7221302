"""The audit log: who connected, granted, decided, signed a test message. Details name no number, code or secret.

People are named by their ids, and by their e-mail where access was given to it; erasing a person removes that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType, get_args

from sqlalchemy import Select, bindparam, func, insert, select

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.storable import storable_json
from trinity_channels.store.tables import AUDIT
from trinity_channels.store.tx import Tx

Action = Literal[
    "block",
    "confirm_key_backup",
    "connect",
    "create_token",
    "delete_agent",
    "disconnect",
    "email_changed",
    "email_expired",
    "email_vouched",
    "email_withdrawn",
    "erase",
    "export",
    "forget_turn",
    "import",
    "login",
    "login_failed",
    "logout",
    "proactive_consent",
    "proactive_message",
    "read_conversation",
    "reload_agents",
    "rename_agent",
    "remove_parked",
    "request_approved",
    "request_denied",
    "resend_delivery",
    "resend_failed",
    "resubmit_turn",
    "revoke_token",
    "rotate_webhook",
    "set_webhook",
    "set_disclosure",
    "set_escalation_contact",
    "set_limits",
    "set_policy",
    "set_public_chat_url",
    "set_public_model",
    "set_public_prompt",
    "set_retention",
    "share",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "test_send",
    "unblock",
    "unlink",
    "unshare",
]
ACTIONS: tuple[str, ...] = get_args(Action)
"""Everything that is recorded, in order."""


Actor = NewType("Actor", str)
"""Who acted: `Principal.actor`, `contact_actor`, or a part of the host by its name."""
_CONTACT = "contact:"


def contact_actor(contact: int) -> Actor:
    """How a contact is named, who is known to this host only."""
    return Actor(f"{_CONTACT}{contact}")


def contact_of(actor: str) -> int | None:
    """The contact that an actor is, None if it is another one."""
    number = actor.removeprefix(_CONTACT)
    return int(number) if number != actor and number.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded action."""

    id: int
    at: datetime
    actor: str
    action: str
    agent: str
    channel: str
    details: dict[str, object]


_ADD = insert(AUDIT).values(
    at=bindparam("now"),
    actor=bindparam("actor"),
    action=bindparam("action"),
    agent=bindparam("agent"),
    channel=bindparam("channel"),
    details=bindparam("details"),
)
_COUNT = select(func.count().label("number"), func.min(AUDIT.c.at).label("first")).where(
    AUDIT.c.agent == bindparam("agent"), AUDIT.c.action == bindparam("action"), AUDIT.c.at > bindparam("since")
)
_LAST = select(func.max(AUDIT.c.at)).where(
    AUDIT.c.agent == bindparam("agent"), AUDIT.c.action == bindparam("action"), AUDIT.c.channel == bindparam("channel")
)
_NEWEST = (
    select(AUDIT.c.actor, AUDIT.c.at)
    .where(AUDIT.c.agent == bindparam("agent"), AUDIT.c.action == bindparam("action"))
    .order_by(AUDIT.c.at.desc(), AUDIT.c.id.desc())
    .limit(1)
)
_NOTED = (
    select(AUDIT.c.id)
    .where(
        AUDIT.c.agent == bindparam("agent"),
        AUDIT.c.action == bindparam("action"),
        AUDIT.c.at > bindparam("since"),
        AUDIT.c.actor == bindparam("actor"),
        AUDIT.c.details == bindparam("details"),
    )
    .limit(1)
)


def add(
    tx: Tx,
    now: datetime,
    actor: Actor,
    action: Action,
    *,
    agent: str = "",
    channel: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    """Write one entry."""
    # In the transaction of the action itself: what was done is on record, and nothing that was not done.
    tx.run(
        _ADD,
        now=micros(now),
        actor=actor,
        action=action,
        agent=agent,
        channel=channel,
        details=storable_json(details or {}),
    )


def last(tx: Tx, agent: str, action: Action, channel: str) -> datetime | None:
    """When something was last done with an agent on a channel, None if it never was."""
    return tx.scalar(_LAST, moment, agent=agent, action=action, channel=channel)


def count(tx: Tx, agent: str, action: str, since: datetime) -> tuple[int, datetime | None]:
    """How often something was done for an agent since a time, and when first."""
    row = tx.one(_COUNT, agent=agent, action=action, since=micros(since))
    return (row.number, moment(row.first)) if row else (0, None)


def newest(tx: Tx, agent: str, action: Action) -> tuple[str, datetime] | None:
    """Who did something for an agent last, and when; None if no one has."""
    row = tx.one(_NEWEST, agent=agent, action=action)
    return (row.actor, moment(row.at)) if row else None


def noted(tx: Tx, agent: str, action: Action, actor: Actor, details: Mapping[str, object], since: datetime) -> bool:
    """Whether the same was recorded since a time, of the same actor and with the same details."""
    described = storable_json(details)
    return tx.one(_NOTED, agent=agent, action=action, since=micros(since), actor=actor, details=described) is not None


def listed(
    agent: str | None,
    action: str | None,
    actor: str | None,
    since: datetime | None,
    before: int | None,
) -> Select[tuple[int, int, str, str, str, str, str]]:
    """The statement for `entries`, without its number of rows."""
    statement = select(
        AUDIT.c.id, AUDIT.c.at, AUDIT.c.actor, AUDIT.c.action, AUDIT.c.agent, AUDIT.c.channel, AUDIT.c.details
    )
    for column, value in ((AUDIT.c.agent, agent), (AUDIT.c.action, action), (AUDIT.c.actor, actor)):
        if value is not None:
            statement = statement.where(column == value)
    if since is not None:
        # The time finds where to begin; without that, every older entry would be read once the newer ones are few.
        first = select(AUDIT.c.id).where(AUDIT.c.at >= micros(since)).order_by(AUDIT.c.at).limit(1).scalar_subquery()
        statement = statement.where(AUDIT.c.id >= first, AUDIT.c.at >= micros(since))
    if before is not None:
        # By id, not by page number: entries are added while someone reads.
        statement = statement.where(AUDIT.c.id < before)
    return statement.order_by(AUDIT.c.id.desc())


def entries(
    tx: Tx,
    agent: str | None,
    *,
    action: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
    most: int = 200,
) -> list[Entry]:
    """The newest entries first.

    Args:
        tx: the transaction.
        agent: whose; None means everyone's, and what concerns no agent.
        action: only this one.
        actor: only of this one.
        since: only from then on.
        before: only those older than the entry with this id, to go on from an earlier list.
        most: how many at most.
    """
    rows = tx.query(listed(agent, action, actor, since, before).limit(most))
    return [
        Entry(
            id=row.id,
            at=moment(row.at),
            actor=row.actor,
            action=row.action,
            agent=row.agent,
            channel=row.channel,
            details=json.loads(row.details),
        )
        for row in rows
    ]
