"""The people an agent is shared with, and whether they have come: each share beside what its e-mail has done on channels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trinity_channels.access.directory import Directory
from trinity_channels.authorisation import Authorisation
from trinity_channels.principal import Principal
from trinity_channels.store import Store, access
from trinity_channels.store.access import Share


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """Someone the agent is shared with.

    Attributes:
        share: the share.
        last_active: when someone with this verified e-mail last wrote to the agent; None if no one has.
    """

    share: Share
    last_active: datetime | None


class Roster:
    """Lists them for owners and administrators."""

    def __init__(self, store: Store, directory: Directory, may: Authorisation) -> None:
        self._store = store
        self._directory = directory
        self._may = may

    async def of(self, principal: Principal, agent: str) -> list[RosterEntry]:
        """Everyone the agent is shared with, the newest share first.

        Raises:
            Refusal: the principal may not manage the agent.
        """
        await self._may.owner(principal, agent)
        shares = await self._directory.shares(agent)
        emails = [one.email for one in shares]
        active = await self._store.read(lambda tx: access.last_active(tx, agent, emails))
        newest = sorted(shares, key=lambda one: one.created_at, reverse=True)
        return [RosterEntry(one, active.get(one.email)) for one in newest]
