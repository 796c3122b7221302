"""The audit log, as it may be read: by an owner about an agent, by an administrator about everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from trinity_channels.access.actors import Actors
from trinity_channels.authorisation import Authorisation, administrator
from trinity_channels.principal import Principal
from trinity_channels.store import Store, Tx, audit, audit_names
from trinity_channels.store.audit_names import Told


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which entries are wanted.

    Attributes:
        action: only this action; empty means all.
        actor: only what they did; empty means everyone.
        about: only what concerns the agent of this name, which may be gone; for the log of the whole host.
        since: only from then on.
        before: only entries older than the one with this id.
    """

    action: str = ""
    actor: str = ""
    about: str = ""
    since: datetime | None = None
    before: int | None = None


_ALL = Narrowed()


class AuditLog:
    """Reads it. One service for the API and pages."""

    def __init__(self, store: Store, may: Authorisation, actors: Actors) -> None:
        self._store = store
        self._may = may
        self._actors = actors

    async def entries(
        self, principal: Principal, agent: str | None, narrowed: Narrowed = _ALL, most: int = 200
    ) -> list[Told]:
        """What was done, newest first.

        Args:
            principal: who reads.
            agent: with which agent; None, for administrators only, means everything on this host.
            narrowed: which entries.
            most: so many at most.

        Raises:
            Refusal: the principal may not read it.
        """
        if agent is None:
            administrator(principal)
        else:
            await self._may.owner(principal, agent)

        def read(tx: Tx) -> list[Told]:
            found = audit.entries(
                tx,
                agent or narrowed.about or None,
                action=narrowed.action or None,
                actor=narrowed.actor or None,
                since=narrowed.since,
                before=narrowed.before,
                most=most,
            )
            return audit_names.told(tx, found)

        entries = await self._store.read(read)
        called = await self._actors.called(one.entry.actor for one in entries)
        return [replace(one, user=called.get(one.entry.actor, "")) for one in entries]
