"""The Directory port: which agents there are, who owns them, whom they are shared with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from trinity_channels.agents.table import AgentTable
from trinity_channels.email_address import normalise_email
from trinity_channels.store import Store, access
from trinity_channels.store.access import Share


class Directory(Protocol):
    """What the host asks the surrounding application about agents. E-mails are lower case.

    Raises:
        Unavailable: by any operation, if it cannot be done at present (`trinity_channels.refusal`).
    """

    async def agents(self, owner: str | None) -> list[str]:
        """The names of the agents that an owner has, in order; None means every agent there is."""

    async def owner(self, agent: str) -> str | None:
        """The owner's e-mail, or what else identifies them where it is not known; None if there is no such agent."""

    async def may_use(self, agent: str, email: str) -> bool:
        """Whether an e-mail belongs to the owner, an admin, or someone the agent is shared with."""

    async def shares(self, agent: str) -> list[Share]:
        """The agent's shares, by e-mail."""

    async def grant(self, agent: str, email: str, *, by: str) -> bool:
        """Share the agent; False if it was shared already."""

    async def revoke(self, agent: str, email: str) -> bool:
        """Take a share away; False if there was none."""

    async def consent(self, agent: str, email: str, *, allow: bool) -> bool:
        """Allow or forbid proactive messages to a shared e-mail; False if it is not shared."""


class LocalDirectory:
    """Agents from the settings, shares from our own table: the Directory of a host that runs alone."""

    def __init__(self, store: Store, configured: AgentTable, now: Callable[[], datetime]) -> None:
        self._store = store
        self._configured = configured
        self._now = now

    async def agents(self, owner: str | None) -> list[str]:
        return self._configured.owned_by(owner)

    async def owner(self, agent: str) -> str | None:
        return self._configured.owner(agent)

    async def may_use(self, agent: str, email: str) -> bool:
        # The owner needs no share, and no query.
        if self._configured.owner(agent) == email:
            return True
        return await self._store.lookup(lambda tx: access.share(tx, agent, email)) is not None

    async def shares(self, agent: str) -> list[Share]:
        return await self._store.read(lambda tx: access.shares(tx, agent))

    async def grant(self, agent: str, email: str, *, by: str) -> bool:
        now = self._now()
        return await self._store.write(lambda tx: access.grant(tx, agent, email, by, now))

    async def revoke(self, agent: str, email: str) -> bool:
        return await self._store.write(lambda tx: access.revoke(tx, agent, email))

    async def consent(self, agent: str, email: str, *, allow: bool) -> bool:
        return await self._store.write(lambda tx: access.consent(tx, agent, email, allow=allow))


async def owner_email(directory: Directory, agent: str) -> str | None:
    """Where mail reaches an agent's owner; None if there is no such agent, or if the e-mail is not known."""
    owner = await directory.owner(agent)
    try:
        return normalise_email(owner) if owner else None
    except ValueError:
        return None


async def may_write_first(directory: Directory, agent: str, email: str) -> bool:
    """Whether an agent may write to an e-mail's holder first: to its owner always, to others if the share allows it."""
    if email == await directory.owner(agent):
        return True
    return any(one.email == email and one.allow_proactive for one in await directory.shares(agent))
