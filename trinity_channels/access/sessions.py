"""Browsers that are signed in to the pages: opened with a token or a mailed link, ended by time or by the person."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels.access.tokens import token_digest
from trinity_channels.principal import Principal, Role
from trinity_channels.store import Store, StoreError, Tx, audit, sessions, sign_in_links
from trinity_channels.store.sessions import StoredSession

IDLE = timedelta(hours=12)
"""A session that is not used for that long has ended."""
LASTS = timedelta(days=7)
"""A session ends after that long in any case."""
USE_NOTED = timedelta(minutes=1)
UPKEEP = timedelta(hours=1)
KEEP_LINKS = timedelta(days=1)
"""How long requests for a link are kept; no limit counts older ones."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has not ended. `credential` is the digest of the token it was opened with, empty for a link."""

    id: int
    principal: Principal
    credential: str


class Sessions:
    """Opens, finds and ends them. As a chore of the host it deletes those whose time is over."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._upkeep_at: datetime | None = None

    async def open(self, principal: Principal, *, credential: str = "", via: str) -> str:
        """Begin a session.

        Args:
            principal: who signs in.
            credential: the digest of the token they signed in with; the session ends with the token.
            via: how they signed in, for the audit log.

        Returns:
            The value of the cookie; the database keeps only its digest.
        """
        cookie = secrets.token_urlsafe(32)
        now = self._now()

        def unit(tx: Tx) -> None:
            # A digest: a copy of the database signs no one in.
            sessions.add(tx, token_digest(cookie), principal.role, principal.subject, credential, now)
            audit.add(tx, now, principal.actor, "sign_in", details={"via": via})

        await self._store.write(unit)
        return cookie

    async def find(self, cookie: str, *, uses: bool = True) -> Session | None:
        """The session of a cookie, None if it has ended. Its use is noted, once a minute at most, unless not `uses`."""
        found = await self._store.lookup(lambda tx: sessions.find(tx, token_digest(cookie)))
        now = self._now()
        if found is None or _has_ended(found, now):
            return None
        # A write with every request would cost more than the page.
        if uses and not timedelta() <= now - found.used_at < USE_NOTED:
            with contextlib.suppress(StoreError):  # pages can be read while the database cannot be written to
                await self._store.write(lambda tx: sessions.used(tx, found.id, now))
        return Session(found.id, Principal(Role(found.role), found.subject), found.credential)

    async def of(self, principal: Principal) -> list[StoredSession]:
        """The sessions of a principal that have not ended, oldest first."""
        now = self._now()
        every = await self._store.read(lambda tx: sessions.of(tx, principal.role, principal.subject))
        return [one for one in every if not _has_ended(one, now)]

    async def end(self, session: Session) -> None:
        """Sign out one browser."""
        now = self._now()

        def unit(tx: Tx) -> None:
            if sessions.end(tx, session.id):
                audit.add(tx, now, session.principal.actor, "sign_out")

        await self._store.write(unit)

    async def end_all(self, principal: Principal) -> int:
        """Sign out every browser of a principal; returns how many there were."""
        now = self._now()

        def unit(tx: Tx) -> int:
            ended = sessions.end_all(tx, principal.role, principal.subject)
            audit.add(tx, now, principal.actor, "sign_out_everywhere", details={"sessions": ended})
            return ended

        return await self._store.write(unit)

    async def run(self) -> None:
        """Delete what has ended; does something once an hour."""
        now = self._now()
        if self._upkeep_at is not None and timedelta() <= now - self._upkeep_at < UPKEEP:
            return
        self._upkeep_at = now

        def unit(tx: Tx) -> None:
            sessions.delete_ended(tx, unused_since=now - IDLE, created_before=now - LASTS)
            sign_in_links.delete_old(tx, now - KEEP_LINKS)

        await self._store.write(unit)


def _has_ended(session: StoredSession, now: datetime) -> bool:
    return now - session.used_at >= IDLE or now - session.created_at >= LASTS
