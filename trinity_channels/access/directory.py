"""The Directory port: which agents there are, who owns them, whom they are shared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

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


@runtime_checkable
class ManyShares(Protocol):
    """What a Directory may offer besides, so that one share of thousands is found without reading all of them."""

    async def share(self, agent: str, email: str) -> Share | None:
        """The share of one e-mail; None if there is none."""

    async def share_page(self, agent: str, after: str, most: int) -> list[Share]:
        """At most `most` shares, by e-mail, behind the e-mail `after`."""

    async def share_count(self, agent: str) -> int:
        """How many shares the agent has."""


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

    async def share(self, agent: str, email: str) -> Share | None:
        return await self._store.read(lambda tx: access.share(tx, agent, email))

    async def share_page(self, agent: str, after: str, most: int) -> list[Share]:
        return await self._store.read(lambda tx: access.shares(tx, agent, after=after, most=most))

    async def share_count(self, agent: str) -> int:
        return await self._store.read(lambda tx: access.share_count(tx, agent))

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
    share = await share_of(directory, agent, email)
    return share is not None and share.allow_proactive


async def share_of(directory: Directory, agent: str, email: str) -> Share | None:
    """The share of one e-mail; None if there is none."""
    if isinstance(directory, ManyShares):
        return await directory.share(agent, email)
    return next((one for one in await directory.shares(agent) if one.email == email), None)


@dataclass(frozen=True, slots=True)
class SharePage:
    """Some of an agent's shares, by e-mail.

    Attributes:
        shares: these.
        next: the e-mail behind which the next page begins; empty if this is the last one.
        number: how many shares there are in all.
    """

    shares: tuple[Share, ...]
    next: str
    number: int


async def share_page(directory: Directory, agent: str, after: str, most: int) -> SharePage:
    """At most `most` shares behind the e-mail `after`."""
    # One more than is shown tells whether there is another page.
    if isinstance(directory, ManyShares):
        found, number = await directory.share_page(agent, after, most + 1), await directory.share_count(agent)
    else:
        every = sorted(await directory.shares(agent), key=lambda one: one.email)
        found, number = [one for one in every if one.email > after][: most + 1], len(every)
    shown = tuple(found[:most])
    return SharePage(shown, shown[-1].email if len(found) > most else "", number)
