"""Events that cannot be stored although the database works: others wait for them, so they are given up in the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from trinity_channels import api
from trinity_channels.bindings import OpenBinding
from trinity_channels.observability.log import get_logger

log = get_logger(__name__)

TRIES = 5
PATIENCE = timedelta(minutes=5)
"""How long an event is tried at least: it may be something else that passes."""
_MOST = 1_000
"""Events that are remembered."""


class Unstorable:
    """Remembers how often each event has failed in this process."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._failed: dict[tuple[int, str], tuple[int, datetime]] = {}

    def gives_up(self, bound: OpenBinding, event: api.Event) -> bool:
        """Note that an event could not be stored; whether that was its last try."""
        # A plugin may have put anything in an event's place.
        name = str(getattr(event, "event_id", None) or repr(event))
        tries, since = self._failed.pop((bound.id, name), (0, self._now()))
        if tries + 1 >= TRIES and self._now() - since >= PATIENCE:
            log.error("event given up", channel=bound.channel, agent=bound.agent, event_id=name[:200], since=since)
            return True
        self._failed[bound.id, name] = tries + 1, since
        if len(self._failed) > _MOST:
            del self._failed[next(iter(self._failed))]
        return False
