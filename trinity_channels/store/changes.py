"""What people change afterwards: they correct a message, take it back, or block our account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import and_, bindparam, func, or_, select, update

from trinity_channels.api import Following, FollowState, MessageChanged
from trinity_channels.store import messages
from trinity_channels.store.clock import micros
from trinity_channels.store.states import MessageState
from trinity_channels.store.storable import storable
from trinity_channels.store.tables import ADDRESS, CONTACT, CONVERSATION, MESSAGE
from trinity_channels.store.tx import Tx

_NOT_ANSWERED = frozenset({MessageState.WAITING, MessageState.HELD})
_CHANGEABLE = _NOT_ANSWERED | {MessageState.ANSWERING, MessageState.ANSWERED, MessageState.FAILED}
"""Commands are not among them: they have been obeyed, and their text is not what anyone is told later."""
_CONTACT = select(ADDRESS.c.contact_id).where(
    ADDRESS.c.binding_id == bindparam("binding"), ADDRESS.c.value == bindparam("address")
)
_CONVERSATION = select(CONVERSATION.c.id).where(
    CONVERSATION.c.binding_id == bindparam("binding"), CONVERSATION.c.key == bindparam("key")
)
# The newest thousand: older ones are rarely changed, and there is no index by the provider's id.
_NEWEST = (
    select(
        MESSAGE.c.id, MESSAGE.c.provider_id, MESSAGE.c.contact_id, MESSAGE.c.state, MESSAGE.c.text, MESSAGE.c.cleared_at
    )
    .where(MESSAGE.c.conversation_id == bindparam("conversation"))
    .order_by(MESSAGE.c.id.desc())
    .limit(1000)
    .subquery()
)
_CHANGED = (
    select(_NEWEST.c.id, _NEWEST.c.state, _NEWEST.c.text)
    .where(
        _NEWEST.c.provider_id == bindparam("provider_id"),
        # In a group, someone else's message is not theirs to change.
        _NEWEST.c.contact_id == bindparam("contact"),
        _NEWEST.c.cleared_at.is_(None),
    )
    .limit(1)
)
_CORRECT = (
    update(MESSAGE)
    .where(MESSAGE.c.id == bindparam("message"), MESSAGE.c.text != bindparam("text"))
    .values(text=bindparam("text"), edited_at=bindparam("now"))
)
_CLEAR = (
    update(MESSAGE).where(MESSAGE.c.id == bindparam("message")).values(text="", parts=None, cleared_at=bindparam("now"))
)
_UNSENT = update(MESSAGE).where(MESSAGE.c.id == bindparam("message")).values(unsent_at=bindparam("now"))
_LAST_WROTE = (
    select(func.max(CONVERSATION.c.last_inbound_at))
    .where(CONVERSATION.c.contact_id == CONTACT.c.id, CONVERSATION.c.is_group.is_(False))
    .scalar_subquery()
)
# Events of different kinds come in any order: who has written since can be reached.
_UNREACHABLE = (
    update(CONTACT)
    .where(
        CONTACT.c.id == bindparam("contact"),
        or_(_LAST_WROTE.is_(None), bindparam("at") >= _LAST_WROTE),
    )
    .values(unreachable_at=bindparam("at"))
)
_REACHABLE = (
    update(CONTACT)
    .where(and_(CONTACT.c.id == bindparam("contact"), CONTACT.c.unreachable_at <= bindparam("at")))
    .values(unreachable_at=None)
)


def change(tx: Tx, binding: int, event: MessageChanged, corrected: Callable[[str, str], str], now: datetime) -> bool:
    """Correct a stored message, or remove what it says; False if there is nothing to change.

    `corrected` makes the text that is stored of the present one and the new one.
    """
    contact = tx.scalar(_CONTACT, int, binding=binding, address=event.sender.address)
    if contact is None:
        return False
    key = f"at:{event.conversation}" if event.conversation else f"contact:{contact}"
    conversation = tx.scalar(_CONVERSATION, int, binding=binding, key=key)
    if conversation is None:
        return False
    found = tx.one(_CHANGED, conversation=conversation, provider_id=event.provider_id, contact=contact)
    if found is None or found.state not in _CHANGEABLE:
        return False
    if event.text is not None:
        text = storable(corrected(found.text, event.text))
        return tx.run(_CORRECT, message=found.id, text=text, now=micros(now)) > 0
    if found.state in _NOT_ANSWERED:
        messages.drop(tx, [found.id], now)
    else:
        tx.run(_CLEAR, message=found.id, now=micros(now))
    tx.run(_UNSENT, message=found.id, now=micros(now))
    return True


def follow(tx: Tx, binding: int, event: Following, now: datetime) -> bool:
    """Remember whether a person can be written to; False if that is known, or the person is not."""
    contact = tx.scalar(_CONTACT, int, binding=binding, address=event.sender.address)
    if contact is None:
        return False
    # A provider's clock may be ahead.
    at = micros(min(event.at, now) if event.at else now)
    return tx.run(_UNREACHABLE if event.state is FollowState.BLOCKED else _REACHABLE, contact=contact, at=at) > 0
