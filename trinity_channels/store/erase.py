"""Erase a person: what they wrote, what was written to them, their addresses and e-mail. What was counted stays counted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ColumnClause,
    String,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from trinity_channels.store import trials, unwanted_runs
from trinity_channels.store.clock import micros
from trinity_channels.store.statements import json_field, without_json_field
from trinity_channels.store.states import MESSAGES, OPEN_DELIVERIES, MessageState, OutboxState, TurnState
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
    TURN,
)
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.transitions import transition
from trinity_channels.store.tx import Tx

# Test messages to one of their addresses belong to no contact.
_TESTS = and_(
    CONVERSATION.c.binding_id
    == select(CONTACT.c.binding_id).where(CONTACT.c.id == bindparam("contact")).scalar_subquery(),
    CONVERSATION.c.key.in_(
        select(literal_column(f"'{trials.PREFIX}'") + ADDRESS.c.value).where(
            ADDRESS.c.contact_id == bindparam("contact")
        )
    ),
)
_THEIRS = select(CONVERSATION.c.id).where(or_(CONVERSATION.c.contact_id == bindparam("contact"), _TESTS))
_THEIR_TURNS = select(MESSAGE.c.turn_id).where(
    or_(MESSAGE.c.contact_id == bindparam("contact"), MESSAGE.c.conversation_id.in_(_THEIRS))
)
_ASKS_MORE = exists().where(MESSAGE.c.turn_id == TURN.c.id, ~in_states(MESSAGE.c.state, MessageState.ERASED))
_ASKED_BY_OTHERS = exists().where(
    MESSAGE.c.turn_id == TURN.c.id,
    MESSAGE.c.contact_id.is_not(None),
    MESSAGE.c.contact_id != bindparam("contact"),
    ~in_states(MESSAGE.c.state, MessageState.ERASED),
)
_UNANSWERED = select(TURN.c.id).where(
    TURN.c.id.in_(_THEIR_TURNS),
    TURN.c.run.is_not(None),
    in_states(TURN.c.state, TurnState.OPEN, TurnState.FAILED),
    ~_ASKED_BY_OTHERS,
)
_AGENT = (
    select(BINDING.c.agent)
    .join(CONTACT, CONTACT.c.binding_id == BINDING.c.id)
    .where(CONTACT.c.id == bindparam("contact"))
    .scalar_subquery()
)
_THEIR_EMAIL = select(CONTACT.c.email).where(CONTACT.c.id == bindparam("contact")).scalar_subquery()
_EMAIL: ColumnClause[str] = literal_column("'$.email'")
_PERSONAL = (
    "email",
    "email_source",
    "verified_at",
    "email_used_at",
    "email_checked_at",
    "signed_out_at",
    "unreachable_at",
)
WITHOUT_PERSON: dict[str, str | None] = {"name": "", **dict.fromkeys(_PERSONAL)}
"""What the row of an erased contact holds; whether it is blocked is decided elsewhere."""
_STATEMENTS = (
    # an agent's error may quote what they wrote
    update(TURN).where(TURN.c.id.in_(_THEIR_TURNS), TURN.c.reason.is_not(None)).values(reason="the person was erased"),
    transition(OPEN_DELIVERIES, OutboxState.FAILED)
    .where(DELIVERY.c.conversation_id.in_(_THEIRS))
    .values(failure_code="erased", failure="The person was erased.", updated_at=bindparam("now")),
    # Emptied, not deleted: counts and receipts still find their rows.
    update(DELIVERY).where(DELIVERY.c.conversation_id.in_(_THEIRS)).values(text="", address=""),
    transition(MESSAGES.origins(MessageState.ERASED), MessageState.ERASED)
    .where(or_(MESSAGE.c.contact_id == bindparam("contact"), MESSAGE.c.conversation_id.in_(_THEIRS)))
    .values(text="", parts=None, cleared_at=bindparam("now")),
    # Others may have asked in the same turn of a group; they are still answered.
    transition({TurnState.OPEN}, TurnState.FAILED)
    .where(TURN.c.id.in_(_THEIR_TURNS), ~_ASKS_MORE)
    .values(reason="the person was erased", updated_at=bindparam("now")),
    update(PROACTIVE)
    .where(PROACTIVE.c.message_id.in_(select(MESSAGE.c.id).where(MESSAGE.c.conversation_id.in_(_THEIRS))))
    .values(email="", fingerprint=""),
    delete(ACCESS_REQUEST).where(ACCESS_REQUEST.c.conversation_id.in_(_THEIRS)),
    delete(LOGIN_CODE).where(LOGIN_CODE.c.contact_id == bindparam("contact")),
    delete(KNOWN_MAILBOX).where(KNOWN_MAILBOX.c.contact_id == bindparam("contact")),
    # the key is given up, so that the person may come back as a new person
    update(CONVERSATION)
    .where(CONVERSATION.c.id.in_(_THEIRS))
    .values(address="", key=literal("erased:") + cast(CONVERSATION.c.id, String), needs_turn=False),
    delete(ADDRESS).where(ADDRESS.c.contact_id == bindparam("contact")),
    # Before the e-mail is gone.
    update(AUDIT)
    .where(
        AUDIT.c.agent == _AGENT,
        AUDIT.c.action.in_([literal_column(f"'{action}'") for action in ("share", "unshare", "proactive_consent")]),
        json_field(AUDIT.c.details, "email") == _THEIR_EMAIL,
    )
    .values(details=without_json_field(AUDIT.c.details, "email")),
    update(CONTACT).where(CONTACT.c.id == bindparam("contact")).values(WITHOUT_PERSON),
)


def person(tx: Tx, contact: int, now: datetime) -> None:
    """Erase one contact for good."""
    # Before their turns end.
    for turn in tx.scalars(_UNANSWERED, int, contact=contact):
        unwanted_runs.note(tx, turn, now)
    for statement in _STATEMENTS:
        tx.run(statement, contact=contact, now=micros(now))
