"""Ways to break the product on purpose, each of which the kill harness must report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, literal_column, update

from trinity_channels.api import DeliveryState, Event, MessageReceived, Receipt
from trinity_channels.bindings import OpenBinding
from trinity_channels.inbound import intake
from trinity_channels.inbound.accept import Accepted
from trinity_channels.inbound.authentication import has_message
from trinity_channels.store import Tx, deliveries
from trinity_channels.store.deliveries import Delivery
from trinity_channels.store.states import OutboxState
from trinity_channels.store.tables import DELIVERY

_LATE = 0.3
"""Seconds by which a commit follows its acknowledgement."""
_UNMARK = update(DELIVERY).where(DELIVERY.c.id == bindparam("delivery")).values(state=literal_column("'ready'"))
_later: set[asyncio.Task[Accepted]] = set()


def forget_marks() -> None:
    """A delivery that was marked as being sent looks as if it had not been begun."""
    next_open = deliveries.next_open

    def unmarked(tx: Tx, conversation: int) -> Any:
        found = next_open(tx, conversation)
        if found and found[0].state is OutboxState.SENDING:
            tx.run(_UNMARK, delivery=found[0].id)
            return replace(found[0], state=OutboxState.READY), found[1]
        return found

    deliveries.next_open = unmarked


def acknowledge_first() -> None:
    """A webhook is answered before its message is stored; and the provider is not asked for what was missed."""
    take = intake.Intake.take

    async def promised(
        self: intake.Intake, bound: OpenBinding, events: Sequence[Event], fence: Callable[[Tx], None] | None = None
    ) -> Accepted:
        async def kept() -> Accepted:
            await asyncio.sleep(_LATE)
            return await take(self, bound, events, fence)

        if not has_message(events):
            return await take(self, bound, events, fence)
        task = asyncio.create_task(kept())
        _later.add(task)
        task.add_done_callback(_later.discard)
        return Accepted("accepted", ((0, ""),))

    async def nothing(self: OpenBinding, since: datetime) -> list[MessageReceived]:  # noqa: ARG001  as declared
        return []

    intake.Intake.take = promised  # type: ignore[method-assign]
    OpenBinding.list_missed = nothing  # type: ignore[method-assign]


def settle_first() -> None:
    """A delivery is settled before its provider is called."""
    mark_sending = deliveries.mark_sending

    def settled(tx: Tx, delivery: Delivery, now: datetime) -> None:
        mark_sending(tx, delivery, now)
        deliveries.taken(tx, delivery, Receipt(f"promised {delivery.id}", DeliveryState.SENT), now)

    deliveries.mark_sending = settled


def send_newest_first() -> None:
    """What is queued last in a conversation is sent first."""
    in_order = deliveries._NEXT  # noqa: SLF001  the sabotage is about this statement
    deliveries._NEXT = in_order.order_by(None).order_by(DELIVERY.c.id.desc())  # noqa: SLF001


WAYS: dict[str, Callable[[], None]] = {
    one.__name__: one for one in (forget_marks, acknowledge_first, settle_first, send_newest_first)
}
