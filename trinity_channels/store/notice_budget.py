"""What the host itself has said in the last while: what its budgets are counted by, so that they hold across restarts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, literal_column, select

from trinity_channels.store.clock import micros
from trinity_channels.store.conversation_state import ConversationState
from trinity_channels.store.tables import CONTACT, DELIVERY, MESSAGE
from trinity_channels.store.tx import Tx

# Provider messages, for those are billed; a sentence may need two. None that the future holds: the clock was set back.
_SENT = (
    select(func.count())
    .select_from(MESSAGE.join(DELIVERY, DELIVERY.c.message_id == MESSAGE.c.id))
    .where(MESSAGE.c.at > bindparam("since"), MESSAGE.c.at <= bindparam("now"))
)
_OF_BINDING = _SENT.where(MESSAGE.c.binding_id == bindparam("binding"), MESSAGE.c.origin == literal_column("'notice'"))
# Through the notices of the binding, for there are few of them; a conversation may have many messages.
_IN_CONVERSATION = _OF_BINDING.where(MESSAGE.c.conversation_id + literal_column("0") == bindparam("conversation"))
_TO_STRANGER = _SENT.where(MESSAGE.c.stranger_id == bindparam("contact"))
_IS_STRANGER = select(CONTACT.c.id).where(CONTACT.c.id == bindparam("contact"), CONTACT.c.email.is_(None))


@dataclass(frozen=True, slots=True)
class Spent:
    """Provider messages of the host since a time: of a binding, in one conversation, to a contact without verified e-mail.

    `stranger` is that contact, None for a contact with a verified e-mail, whose messages are not counted.
    """

    of_binding: int
    in_conversation: int
    to_stranger: int
    stranger: int | None


def spent(tx: Tx, state: ConversationState, contact: int | None, since: datetime, now: datetime) -> Spent:
    """Count what was said after `since` in a conversation and on its binding, and to a contact who is not verified now."""
    period = {"since": micros(since), "now": micros(now)}
    # People without a verified e-mail have a budget of their own: strangers must not make the host spend without limit.
    is_stranger = contact is not None and tx.one(_IS_STRANGER, contact=contact) is not None
    return Spent(
        of_binding=tx.number(_OF_BINDING, binding=state.binding, **period),
        in_conversation=tx.number(_IN_CONVERSATION, binding=state.binding, conversation=state.conversation, **period),
        to_stranger=tx.number(_TO_STRANGER, contact=contact, **period) if is_stranger else 0,
        stranger=contact if is_stranger else None,
    )
