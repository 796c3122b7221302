"""Disclosures: when a conversation was last told that it is one with an AI agent, and when somebody last spoke in it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, literal_column, select, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.database import Tx
from trinity_channels.store.tables import CONVERSATION, DELIVERY, MESSAGE

_SAID = (
    update(CONVERSATION)
    .where(CONVERSATION.c.id == bindparam("conversation"))
    .values(disclosed_at=bindparam("now"), disclosed_by=bindparam("message"))
)
# Only if the first part failed: with the others it had arrived.
_UNSAID = (
    update(CONVERSATION)
    .where(
        CONVERSATION.c.disclosed_by == bindparam("message"),
        CONVERSATION.c.id
        == select(MESSAGE.c.conversation_id).where(MESSAGE.c.id == bindparam("message")).scalar_subquery(),
        select(DELIVERY.c.id)
        .where(DELIVERY.c.message_id == bindparam("message"))
        .order_by(DELIVERY.c.id)
        .limit(1)
        .scalar_subquery()
        == bindparam("delivery"),
    )
    .values(disclosed_at=None, disclosed_by=None)
)
_LAST_SPOKEN = (
    select(MESSAGE.c.at)
    .where(MESSAGE.c.conversation_id == bindparam("conversation"), MESSAGE.c.state == literal_column("'answered'"))
    .order_by(MESSAGE.c.id.desc())
    .limit(1)
)


def said(tx: Tx, conversation: int, message: int, now: datetime) -> None:
    """A queued message of ours begins with the disclosure."""
    tx.run(_SAID, conversation=conversation, message=message, now=micros(now))


def unsaid(tx: Tx, message: int, delivery: int) -> None:
    """A part of one of our messages did not arrive: if it was the one with the disclosure, that is due again."""
    tx.run(_UNSAID, message=message, delivery=delivery)


def last_spoken(tx: Tx, conversation: int) -> datetime | None:
    """When the newest message was written that an agent has seen or sent; None if there is none."""
    row = tx.one(_LAST_SPOKEN, conversation=conversation)
    return moment(row[0]) if row else None
