"""The way in: recognise the sender, store the message once, remember when they last wrote."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import bindparam, case, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from trinity_channels.api import MessageReceived
from trinity_channels.store.clock import micros
from trinity_channels.store.database import Tx
from trinity_channels.store.storable import storable
from trinity_channels.store.tables import ADDRESS, CONTACT, CONVERSATION, MESSAGE

_FIND = select(ADDRESS.c.value, ADDRESS.c.contact_id).where(
    ADDRESS.c.binding_id == bindparam("binding"),
    or_(ADDRESS.c.value == bindparam("address"), ADDRESS.c.value == bindparam("stable")),
)
_HAS_STABLE = select(ADDRESS.c.id).where(ADDRESS.c.contact_id == bindparam("contact"), ADDRESS.c.stable.is_(True))
_NEW_CONTACT = (
    insert(CONTACT)
    .values(binding_id=bindparam("binding"), name=bindparam("name"), created_at=bindparam("now"))
    .returning(CONTACT.c.id)
)
_RENAME = (
    update(CONTACT)
    .where(CONTACT.c.id == bindparam("contact"), CONTACT.c.name != bindparam("name"))
    .values(name=bindparam("name"))
)
_SET_ADDRESS = insert(ADDRESS).values(
    binding_id=bindparam("binding"),
    value=bindparam("value"),
    contact_id=bindparam("contact"),
    stable=bindparam("is_stable"),
)
_SET_ADDRESS = _SET_ADDRESS.on_conflict_do_update(
    index_elements=["binding_id", "value"],
    set_={"contact_id": _SET_ADDRESS.excluded.contact_id, "stable": _SET_ADDRESS.excluded.stable},
)
_LEAVE_ADDRESS = (
    CONVERSATION.update()
    .where(CONVERSATION.c.contact_id == bindparam("contact"), CONVERSATION.c.address == bindparam("address"))
    .values(
        address=func.coalesce(
            select(ADDRESS.c.value)
            .where(ADDRESS.c.contact_id == bindparam("contact"), ADDRESS.c.stable.is_(True))
            .limit(1)
            .scalar_subquery(),
            "",  # nobody can be reached there any more
        )
    )
)
_FIND_CONVERSATION = select(CONVERSATION.c.id).where(
    CONVERSATION.c.binding_id == bindparam("binding"), CONVERSATION.c.key == bindparam("key")
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
        stirred=False,
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
        notes=bindparam("notes"),
        opt_out=bindparam("opt_out"),
        state=bindparam("state"),
        at=bindparam("now"),
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


def accept(tx: Tx, binding: int, event: MessageReceived, now: datetime) -> int | None:
    """Store one inbound message as waiting.

    Returns:
        The conversation that now has work, or None if the message was stored before.
    """
    at = micros(min(event.sent_at, now) if event.sent_at else now)
    contact = _recognise(tx, binding, event, at)
    reply_to = event.conversation or event.sender.address
    key = f"at:{event.conversation}" if event.conversation else f"contact:{contact}"
    found = tx.one(_FIND_CONVERSATION, binding=binding, key=key)
    if found:
        conversation = int(found[0])
    else:
        conversation = tx.number(
            _NEW_CONVERSATION,
            binding=binding,
            key=key,
            contact=None if event.group else contact,
            address=reply_to,
            is_group=event.group,
            now=at,
        )
    stored = tx.run(
        _STORE,
        binding=binding,
        conversation=conversation,
        contact=contact,
        event_id=event.event_id,
        provider_id=event.provider_id,
        origin="person",
        text=storable(event.text),
        notes=_notes(event),
        opt_out=event.opt_out,
        state="waiting",
        now=at,
    )
    if not stored:
        return None
    tx.run(_TOUCH, conversation=conversation, now=at, address=reply_to)
    return conversation


def _recognise(tx: Tx, binding: int, event: MessageReceived, now: int) -> int:
    """The contact who wrote; see `api.Sender` for the rule about addresses that may change hands."""
    sender = event.sender
    stable = sender.stable or sender.address
    known: dict[str, int] = dict(tx.all(_FIND, binding=binding, address=sender.address, stable=stable))
    contact = known.get(stable) if sender.stable else known.get(sender.address)
    if contact is None and sender.stable and sender.address in known:
        holder = known[sender.address]
        if tx.one(_HAS_STABLE, contact=holder) is None:
            contact = holder
    if contact is None:
        contact = tx.number(_NEW_CONTACT, binding=binding, name=storable(sender.name), now=now)
    elif sender.name:
        tx.run(_RENAME, contact=contact, name=storable(sender.name))
    former = known.get(sender.address)
    if former != contact:
        is_stable = sender.address == sender.stable
        tx.run(_SET_ADDRESS, binding=binding, value=sender.address, contact=contact, is_stable=is_stable)
        if former is not None:  # the address changed hands: what is meant for its former holder must not follow it
            tx.run(_LEAVE_ADDRESS, contact=former, address=sender.address)
    if sender.stable and sender.stable not in known and sender.stable != sender.address:
        tx.run(_SET_ADDRESS, binding=binding, value=sender.stable, contact=contact, is_stable=True)
    return contact


def _notes(event: MessageReceived) -> str | None:
    """What came with the text, as sentences for the agent."""
    notes = []
    if event.location:
        place = ", ".join(part for part in (event.location.label, event.location.address) if part)
        notes.append(
            f"shared a location: {event.location.latitude}, {event.location.longitude}" + f" ({place})" * bool(place)
        )
    for attachment in event.attachments:
        name = f" named {attachment.name}" if attachment.name else ""
        notes.append(f"sent a file of type {attachment.media_type}{name}, which was not fetched")
    if event.button and event.button.payload:
        notes.append(f"tapped a button with the payload {event.button.payload}")
    if not notes and not event.text.strip():
        notes.append("sent something that cannot be shown here")
    return json.dumps([storable(note) for note in notes]) if notes else None
