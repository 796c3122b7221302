"""Unusable webhook requests, reported to the owner: in the log periodically, in health for a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from trinity_channels import api
from trinity_channels.bindings import OpenBinding
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, notices

log = get_logger(__name__)

LOGGED_AGAIN = timedelta(hours=1)
"""When the log repeats what it has said of a binding."""
NOTED_AGAIN = timedelta(minutes=1)
"""When another message to a retired address is noted: anyone who knows the address can send any number of them."""


class OwnerNotices:
    """Keeps and logs them."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._last: dict[tuple[int, str, timedelta], datetime] = {}

    def log(self, bound: OpenBinding, told: Sequence[api.Ignored]) -> None:
        """Log what the plugin has to tell the owner; it is stored with the events."""
        for one in told:
            if self._due(bound, one.kind, LOGGED_AGAIN):
                log.warning(
                    "message ignored", channel=bound.channel, agent=bound.agent, kind=one.kind, cause=one.detail
                )

    async def retired(self, bound: OpenBinding) -> None:
        """Note that something came to an address that does not work any more; never raises."""
        code, now = notices.RETIRED_ADDRESS, self._now()
        if self._due(bound, code, LOGGED_AGAIN):
            fix = "enter the present webhook URL at the provider"
            log.warning("message to a retired webhook address", channel=bound.channel, agent=bound.agent, fix=fix)
        if self._due(bound, code, NOTED_AGAIN):
            try:
                await self._store.write(lambda tx: notices.put(tx, bound.id, code, "", now))
            except Exception as error:  # the refusal stands whether or not it can be explained later
                log.exception("notice not stored", error=type(error).__name__)

    def _due(self, bound: OpenBinding, code: str, pause: timedelta) -> bool:
        now, key = self._now(), (bound.id, code, pause)
        last = self._last.get(key)
        # Kept in memory: after a restart the owner may well hear of it once more.
        if last and abs(now - last) < pause:
            return False
        self._last[key] = now
        return True
