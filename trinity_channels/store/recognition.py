"""Who wrote: the contact behind an address, which is another one when the address has changed hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, bindparam, func, literal_column, or_, select, update

from trinity_channels.api import MessageReceived
from trinity_channels.store.statements import insert
from trinity_channels.store.tables import ADDRESS, CONTACT, CONVERSATION, MESSAGE
from trinity_channels.store.tx import Row, Tx
from trinity_channels.store.verified_emails import SILENCE

SILENT = SILENCE // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who wrote. `differs`: their row does not say what the message says, so that it has to be written."""

    contact: int
    differs: bool


# Whether the contact has to be written, too: an update that changes nothing would cost as much as the look-up.
_FIND = (
    select(
        ADDRESS.c.value,
        ADDRESS.c.contact_id,
        ADDRESS.c.stable,
        CONTACT.c.resolved_at,  # when they last wrote, stored once an hour; None before their first turn
        or_(
            CONTACT.c.unreachable_at.is_not(None),
            and_(CONTACT.c.name != bindparam("name"), bindparam("name") != literal_column("''")),
        ).label("differs"),
    )
    .join(CONTACT, CONTACT.c.id == ADDRESS.c.contact_id)
    .where(
        ADDRESS.c.binding_id == bindparam("binding"),
        or_(ADDRESS.c.value == bindparam("address"), ADDRESS.c.value == bindparam("stable")),
    )
)
_HAS_STABLE = select(ADDRESS.c.id).where(ADDRESS.c.contact_id == bindparam("contact"), ADDRESS.c.stable.is_(True))
_FORMER = CONTACT.alias("former")
_NEW_CONTACT = (
    insert(CONTACT)
    .values(binding_id=bindparam("binding"), name=bindparam("name"), created_at=bindparam("now"))
    .returning(CONTACT.c.id)
)
_LAST_WROTE = select(func.coalesce(func.max(MESSAGE.c.at), 0)).where(MESSAGE.c.contact_id == bindparam("contact"))
_IS_STORED = select(MESSAGE.c.id).where(
    MESSAGE.c.binding_id == bindparam("binding"), MESSAGE.c.event_id == bindparam("event")
)
# A block and a STOP count for the next holder too: both keep messages away, and neither tells anything.
_CLOSED_LIKE = (
    update(CONTACT)
    .where(CONTACT.c.id == bindparam("contact"))
    .values(
        {
            column: select(_FORMER.c[column]).where(_FORMER.c.id == bindparam("former")).scalar_subquery()
            for column in ("blocked_at", "stopped_at")
        }
    )
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
            "",  # the address reaches no one any more
        )
    )
)


def recognise(tx: Tx, binding: int, event: MessageReceived, name: str, now: int) -> Recognised:
    """The contact who wrote, a new one if need be; see `api.Sender` for the rule about addresses that may change hands.

    Args:
        tx: the transaction.
        binding: where they wrote.
        event: what they wrote.
        name: their name as it is stored.
        now: when they wrote, in microseconds.
    """
    sender = event.sender
    rows = tx.all(_FIND, binding=binding, address=sender.address, stable=sender.stable or sender.address, name=name)
    known = {row.value: row for row in rows}
    # The stable address decides: the other one may be someone else's by now.
    found = known.get(sender.stable or sender.address)
    by_address = known.get(sender.address)
    # They wrote before the provider gave stable addresses; those who have one are someone else.
    if found is None and by_address and tx.one(_HAS_STABLE, contact=by_address.contact_id) is None:
        found = by_address
    passed_on = found is not None and found is by_address and _is_another_person(tx, binding, event, found, now)
    contact = (
        found.contact_id if found and not passed_on else tx.number(_NEW_CONTACT, binding=binding, name=name, now=now)
    )
    if found and passed_on:
        tx.run(_CLOSED_LIKE, contact=contact, former=found.contact_id)
    if by_address is None or by_address.contact_id != contact:
        is_stable = sender.address == sender.stable
        tx.run(_SET_ADDRESS, binding=binding, value=sender.address, contact=contact, is_stable=is_stable)
        if by_address:  # the address changed hands: what is meant for its former holder must not follow it
            tx.run(_LEAVE_ADDRESS, contact=by_address.contact_id, address=sender.address)
    if sender.stable and sender.stable not in known and sender.stable != sender.address:
        tx.run(_SET_ADDRESS, binding=binding, value=sender.stable, contact=contact, is_stable=True)
    return Recognised(contact, differs=any(row.contact_id == contact and row.differs for row in rows))


def _is_another_person(tx: Tx, binding: int, event: MessageReceived, holder: Row, now: int) -> bool:
    """Whether an address that may change hands was silent for so long that it counts as another person's now."""
    known = holder.resolved_at or 0
    if holder.stable or now - known <= SILENT:  # that is all that most messages need
        return False
    if now - max(known, tx.number(_LAST_WROTE, contact=holder.contact_id)) <= SILENT:
        return False
    return tx.one(_IS_STORED, binding=binding, event=event.event_id) is None  # a repetition changes nothing
