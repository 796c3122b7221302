"""Receipts: what a provider reports of a delivery after it took the message: how far it got, or that it failed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from trinity_channels.api import DeliveryState, FailureKind, ReceiptReceived
from trinity_channels.store import deliveries
from trinity_channels.store.clock import micros
from trinity_channels.store.deliveries import NO_FAILURE, NO_REASON
from trinity_channels.store.states import DELIVERIES, TAKEN, OutboxState
from trinity_channels.store.tables import DELIVERY
from trinity_channels.store.transitions import transition
from trinity_channels.store.tx import Tx

_OURS = re.compile(r"[0-9a-f-]{1,36}")
_KNOWN_BY_ITS_ID = frozenset({*TAKEN, OutboxState.FAILED})
"""Before it is in one of these states, the provider's id of a delivery is that of an earlier attempt, which failed."""
_SETTLED = frozenset({OutboxState.DELIVERED, OutboxState.READ, OutboxState.FAILED})
"""The states in which a report that it failed changes nothing."""
# What follows in a conversation waits until a message has left the provider's queue, or its outcome is known. After a call
# that is under way the run that makes it looks for itself; and a failure may put the message itself back to be sent.
_WAITED_FOR = frozenset({OutboxState.READY, OutboxState.RECONCILING, OutboxState.QUEUED})

_COLUMNS = (
    DELIVERY.c.id,
    DELIVERY.c.state,
    DELIVERY.c.provider_id,
    DELIVERY.c.conversation_id,
    DELIVERY.c.attempts,
    DELIVERY.c.message_id,
)
_BY_OURS = select(*_COLUMNS).where(DELIVERY.c.uid == bindparam("uid"), DELIVERY.c.binding_id == bindparam("binding"))
_BY_THEIRS = select(*_COLUMNS).where(
    DELIVERY.c.provider_id == bindparam("provider_id"), DELIVERY.c.binding_id == bindparam("binding")
)
_REACH = {
    reached: transition(DELIVERIES.origins(reached), reached)
    .where(DELIVERY.c.id == bindparam("delivery"))
    .values(provider_id=bindparam("provider_id"), next_at=None, updated_at=bindparam("now"), **NO_FAILURE)
    for reached in TAKEN
}
# The provider's id stays, so that late and repeated receipts of the attempt that failed are told from those of the next.
# Ours does not: the provider would take the next attempt for the one that it has, and had given up.
_AGAIN = (
    transition(DELIVERIES.origins(OutboxState.READY) - {OutboxState.FAILED}, OutboxState.READY)
    .where(DELIVERY.c.id == bindparam("delivery"))
    .values(uid=None, provider_id=bindparam("provider_id"), next_at=bindparam("at"), updated_at=bindparam("now"))
)
_NAME = update(DELIVERY).where(DELIVERY.c.id == bindparam("delivery")).values(provider_id=bindparam("provider_id"))


def apply(
    tx: Tx, binding: int, receipt: ReceiptReceived, now: datetime, *, again_after: timedelta, attempts: int
) -> int | None:
    """Let a receipt advance its delivery, never back; duplicates and disorder are without effect.

    A message that the provider took and gave up for a passing reason is sent again, at most `attempts` times in all.

    Returns:
        The conversation to wake; None if nothing changed, or nothing in it waits for this receipt.
    """
    row = None
    # By our own id where the provider gives it back: the receipt may come before we know the provider's.
    if receipt.delivery and _OURS.fullmatch(receipt.delivery):
        row = tx.one(_BY_OURS, uid=receipt.delivery, binding=binding)
    if row is None:
        row = tx.one(_BY_THEIRS, provider_id=receipt.provider_id, binding=binding)
    if row is None:
        return None
    delivery, state, provider_id, tried = row.id, OutboxState(row.state), row.provider_id, row.attempts
    if provider_id and (state in _KNOWN_BY_ITS_ID) != (provider_id == receipt.provider_id):
        return None  # about an earlier attempt
    if receipt.state is DeliveryState.FAILED:
        if state in _SETTLED:
            return None
        # Of an attempt that was cut off this is the first we hear; by its id, later receipts of it are told from others.
        tx.run(_NAME, delivery=delivery, provider_id=receipt.provider_id)
        if state is OutboxState.READY:
            return None  # the owner has it sent again, and the next attempt has not begun
        failure = receipt.failure or NO_REASON
        # Whether it arrived, before they have it sent again: it did not.
        asked_by_owner = state is OutboxState.RECONCILING and tried == 0
        if asked_by_owner or (failure.kind is FailureKind.LATER and tried < attempts):
            at = micros(now if asked_by_owner else now + again_after)
            tx.run(_AGAIN, delivery=delivery, provider_id=receipt.provider_id, at=at, now=micros(now))
        else:
            deliveries.give_up(tx, delivery, row.message_id, binding, failure, now)
    else:
        reach = _REACH[OutboxState(receipt.state)]
        if not tx.run(reach, delivery=delivery, provider_id=receipt.provider_id, now=micros(now)):
            return None  # it is further already
    waited_for = receipt.state is DeliveryState.FAILED or state in _WAITED_FOR
    return int(row.conversation_id) if waited_for and deliveries.remain(tx, row.conversation_id) else None
