"""Notices bindings that listen, and whose connection to the provider has not been made for a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from trinity_channels.alerts.finding import Finding, Findings
from trinity_channels.bindings import listening
from trinity_channels.bindings.listening import Listening
from trinity_channels.store import Store
from trinity_channels.store.bindings import StoredBinding

PATIENCE = timedelta(minutes=10)
"""How long a connection fails before that is an alert."""
STANDS = timedelta(minutes=1)
"""How long a connection lasts that is a good one: another program that takes it away does so sooner."""
FIX = (
    "Check the provider's status page, and that this host reaches the internet; the channel's page says when it is tried "
    "again. The alert ends when the connection stands."
)


class ConnectionsMade:
    """Judges each binding by the state that its listener has stored."""

    code = "connection"
    is_consequence = False

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    async def look(self, connected: Sequence[StoredBinding], alerted: Mapping[int, datetime]) -> Findings:
        """Connections that fail for a while, and those in `alerted` that stand, or are not needed any more."""
        listens = [one.id for one in connected if one.listens]
        found: dict[int, Finding | None] = {one: None for one in alerted if one not in listens}
        now = self._now()
        # Nothing is read where nothing listens.
        states = (
            await self._store.read(lambda tx: {one: listening.of(tx, one, now) for one in listens}) if listens else {}
        )
        for binding, state in states.items():
            if _stands(state, now):
                found[binding] = None
            elif state.failing_since and now - state.failing_since >= PATIENCE:
                found[binding] = Finding(
                    f"No messages have been fetched: {state.error or 'the connection breaks again and again'}", FIX
                )
        return found


def _stands(state: Listening, now: datetime) -> bool:
    since = state.connected_since
    return since is not None and (state.failing_since is None or now - since >= STANDS)
