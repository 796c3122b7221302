"""What a listener stores of its connection, for people. One that has lost the lead does not overwrite another's."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from trinity_channels.bindings import Disconnected, listening
from trinity_channels.bindings.listening import Listening
from trinity_channels.inbound.still_listens import StillListens
from trinity_channels.observability.failures import cause_of
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, StoreError, Tx

log = get_logger(__name__)

BEAT = timedelta(minutes=1)
"""How often a state that has not changed is stored again, so that it does not look as if nothing listened any more."""


class ConnectionState:
    """The state of a binding's connection, as this listener sees it.

    What cannot be stored is left to the next beat: what is delivered does not depend on it.

    Attributes:
        at: the state.
        made: whether a connection was made since the settings were entered; None while that is not known.
    """

    def __init__(self, fence: StillListens, store: Store, now: Callable[[], datetime]) -> None:
        self.at = Listening()
        self.made: bool | None = None
        self._fence = fence
        self._store = store
        self._now = now
        self._owner = secrets.token_hex(4)
        self._stored_at: datetime | None = None

    async def take_over(self) -> None:
        """What another listener has stored is over, except that it failed."""
        if self.made is not None:
            return

        def take(tx: Tx) -> Listening:
            self._fence(tx)
            found = listening.stored(tx, self._fence.binding)
            at = Listening(failing_since=found.failing_since, error=found.error, refused=found.refused, made=found.made)
            listening.put(tx, self._fence.binding, at, self._owner, now)
            return at

        now = self._now()
        if (taken := await self._written(take, now)) is not None:
            self.at, self.made = taken, taken.made

    async def put(self, state: Listening) -> None:
        """It has changed."""
        self.at = replace(state, made=self.made is True)

        def put(tx: Tx) -> Listening:
            self._fence(tx)
            # Another one has taken over while this one was paused, or this one still has to: see `beat`.
            if listening.owner(tx, self._fence.binding) == self._owner:
                listening.put(tx, self._fence.binding, self.at, self._owner, now)
            return self.at

        now = self._now()
        await self._written(put, now)

    async def beat(self) -> None:
        """Store it again once a minute, also over another's: only the process that leads does so."""
        if self.made is None:
            return
        now = self._now()
        if self._stored_at is not None and now - self._stored_at < BEAT:
            return

        def put(tx: Tx) -> Listening:
            self._fence(tx)
            listening.put(tx, self._fence.binding, self.at, self._owner, now)
            return self.at

        await self._written(put, now)

    async def end(self) -> None:
        """This listener has ended; perhaps another one begins."""
        if self.at.connected_since or self.at.next_try:
            await self.put(Listening(failing_since=self.at.failing_since, error=self.at.error, refused=self.at.refused))

    async def _written(self, unit: Callable[[Tx], Listening], now: datetime) -> Listening | None:
        try:
            written = await self._store.write(unit)
        except (StoreError, Disconnected):
            return None
        except Exception as error:
            log.exception("state of a connection not stored", cause=cause_of(error))
            return None
        self._stored_at = now
        return written
