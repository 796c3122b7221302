"""What a principal may do with an agent. Missing and foreign agents are refused alike."""

from __future__ import annotations

from typing import Protocol

from trinity_channels.agent_name import fits_addresses
from trinity_channels.principal import Owner, Principal, Role
from trinity_channels.refusal import Refusal


class Owners(Protocol):
    """Knows who owns an agent; the Directory port is one."""

    async def owner(self, agent: str) -> Owner | str | None:
        """The owner; None if there is no such agent."""


class Authorisation:
    """The one place that decides it. Services ask it before they do anything."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    async def owner_of(self, agent: str) -> Owner | None:
        """Who owns an agent; None if there is none, or if its name cannot stand in addresses."""
        return Owner.known(await self._owners.owner(agent)) if fits_addresses(agent) else None

    async def owner(self, principal: Principal, agent: str) -> None:
        """Require the agent's owner or an administrator; the agent's own key is refused.

        Raises:
            Refusal: `agent_not_found`, or `agent_key_not_allowed`.
        """
        await self.member(principal, agent)
        person(principal)

    async def member(self, principal: Principal, agent: str) -> None:
        """Require the agent's owner, an administrator or the agent itself.

        Raises:
            Refusal: `agent_not_found`, also if the agent exists: a foreign principal must not learn that.
        """
        # One sentence for both, missing and foreign.
        if not await self.manages(principal, agent):
            raise Refusal("agent_not_found", "There is no such agent, or it is not yours.")

    async def manages(self, principal: Principal, agent: str) -> bool:
        """Whether the principal may know and use the agent."""
        owner = await self.owner_of(agent)
        # Also for administrators: there is nothing to manage.
        if owner is None:
            return False
        match principal.role:
            case Role.ADMIN:
                return True
            case Role.USER:
                return bool(owner.id) and principal.subject == owner.id
            case Role.AGENT:
                return principal.subject == agent


def person(principal: Principal) -> None:
    """Require a user or an administrator.

    Raises:
        Refusal: `agent_key_not_allowed`.
    """
    if principal.role is Role.AGENT:
        raise Refusal("agent_key_not_allowed", "An agent's own key may not do this; its owner may.")


def administrator(principal: Principal) -> None:
    """Require an administrator.

    Raises:
        Refusal: `forbidden`.
    """
    if principal.role is not Role.ADMIN:
        raise Refusal("forbidden", "Only an administrator may do this.")
