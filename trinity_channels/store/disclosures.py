"""Disclosures: when a conversation was last told that an AI agent answers, and when its newest message was written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, exists, select, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.states import MessageState
from trinity_channels.store.tables import CONVERSATION, DELIVERY, MESSAGE
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Tx

_SAID = (
    update(CONVERSATION)
    .where(CONVERSATION.c.id == bindparam("conversation"))
    .values(disclosed_at=bindparam("now"), disclosed_by=bindparam("message"))
)
_THIS = select(DELIVERY.c.message_id, DELIVERY.c.conversation_id).where(DELIVERY.c.id == bindparam("delivery"))
_EARLIER_PART = DELIVERY.alias("earlier_part")
# Only by the first part: with the others it had arrived.
_UNSAID = (
    update(CONVERSATION)
    .where(
        CONVERSATION.c.id == _THIS.with_only_columns(DELIVERY.c.conversation_id).scalar_subquery(),
        # Not if a later message has disclosed it since.
        CONVERSATION.c.disclosed_by == _THIS.with_only_columns(DELIVERY.c.message_id).scalar_subquery(),
        ~exists().where(
            _EARLIER_PART.c.message_id == CONVERSATION.c.disclosed_by, _EARLIER_PART.c.id < bindparam("delivery")
        ),
    )
    .values(disclosed_at=None, disclosed_by=None)
)
_LAST_SPOKEN = (
    select(MESSAGE.c.at)
    .where(MESSAGE.c.conversation_id == bindparam("conversation"), in_states(MESSAGE.c.state, MessageState.ANSWERED))
    .order_by(MESSAGE.c.id.desc())
    .limit(1)
)


def disclosed(tx: Tx, conversation: int, message: int, now: datetime) -> None:
    """A queued message of ours begins with the disclosure."""
    tx.run(_SAID, conversation=conversation, message=message, now=micros(now))


def undone(tx: Tx, delivery: int) -> None:
    """A delivery did not arrive, or may not have: if it was the one with the disclosure, that is due again."""
    tx.run(_UNSAID, delivery=delivery)


def last_spoken(tx: Tx, conversation: int) -> datetime | None:
    """When the newest message was written that an agent has seen or sent; None if there is none."""
    return tx.scalar(_LAST_SPOKEN, moment, conversation=conversation)
