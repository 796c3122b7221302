"""Erases the people and messages of agents that were deleted, some at a time: there may be millions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Delete, String, Update, bindparam, cast, delete, literal, select, update

from trinity_channels.store.clock import micros
from trinity_channels.store.erase import WITHOUT_PERSON
from trinity_channels.store.given_up import ERASED, GIVEN_UP
from trinity_channels.store.states import MESSAGES, OPEN_DELIVERIES, MessageState, OutboxState, TurnState
from trinity_channels.store.tables import (
    ADDRESS,
    BINDING,
    BINDING_NOTICE,
    CHANNEL_ALERT,
    CONTACT,
    CONVERSATION,
    DELIVERY,
    ERASED_ADDRESS,
    ERASED_BLOCK,
    INBOUND_HOUR,
    KNOWN_MAILBOX,
    LOGIN_CODE,
    MESSAGE,
    RETIRED_KEY,
    TURN,
)
from trinity_channels.store.transitions import transition
from trinity_channels.store.tx import Tx

AT_ONCE = 50
"""Conversations that are erased in one transaction, and people."""
_REASON = "the agent was deleted"

_BINDING = (
    select(BINDING.c.id).where(BINDING.c.agent >= bindparam("start"), BINDING.c.agent < bindparam("end")).limit(1)
)
_HAS_KEY = CONVERSATION.c.binding_id == bindparam("binding")
_CONVERSATIONS = (
    select(CONVERSATION.c.id)
    # On both sides of the keys of those that are erased, so that the index leads to the rest.
    .where(_HAS_KEY, CONVERSATION.c.key > bindparam("after"), CONVERSATION.c.key < bindparam("before"))
    .limit(bindparam("most"))
)
_IN_IT = MESSAGE.c.conversation_id == bindparam("conversation")
_CONVERSATION: tuple[Update, ...] = (
    update(TURN)
    .where(TURN.c.id.in_(select(MESSAGE.c.turn_id).where(_IN_IT)), TURN.c.reason.is_not(None))
    .values(reason=_REASON),
    transition(OPEN_DELIVERIES, OutboxState.FAILED)
    .where(DELIVERY.c.conversation_id == bindparam("conversation"))
    .values(failure_code="erased", failure="The agent was deleted.", updated_at=bindparam("now")),
    update(DELIVERY).where(DELIVERY.c.conversation_id == bindparam("conversation")).values(text="", address=""),
    transition(MESSAGES.origins(MessageState.ERASED), MessageState.ERASED)
    .where(_IN_IT)
    .values(text="", parts=None, cleared_at=bindparam("now")),
    transition({TurnState.OPEN}, TurnState.FAILED)
    .where(TURN.c.conversation_id == bindparam("conversation"))
    .values(reason=_REASON, updated_at=bindparam("now")),
    update(CONVERSATION)
    .where(CONVERSATION.c.id == bindparam("conversation"))
    .values(address="", key=literal(ERASED) + cast(CONVERSATION.c.id, String), needs_turn=False),
)
_PEOPLE = (
    select(ADDRESS.c.contact_id).where(ADDRESS.c.binding_id == bindparam("binding")).distinct().limit(bindparam("most"))
)
_PERSON: tuple[Update | Delete, ...] = (
    delete(LOGIN_CODE).where(LOGIN_CODE.c.contact_id == bindparam("contact")),
    delete(KNOWN_MAILBOX).where(KNOWN_MAILBOX.c.contact_id == bindparam("contact")),
    delete(ADDRESS).where(ADDRESS.c.contact_id == bindparam("contact")),
    update(CONTACT).where(CONTACT.c.id == bindparam("contact")).values({**WITHOUT_PERSON, "blocked_at": None}),
)
_REST: tuple[Update | Delete, ...] = (
    *(
        delete(table).where(table.c.binding_id == bindparam("binding"))
        for table in (RETIRED_KEY, BINDING_NOTICE, CHANNEL_ALERT, INBOUND_HOUR, ERASED_BLOCK, ERASED_ADDRESS)
    ),
    update(BINDING)
    .where(BINDING.c.id == bindparam("binding"))
    .values(agent=literal(ERASED) + cast(BINDING.c.id, String)),
)


def step(tx: Tx, now: datetime) -> bool:
    """Erase some of what deleted agents have left; False if nothing is left."""
    # The character after the colon ends the range of names that begin so.
    binding = tx.scalar(_BINDING, int, start=GIVEN_UP, end=_behind(GIVEN_UP))
    if binding is None:
        return False
    conversations = _conversations(tx, binding)
    for conversation in conversations:
        _run(tx, _CONVERSATION, conversation=conversation, now=micros(now))
    if len(conversations) == AT_ONCE:
        return True
    people = tx.scalars(_PEOPLE, int, binding=binding, most=AT_ONCE)
    for contact in people:
        _run(tx, _PERSON, contact=contact)
    if len(people) < AT_ONCE:
        _run(tx, _REST, binding=binding)
    return True


def _run(tx: Tx, statements: Iterable[Update | Delete], **values: object) -> None:
    for statement in statements:
        tx.run(statement, **values)


def _conversations(tx: Tx, binding: int) -> list[int]:
    """Some that are not erased yet."""
    for after, before in (("", ERASED), (_behind(ERASED), "\U0010ffff")):
        found = tx.scalars(_CONVERSATIONS, int, binding=binding, after=after, before=before, most=AT_ONCE)
        if found:
            return found
    return []


def _behind(prefix: str) -> str:
    """The first text behind all that begin with a prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
