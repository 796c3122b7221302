"""The way in: recognise the sender, store the message once, remember when they last wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import String, bindparam, case, cast, exists, literal, literal_column, select, update

from trinity_channels.api import Attachment, MessageReceived, Note, NoteKind, Part
from trinity_channels.store import parts
from trinity_channels.store.clock import micros
from trinity_channels.store.recognition import recognise
from trinity_channels.store.statements import insert
from trinity_channels.store.states import MessageState
from trinity_channels.store.storable import storable
from trinity_channels.store.tables import CONTACT, CONVERSATION, DELIVERY, MESSAGE
from trinity_channels.store.transitions import initial
from trinity_channels.store.tx import Tx
from trinity_channels.visible import cleaned_name, visible

# A person who blocked us is not back in a group.
_WROTE = (
    update(CONTACT)
    .where(CONTACT.c.id == bindparam("contact"))
    .values(
        name=case((bindparam("name") == literal_column("''"), CONTACT.c.name), else_=bindparam("name")),
        unreachable_at=case((bindparam("group"), CONTACT.c.unreachable_at), else_=None),
    )
)
_FIND_CONVERSATION = select(CONVERSATION.c.id, CONVERSATION.c.contact_id).where(
    CONVERSATION.c.binding_id == bindparam("binding"), CONVERSATION.c.key == bindparam("key")
)
_RETIRE_CONVERSATION = (
    CONVERSATION.update()
    .where(CONVERSATION.c.id == bindparam("conversation"))
    .values(key=literal("former:") + cast(CONVERSATION.c.id, String), address="")
)
_NEW_CONVERSATION = (
    insert(CONVERSATION)
    .values(
        binding_id=bindparam("binding"),
        key=bindparam("key"),
        contact_id=bindparam("contact"),
        address=bindparam("address"),
        is_group=bindparam("is_group"),
        last_inbound_at=bindparam("now"),
        needs_turn=False,
        created_at=bindparam("now"),
    )
    .returning(CONVERSATION.c.id)
)
_STORE = (
    insert(MESSAGE)
    .values(
        binding_id=bindparam("binding"),
        conversation_id=bindparam("conversation"),
        contact_id=bindparam("contact"),
        event_id=bindparam("event_id"),
        provider_id=bindparam("provider_id"),
        origin=bindparam("origin"),
        text=bindparam("text"),
        parts=bindparam("parts"),
        album=bindparam("album"),
        opt_out=bindparam("opt_out"),
        reply_token=bindparam("reply_token"),
        reply_until=bindparam("reply_until"),
        state=initial(MessageState.WAITING),
        at=bindparam("at"),
        received_at=bindparam("now"),
    )
    .on_conflict_do_nothing(index_elements=["binding_id", "event_id"])
)
_TOUCH = (
    CONVERSATION.update()
    .where(CONVERSATION.c.id == bindparam("conversation"))
    .values(
        last_inbound_at=case(
            (CONVERSATION.c.last_inbound_at > bindparam("now"), CONVERSATION.c.last_inbound_at), else_=bindparam("now")
        ),
        address=bindparam("address"),
    )
)

# A message of ours, or of a person; the newest thousand of a conversation are looked through. One that went out in several
# parts is quoted as the part that was sent, any other as it was written.
_OTHER_PART = DELIVERY.alias("other_part")
_SENT_WORDS = (
    select(
        case(
            (
                exists().where(_OTHER_PART.c.message_id == DELIVERY.c.message_id, _OTHER_PART.c.id != DELIVERY.c.id),
                DELIVERY.c.text,
            ),
            else_=MESSAGE.c.text,
        )
    )
    .select_from(DELIVERY.join(MESSAGE, MESSAGE.c.id == DELIVERY.c.message_id))
    .where(DELIVERY.c.provider_id == bindparam("provider_id"), DELIVERY.c.binding_id == bindparam("binding"))
)
_NEWEST_HERE = (
    select(MESSAGE.c.provider_id, MESSAGE.c.text, MESSAGE.c.parts)
    .where(MESSAGE.c.conversation_id == bindparam("conversation"))
    .order_by(MESSAGE.c.id.desc())
    .limit(1000)
    .subquery()
)
_HEARD = (
    select(_NEWEST_HERE.c.text, _NEWEST_HERE.c.parts)
    .where(_NEWEST_HERE.c.provider_id == bindparam("provider_id"))
    .limit(1)
)


def accept(tx: Tx, binding: int, event: MessageReceived, now: datetime) -> int | None:
    """Store one inbound message as waiting.

    Returns:
        The conversation that now has work, or None if the message was stored before.
    """
    # A provider's clock may be ahead; a message from the future would break the order and every deadline.
    at = micros(min(event.sent_at, now) if event.sent_at else now)
    name = storable(cleaned_name(event.sender.name))
    recognised = recognise(tx, binding, event, name, at)
    contact = recognised.contact
    reply_to = event.conversation or event.sender.address
    conversation = _conversation(tx, binding, event, contact, reply_to, at)
    stored = tx.run(
        _STORE,
        binding=binding,
        conversation=conversation,
        contact=contact,
        event_id=event.event_id,
        provider_id=event.provider_id,
        origin="person",
        text=storable(event.text),
        parts=parts.dump(_parts(tx, binding, conversation, event)),
        album=event.album,
        opt_out=event.opt_out,
        reply_token=None if event.reply_token is None else storable(event.reply_token.token),
        reply_until=None if event.reply_token is None else micros(event.reply_token.expires_at),
        at=at,
        now=micros(now),
    )
    # The unique index on the event has decided, so no query is needed before the insert.
    if not stored:
        return None
    if recognised.differs:
        tx.run(_WROTE, contact=contact, name=name, group=event.group)
    # The newest address: answers go where the person wrote from last.
    tx.run(_TOUCH, conversation=conversation, now=at, address=reply_to)
    return conversation


def _conversation(tx: Tx, binding: int, event: MessageReceived, contact: int, reply_to: str, at: int) -> int:
    """The conversation that a message belongs to, begun with it if there is none."""
    # By contact, not by address: a direct chat goes on when the person's address changes.
    key = f"at:{event.conversation}" if event.conversation else f"contact:{contact}"
    begun = tx.one(_FIND_CONVERSATION, binding=binding, key=key)
    if begun and begun.contact_id in (None, contact):
        known: int = begun.id
        return known
    if begun:  # a direct chat whose person is another one now
        tx.run(_RETIRE_CONVERSATION, conversation=begun.id)
    return tx.number(
        _NEW_CONVERSATION,
        binding=binding,
        key=key,
        # A group belongs to no one; its messages name their writers.
        contact=None if event.group else contact,
        address=reply_to,
        is_group=event.group,
        now=at,
    )


def _parts(tx: Tx, binding: int, conversation: int, event: MessageReceived) -> tuple[Part, ...]:
    """What came with the text. A quoted message whose words the provider left out is looked up among what we know."""
    found = event.parts
    # A message that seems empty would puzzle the agent; this says that there was something.
    if not found and not visible(event.text):
        return (Note(NoteKind.UNSUPPORTED),)
    quoted = event.quoted
    if quoted is None or quoted.text or quoted.provider_id is None:
        return found
    ours = tx.scalar(_SENT_WORDS, str, binding=binding, provider_id=quoted.provider_id)
    # Ours first: people mostly answer what the agent said.
    words = _heard(tx, conversation, quoted.provider_id) if ours is None else ours
    looked_up = replace(quoted, text=words, by_agent=ours is not None or quoted.by_agent)
    return tuple(looked_up if part is quoted else part for part in found)


def _heard(tx: Tx, conversation: int, provider_id: str) -> str:
    """The words of a person's message, or the names of the files it consisted of; empty if it is not known."""
    row = tx.one(_HEARD, conversation=conversation, provider_id=provider_id)
    if row is None or row.text:
        return row.text if row else ""
    files = [part for part in parts.load(row.parts) if isinstance(part, Attachment)]
    return ", ".join(f"[{file.name or file.media_type}]" for file in files)
