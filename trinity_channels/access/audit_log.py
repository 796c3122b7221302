"""The audit log, as it may be read: by an owner about an agent, by an administrator about everything."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime

from trinity_channels.authorisation import Authorisation, administrator
from trinity_channels.principal import Principal, Role
from trinity_channels.refusal import Refusal
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
_USER = f"{Role.USER}:"


class AuditLog:
    """Reads it. One service for the API and pages."""

    def __init__(self, store: Store, may: Authorisation) -> None:
        self._store = store
        self._may = may

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

        return await self._with_users(await self._store.read(read))

    async def _with_users(self, entries: list[Told]) -> list[Told]:
        """Name the owners that another application knows by an id; one whose agents are all gone stays an id."""
        nameless = [one.entry for one in entries if one.entry.actor.startswith(_USER) and "@" not in one.entry.actor]
        called: dict[str, str] = {}
        for agent in {one.agent for one in nameless if one.agent}:
            # A directory that cannot be asked must not keep the log from being read.
            with contextlib.suppress(Refusal):
                if owner := await self._may.owner_of(agent):
                    called[f"{_USER}{owner.id}"] = owner.shown
        return [replace(one, user=called[one.entry.actor]) if one.entry.actor in called else one for one in entries]
