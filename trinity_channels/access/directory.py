"""The Directory port: which agents there are, who owns them, whom they are shared with."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol, runtime_checkable

from trinity_channels.agent_name import fits_addresses
from trinity_channels.agents.table import AgentTable
from trinity_channels.principal import Owner, Principal
from trinity_channels.store import Store, access
from trinity_channels.store.access import Share


class Directory(Protocol):
    """What the host asks the surrounding application about agents. E-mails are lower case.

    `by` names who acts as our audit log does, `principal` as the application's own authenticator has named them; commands on
    the host's machine act as an administrator without a subject. A method without a parameter `principal` is called
    without it.

    Raises:
        Unavailable: by any operation, if it cannot be done at present (`trinity_channels.refusal`).
    """

    async def agents(self, owner: str | None) -> list[str]:
        """The names of the agents that an owner has, by `Owner.id`, in order; None means every agent there is."""

    async def owner(self, agent: str) -> Owner | str | None:
        """The owner; None if there is no such agent. A text is an `Owner` whose id, and e-mail if it is one, it is."""

    async def may_use(self, agent: str, email: str) -> bool:
        """Whether an e-mail belongs to the owner, an admin, or someone the agent is shared with."""

    async def shares(self, agent: str) -> list[Share]:
        """The agent's shares, by e-mail."""

    async def grant(self, agent: str, email: str, *, by: str, principal: Principal) -> bool:
        """Share the agent, also because an access request was approved; False if it was shared already."""

    async def revoke(self, agent: str, email: str, *, principal: Principal) -> bool:
        """Take a share away; False if there was none."""

    async def consent(self, agent: str, email: str, *, allow: bool, principal: Principal) -> bool:
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


@runtime_checkable
class Suspensions(Protocol):
    """What a Directory may offer besides, if the application can suspend accounts. Without it no account is suspended."""

    async def suspended(self, email: str) -> bool:
        """Whether the account with this e-mail is suspended: what its holder writes is dropped, whatever the policy says.

        Asked for every message of someone with a verified e-mail.
        """


class LocalDirectory:
    """Agents from the settings, shares from our own table: the Directory of a host that runs alone."""

    def __init__(self, store: Store, configured: AgentTable, now: Callable[[], datetime]) -> None:
        self._store = store
        self._configured = configured
        self._now = now

    async def agents(self, owner: str | None) -> list[str]:
        return self._configured.owned_by(owner)

    async def owner(self, agent: str) -> Owner | None:
        email = self._configured.owner(agent)
        return None if email is None else Owner(email, email)

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

    async def grant(self, agent: str, email: str, *, by: str, principal: Principal) -> bool:  # noqa: ARG002  `by` is kept
        now = self._now()
        return await self._store.write(lambda tx: access.grant(tx, agent, email, by, now))

    async def revoke(self, agent: str, email: str, *, principal: Principal) -> bool:  # noqa: ARG002  as above
        return await self._store.write(lambda tx: access.revoke(tx, agent, email))

    async def consent(self, agent: str, email: str, *, allow: bool, principal: Principal) -> bool:  # noqa: ARG002
        return await self._store.write(lambda tx: access.consent(tx, agent, email, allow=allow))


async def agents_of(directory: Directory, owner: str | None) -> list[str]:
    """The agents of an owner, all of them for None; without those whose names cannot stand in addresses."""
    return [name for name in await directory.agents(owner) if fits_addresses(name)]


async def owner_of(directory: Directory, agent: str) -> Owner | None:
    """The owner of an agent; None if there is no such agent, or if its name cannot stand in addresses."""
    return Owner.known(await directory.owner(agent)) if fits_addresses(agent) else None


async def is_suspended(directory: Directory, email: str | None) -> bool:
    """Whether the account with this e-mail is suspended."""
    return email is not None and isinstance(directory, Suspensions) and await directory.suspended(email)


async def owner_email(directory: Directory, agent: str) -> str | None:
    """Where mail reaches an agent's owner; None if there is no such agent, or if the e-mail is not known."""
    owner = await owner_of(directory, agent)
    return owner.email if owner else None


async def grant(directory: Directory, agent: str, email: str, principal: Principal) -> bool:
    """Share an agent on behalf of someone; False if it was shared already."""
    return await _acting(directory.grant, principal)(agent, email, by=principal.actor)


async def revoke(directory: Directory, agent: str, email: str, principal: Principal) -> bool:
    """Take a share away on behalf of someone; False if there was none."""
    return await _acting(directory.revoke, principal)(agent, email)


async def consent(directory: Directory, agent: str, email: str, principal: Principal, *, allow: bool) -> bool:
    """Allow or forbid proactive messages on behalf of someone; False if the agent is not shared with the e-mail."""
    return await _acting(directory.consent, principal)(agent, email, allow=allow)


def _acting(method: Callable[..., Awaitable[bool]], principal: Principal) -> Callable[..., Awaitable[bool]]:
    """A method of a directory that is told who acts, if it takes that: directories were once made without it."""
    parameters = inspect.signature(method).parameters
    takes = "principal" in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    return partial(method, principal=principal) if takes else method


async def may_write_first(directory: Directory, agent: str, email: str) -> bool:
    """Whether an agent may write to an e-mail's holder first: to its owner always, to others if the share allows it."""
    if email == await owner_email(directory, agent):
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
