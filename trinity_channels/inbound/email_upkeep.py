"""The chore that ends unused verified e-mails, and asks providers whether they still vouch for the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from trinity_channels.access.lifetime import Lifetime
from trinity_channels.api import ProviderUnavailable
from trinity_channels.bindings import Disconnected
from trinity_channels.crypto.vault import VaultError
from trinity_channels.inbound.vouching import Known, Vouching, expire
from trinity_channels.observability.log import get_logger
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, Tx, verified_emails
from trinity_channels.store.verified_emails import Linked

log = get_logger(__name__)

EVERY = timedelta(hours=1)
"""Between two searches for unused e-mails. Those who write are looked at before that; this is for those who do not."""
BATCH = 100
CHECK_AFTER = timedelta(hours=24)
"""The age from which a provider's word is asked for again, for people who do not write."""
CHECK_AGAIN = timedelta(hours=1)
"""After a provider could not be asked."""
CHECKS = 5
"""Contacts that are asked about in one round, one after another: a provider's own limits are for those who write."""
PATIENCE = 5.0
"""Seconds for one answer; the other chores wait."""


class EmailUpkeep:
    """Keeps verified e-mails true while people are silent."""

    def __init__(
        self, store: Store, plugins: Plugins, vouching: Vouching, lifetime: Lifetime, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._vouching = vouching
        self._lifetime = lifetime
        self._now = now
        self._next_search = now()

    async def run(self) -> None:
        """Do a round.

        Raises:
            StoreError: the database cannot be used.
        """
        now = self._now()
        if now >= self._next_search or self._next_search > now + EVERY:  # further ahead: the clock was set back
            # In batches: a transaction over all of them would hold up the messages that arrive.
            more = await self._store.write(lambda tx: self._end_unused(tx, now))
            self._next_search = now if more else now + EVERY
        await self._check(now)

    def _end_unused(self, tx: Tx, now: datetime) -> bool:
        """End what is over; True if there may be more."""
        found = verified_emails.unused(
            tx, silent_since=now - self._lifetime.shortest, unused_since=now - self._lifetime.unused, most=BATCH
        )
        for linked in found:
            expire(tx, linked, now)
        return len(found) == BATCH

    async def _check(self, now: datetime) -> None:
        due = await self._store.lookup(lambda tx: verified_emails.to_check(tx, now - CHECK_AFTER, CHECKS))
        unavailable: set[int] = set()
        for linked in due:
            # One that failed speaks for its binding: with a time-out each, the others would use up the round.
            known = None if linked.binding in unavailable else await self._known(linked)
            if known is None:
                unavailable.add(linked.binding)
            # One transaction a contact: what was found about the first is not lost with the second.
            await self._store.write(partial(self._settle, linked=linked, known=known, now=now))

    async def _known(self, linked: Linked) -> Known | None:
        """What the provider says, None if it cannot be asked now."""
        if linked.channel not in self._plugins:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._vouching.ask(linked)
        except (ProviderUnavailable, Disconnected, VaultError, TimeoutError) as error:
            log.info("e-mail not checked", agent=linked.agent, channel=linked.channel, error=type(error).__name__)
            return None

    def _settle(self, tx: Tx, linked: Linked, known: Known | None, now: datetime) -> None:
        if known is None:
            # Dated back, so that it is due again in an hour, behind those that wait longer.
            verified_emails.checked(tx, linked.contact, now - CHECK_AFTER + CHECK_AGAIN)
        else:
            self._vouching.settle(tx, linked, known, now, wrote=False)
