"""Everything that is stored about one person, as plain values for a file that they may be given.

Left out is what would let someone pose as them or as the agent: digests of codes, and keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, and_, bindparam, cast, or_, select

from trinity_channels.store.clock import moment
from trinity_channels.store.statements import among, json_field
from trinity_channels.store.tables import (
    ACCESS_REQUEST,
    ADDRESS,
    AUDIT,
    BINDING,
    CONTACT,
    CONVERSATION,
    DELIVERY,
    KNOWN_MAILBOX,
    LOGIN_CODE,
    MESSAGE,
    PROACTIVE,
)
from trinity_channels.store.tx import Row, Tx

_PERSON = (
    select(
        CONTACT.c.id,
        BINDING.c.channel,
        CONTACT.c.name,
        CONTACT.c.email.label("verified_email"),
        CONTACT.c.email_source.label("verified_email_source"),
        CONTACT.c.verified_at,
        CONTACT.c.email_used_at,
        CONTACT.c.signed_out_at,
        CONTACT.c.blocked_at,
        CONTACT.c.stopped_at,
        CONTACT.c.unreachable_at,
        CONTACT.c.created_at,
    )
    .join(BINDING, BINDING.c.id == CONTACT.c.binding_id)
    .where(CONTACT.c.id == bindparam("contact"))
)
_ADDRESSES = select(ADDRESS.c.value.label("address"), ADDRESS.c.stable).where(
    ADDRESS.c.contact_id == bindparam("contact")
)
_CONVERSATIONS = select(
    CONVERSATION.c.id,
    CONVERSATION.c.address,
    CONVERSATION.c.last_inbound_at,
    CONVERSATION.c.disclosed_at,
    CONVERSATION.c.created_at,
).where(CONVERSATION.c.contact_id == bindparam("contact"))
_THEIRS = select(CONVERSATION.c.id).where(CONVERSATION.c.contact_id == bindparam("contact"))
_REQUESTS = select(
    ACCESS_REQUEST.c.id,
    ACCESS_REQUEST.c.email,
    ACCESS_REQUEST.c.status,
    ACCESS_REQUEST.c.requested_at,
    ACCESS_REQUEST.c.decided_at,
    ACCESS_REQUEST.c.decided_by,
).where(ACCESS_REQUEST.c.conversation_id.in_(_THEIRS))
_CODES = select(
    LOGIN_CODE.c.email,
    LOGIN_CODE.c.guesses,
    LOGIN_CODE.c.created_at,
    LOGIN_CODE.c.expires_at,
    LOGIN_CODE.c.mailed_at,
    LOGIN_CODE.c.locked_at,
).where(LOGIN_CODE.c.contact_id == bindparam("contact"))
_MAILBOXES = select(KNOWN_MAILBOX.c.mailbox).where(KNOWN_MAILBOX.c.contact_id == bindparam("contact"))
_WRITTEN_FIRST = (
    select(
        PROACTIVE.c.id,
        PROACTIVE.c.email,
        PROACTIVE.c.message_id,
        PROACTIVE.c.created_by,
        PROACTIVE.c.created_at,
    )
    .join(MESSAGE, MESSAGE.c.id == PROACTIVE.c.message_id)
    .where(MESSAGE.c.conversation_id.in_(_THEIRS))
)
_RECORDED = (
    select(AUDIT.c.at, AUDIT.c.actor, AUDIT.c.action, AUDIT.c.channel, AUDIT.c.details)
    .where(
        AUDIT.c.agent == bindparam("agent"),
        or_(
            AUDIT.c.actor == bindparam("actor"),
            json_field(AUDIT.c.details, "client") == cast(bindparam("contact", type_=Integer), String),
            json_field(AUDIT.c.details, "email")
            == select(CONTACT.c.email).where(CONTACT.c.id == bindparam("contact")).scalar_subquery(),
        ),
    )
    .order_by(AUDIT.c.id)
)
_MESSAGES = (
    select(
        MESSAGE.c.id,
        MESSAGE.c.conversation_id,
        MESSAGE.c.origin,
        MESSAGE.c.state,
        MESSAGE.c.text,
        MESSAGE.c.parts,
        MESSAGE.c.at.label("written_at"),
        MESSAGE.c.received_at,
        MESSAGE.c.edited_at,
        MESSAGE.c.unsent_at,
        MESSAGE.c.cleared_at.label("removed_at"),
    )
    .where(
        or_(
            # Both sides of what is theirs, and what they wrote in groups.
            MESSAGE.c.conversation_id.in_(_THEIRS),
            and_(MESSAGE.c.contact_id == bindparam("contact"), MESSAGE.c.conversation_id.not_in(_THEIRS)),
        ),
        MESSAGE.c.id > bindparam("after"),
    )
    .order_by(MESSAGE.c.id)
    .limit(bindparam("most"))
)
_DELIVERIES = (
    select(
        DELIVERY.c.message_id,
        DELIVERY.c.state,
        DELIVERY.c.provider_id,
        DELIVERY.c.address,
        DELIVERY.c.attempts,
        DELIVERY.c.failure_code,
        DELIVERY.c.failure,
        DELIVERY.c.created_at,
        DELIVERY.c.updated_at,
    )
    .where(among(DELIVERY.c.message_id, bindparam("messages")))
    .order_by(DELIVERY.c.id)
)

Record = dict[str, Any]


def person(tx: Tx, agent: str, contact: int, actor: str) -> Record:
    """Everything but the messages. `actor` is how the audit log names them."""
    found = tx.one(_PERSON, contact=contact)
    return {
        "person": _record(found) if found else {},
        "addresses": _records(tx.all(_ADDRESSES, contact=contact)),
        "conversations": _records(tx.all(_CONVERSATIONS, contact=contact)),
        "access_requests": _records(tx.all(_REQUESTS, contact=contact)),
        "codes_mailed": _records(tx.all(_CODES, contact=contact)),
        "verified_mailboxes": tx.scalars(_MAILBOXES, str, contact=contact),
        "written_first": _records(tx.all(_WRITTEN_FIRST, contact=contact)),
        "audit": _records(tx.all(_RECORDED, contact=contact, agent=agent, actor=actor)),
    }


def messages(tx: Tx, contact: int, *, after: int, most: int) -> list[Record]:
    """Messages with ids above `after`, oldest first, each with what became of it on its way."""
    found = _records(tx.all(_MESSAGES, contact=contact, after=after, most=most))
    by_id = {one["id"]: one for one in found}
    for one in found:
        one["deliveries"] = []
    for sent in _records(tx.all(_DELIVERIES, messages=json.dumps(list(by_id)))):
        by_id[sent.pop("message_id")]["deliveries"].append(sent)
    return found


def _records(rows: Iterable[Row]) -> list[Record]:
    return [_record(row) for row in rows]


def _record(row: Any) -> Record:
    return {name: _value(name, value) for name, value in row._asdict().items()}


def _value(name: str, value: Any) -> Any:
    if name in ("parts", "details"):
        return json.loads(value) if value else None
    if name == "stable":
        return bool(value)
    if (name == "at" or name.endswith("_at")) and value is not None:
        return _time(moment(value))
    return value


def _time(at: datetime) -> str:
    return at.isoformat()
