"""Stores what an authentic request brings, and starts the work that it makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from trinity_channels.api import Event
from trinity_channels.bindings import Disconnected, OpenBinding
from trinity_channels.inbound.accept import Accepted, accept, leave_nothing
from trinity_channels.inbound.authentication import has_message
from trinity_channels.inbound.indicate import Indicator
from trinity_channels.inbound.owner_notices import OwnerNotices
from trinity_channels.observability.log import Sparse, get_logger
from trinity_channels.store import Store, StoreError, Tx, retired_keys

log = get_logger(__name__)


class NotStored(Exception):
    """The events could not be stored: the provider, or catch-up, brings them again."""


class Intake:
    """Accepts events in one transaction and wakes their conversations."""

    def __init__(
        self,
        store: Store,
        indicator: Indicator,
        notices: OwnerNotices,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._indicator = indicator
        self._notices = notices
        self._now = now
        self._sparse = Sparse(now)

    async def take(
        self, bound: OpenBinding, events: Sequence[Event], fence: Callable[[Tx], None] | None = None
    ) -> Accepted:
        """Store the events of a binding; returns after the commit. `fence` raises Disconnected within the transaction.

        Raises:
            NotStored, Disconnected: nothing was changed.
        """
        now = self._now()
        # A receipt proves nothing: it comes to the address that the message was sent with, whatever the owner has entered.
        moved = bound.replaces and has_message(events)
        if not moved and leave_nothing(events):
            return Accepted(outcome="ignored", messages=())
        try:
            accepted = await self._store.write(partial(self._store_events, bound, events, moved, now, fence))
        except StoreError as error:  # a known cause, which every webhook of an outage would repeat
            if self._sparse.passes(bound.channel):
                log.error("webhook not stored", channel=bound.channel, reason=str(error))  # noqa: TRY400  see above
            raise NotStored from error
        except Disconnected:
            raise
        except Exception as error:
            log.exception("webhook not stored", channel=bound.channel, error=type(error).__name__)
            raise NotStored from error
        self._notices.log(bound, accepted.notices)
        for state in accepted.states:
            tell = log.info if state.works else log.error
            tell("account state reported", channel=bound.channel, agent=bound.agent, code=state.code, works=state.works)
        for conversation, provider_id in accepted.messages:
            self._indicator.noticed(conversation, provider_id)
        return accepted

    def _store_events(
        self,
        bound: OpenBinding,
        events: Sequence[Event],
        moved: bool,
        now: datetime,
        fence: Callable[[Tx], None] | None,
        tx: Tx,
    ) -> Accepted:
        if fence is not None:
            fence(tx)
        if moved:
            # With the message itself: it proves that the owner has entered the new address at the provider.
            retired_keys.end(tx, bound.id, now)
        return accept(tx, bound.id, events, now)
