"""The Directory of a host beside Trinity: agents, owners and shares are the platform's, asked for over its HTTP API.

What it says counts for a minute. If it cannot be asked, nothing is allowed, and what waits for it waits. Whom an agent is
shared with only the owner's key or an administrator's may see; with another one no one is let in because of a share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from trinity_channels.agents.kept import Kept
from trinity_channels.agents.trinity_accounts import (
    Account,
    PlatformRefused,
    PlatformShare,
    TrinityAccounts,
    by_name,
)
from trinity_channels.observability.log import get_logger
from trinity_channels.principal import Owner, Principal
from trinity_channels.store.access import Share

log = get_logger(__name__)

_ONE = ""
"""The key of what there is once."""


@dataclass(frozen=True, slots=True)
class _People:
    """Accounts, by what each message asks them for: there may be thousands."""

    by_name: Mapping[str, Account]
    admins: frozenset[str]
    """E-mails, as `suspended`."""
    suspended: frozenset[str]

    @classmethod
    def of(cls, accounts: Sequence[Account]) -> Self:
        return cls(
            {one.username: one for one in accounts},
            frozenset(one.email for one in accounts if one.is_admin),
            frozenset(one.email for one in accounts if one.suspended),
        )


class TrinityDirectory:
    """Asks `accounts`. Owners are known by their e-mail where the token may see it, otherwise by their user name."""

    def __init__(self, accounts: TrinityAccounts, now: Callable[[], datetime]) -> None:
        self.accounts = accounts
        self._agents: Kept[dict[str, str]] = Kept(now)
        self._users: Kept[_People] = Kept(now)
        self._shares: Kept[list[PlatformShare] | None] = Kept(now)
        self._unseen: dict[str, str] = {}

    async def agents(self, owner: str | None) -> list[str]:
        """As the port.

        Raises:
            PlatformUnavailable: by this and all other operations.
        """
        found = await self._every()
        return sorted([name for name in found if owner is None or await self.identity(found[name]) == owner])

    async def owner(self, agent: str) -> Owner | None:
        username = (await self._every()).get(agent)
        if username is None:
            return None
        account = (await self._known()).by_name.get(username)
        return Owner(await self.identity(username), account.email or None if account else None, username)

    async def identity(self, username: str) -> str:
        """What identifies an account here; empty if the platform names none."""
        account = (await self._known()).by_name.get(username)
        return account.identity if account else by_name(username)

    async def may_use(self, agent: str, email: str) -> bool:
        owner = await self.owner(agent)
        if owner is None or await self.suspended(email):
            return False
        if owner.email == email or email in (await self._known()).admins:
            return True
        return any(one.email == email for one in await self._shared(agent) or ())

    async def suspended(self, email: str) -> bool:
        """As `Suspensions`; no one, if the token may not list the accounts."""
        return email in (await self._known()).suspended

    async def shares(self, agent: str) -> list[Share]:
        """As the port.

        Raises:
            PlatformRefused: the token may not see them.
        """
        found = await self._shared(agent)
        if found is None:
            raise PlatformRefused(f"see whom {agent} is shared with", self.accounts.platform.token_variable)
        shares = [Share(one.email, bool(one.allow_proactive), one.by, one.at) for one in found]
        return sorted(shares, key=lambda one: one.email)

    def agents_changed(self) -> None:
        """An agent was renamed or deleted there: names mean something else now."""
        self._agents.forget_all()
        self._shares.forget_all()
        self._unseen.clear()

    def shares_changed(self) -> None:
        """Another process has changed whom an agent is shared with."""
        self._shares.forget_all()

    def unseen(self, agent: str) -> str:
        """Why an agent's shares could not be seen when they were last asked for; empty if they were."""
        return self._unseen.get(agent, "")

    async def grant(self, agent: str, email: str, *, by: str, principal: Principal) -> bool:  # noqa: ARG002
        """As the port, but the platform records the token's owner. Errors as `TrinityAccounts.share`."""
        granted = await self.accounts.share(agent, email)
        self._shares.forget(agent)
        return granted

    async def revoke(self, agent: str, email: str, *, principal: Principal) -> bool:  # noqa: ARG002
        """As the port.

        Raises:
            PlatformRefused: the token may not do that.
        """
        done = await self.accounts.unshare(agent, email)
        return await self._changed(agent, email, done=done)

    async def consent(self, agent: str, email: str, *, allow: bool, principal: Principal) -> bool:  # noqa: ARG002
        """As the port. Errors as `revoke`."""
        done = await self.accounts.consent(agent, email, allow=allow)
        return await self._changed(agent, email, done=done)

    async def _changed(self, agent: str, email: str, *, done: bool) -> bool:
        self._shares.forget(agent)
        # The platform has one answer for a share that is not there and for an agent that is not the token's.
        if not done and any(one.email == email for one in await self.shares(agent)):
            raise PlatformRefused(f"change the shares of {agent}", self.accounts.platform.token_variable)
        return done

    async def _every(self) -> dict[str, str]:
        return await self._agents.get(_ONE, self.accounts.agents)

    async def _known(self) -> _People:
        """The accounts that the token may see: all, or its own."""

        async def ask() -> _People:
            found = await self.accounts.users()
            # Without the right to list them it still knows its own.
            if not found and (me := await self.accounts.me()):
                found = [me]
            return _People.of(found)

        return await self._users.get(_ONE, ask)

    async def _shared(self, agent: str) -> list[PlatformShare] | None:
        """An agent's shares; None if the token may not see them."""

        async def ask() -> list[PlatformShare] | None:
            try:
                found = await self.accounts.shares(agent)
            except PlatformRefused as refused:
                log.warning("shares not readable", agent=agent, reason=refused.message)
                self._unseen[agent] = refused.message
                return None
            self._unseen.pop(agent, None)
            return found

        return await self._shares.get(agent, ask)
