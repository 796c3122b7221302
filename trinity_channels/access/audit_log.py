"""The audit log, as it may be read: by an owner about an agent, by an administrator about everything."""

from __future__ import annotations

from datetime import datetime

from trinity_channels.authorisation import Authorisation, administrator
from trinity_channels.principal import Principal
from trinity_channels.store import Store, audit
from trinity_channels.store.audit import Entry


class AuditLog:
    """Reads it. One service for the API and pages."""

    def __init__(self, store: Store, may: Authorisation) -> None:
        self._store = store
        self._may = may

    async def entries(
        self,
        principal: Principal,
        agent: str | None,
        *,
        action: str = "",
        since: datetime | None = None,
        before: int | None = None,
        most: int = 200,
    ) -> list[Entry]:
        """What was done, newest first.

        Args:
            principal: who reads.
            agent: with which agent; None, for administrators only, means everything on this host.
            action: only this action; empty means all.
            since: only from then on.
            before: only entries older than the one with this id.
            most: so many at most.

        Raises:
            Refusal: the principal may not read it.
        """
        if agent is None:
            administrator(principal)
        else:
            await self._may.owner(principal, agent)
        return await self._store.read(
            lambda tx: audit.entries(tx, agent, action=action or None, since=since, before=before, most=most)
        )
