"""Webhooks that providers have to be told of: noted in the transaction that makes a binding, so that no death loses one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from trinity_channels.bindings.registry import Bindings, Disconnected
from trinity_channels.observability.failures import Failures, cause_of
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, Tx, notices
from trinity_channels.store.notices import ToSet

log = get_logger(__name__)

AT_ONCE = 8
"""Providers that are told at the same time."""
_PATIENCE = 10.0
"""Seconds that one of them may take."""
_LOOKED = timedelta(minutes=1)
"""Between two looks for them, and between the first two attempts; that doubles with each attempt."""
_LONGEST_PAUSE = timedelta(hours=1)


class WebhooksToSet:
    """A chore that tells the providers, again and again until each knows."""

    def __init__(self, store: Store, opened: Bindings, now: Callable[[], datetime]) -> None:
        self._store = store
        self._opened = opened
        self._now = now
        self._failures = Failures(now)
        self._looked: datetime | None = None
        self._tried: dict[int, tuple[datetime, timedelta]] = {}

    async def run(self) -> None:
        """Try those that are due, if a minute has passed."""
        now = self._now()
        # abs: the clock may be set back.
        if self._looked and abs(now - self._looked) < _LOOKED:
            return
        self._looked = now
        waiting = await self._store.lookup(notices.webhooks_to_set)
        self._tried = {one.binding: self._tried[one.binding] for one in waiting if one.binding in self._tried}
        at_once = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._try(one, at_once) for one in waiting if self._is_due(one.binding, now)))

    async def tell(self, binding: int) -> bool:
        """Tell the provider of one; False if there is no public address to tell.

        Raises:
            Exception: it could not be told; it stays noted.
        """
        bound = await self._opened.open(binding)
        if bound.context.webhook_url is None:
            return False
        async with asyncio.timeout(_PATIENCE):
            await bound.register_webhook()
        await self._store.write(lambda tx: notices.end(tx, binding, notices.WEBHOOK_TO_SET))
        return True

    def _is_due(self, binding: int, now: datetime) -> bool:
        if binding not in self._tried:
            return True
        at, pause = self._tried[binding]
        return abs(now - at) >= pause

    async def _try(self, one: ToSet, at_once: asyncio.Semaphore) -> None:
        async with at_once:
            try:
                if await self.tell(one.binding) and self._failures.ended(one.binding):
                    log.info("webhook set", agent=one.agent, channel=one.channel)
            except Disconnected:
                pass
            # A plugin may raise anything, and the others are to be told.
            except Exception as error:  # noqa: BLE001
                await self._failed(one, error)

    async def _failed(self, one: ToSet, error: Exception) -> None:
        now, cause = self._now(), cause_of(error)
        _, pause = self._tried.get(one.binding, (now, timedelta()))
        self._tried[one.binding] = now, min(max(_LOOKED, pause * 2), _LONGEST_PAUSE)
        if self._failures.is_news(one.binding, cause):
            log.warning("webhook not set", agent=one.agent, channel=one.channel, cause=cause)

        def note(tx: Tx) -> None:
            # The owner may have set it, or disconnected the channel, meanwhile.
            if one in notices.webhooks_to_set(tx):
                notices.put(tx, one.binding, notices.WEBHOOK_TO_SET, "", now)

        # Newer again, so that the channel's checks go on showing it.
        await self._store.write(note)
