"""Probes as people may send them: owners for one channel of their agent, administrators for the whole host."""

from __future__ import annotations

from trinity_channels.authorisation import Authorisation, administrator
from trinity_channels.bindings.public_address import Probed
from trinity_channels.inbound.way_in.prober import WayIn
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal


class OwnersWayIn:
    """Authorises principals to prove the way in."""

    def __init__(self, way_in: WayIn, may: Authorisation) -> None:
        self._way_in = way_in
        self._may = may

    async def prove(self, principal: Principal, agent: str, channel: str) -> Probed:
        """Prove the way in of one channel.

        Raises:
            Refusal: the principal is neither the owner nor an administrator, or there is no public address, or no webhook.
        """
        await self._may.owner(principal, agent)
        return await self._way_in.prove_one(agent, channel)

    async def prove_all(self, principal: Principal) -> list[Probed]:
        """Prove the way in of every channel in use.

        Raises:
            Refusal: the principal is not an administrator, or there is no public address.
        """
        administrator(principal)
        found = await self._way_in.prove()
        # Without an address there is nowhere to send a probe, and an empty list would look like success.
        if not found and self._way_in.address is None:
            raise Refusal("no_public_url", "public_chat_url is not set; set it, then probe it.")
        return found

    def newest(self, principal: Principal) -> list[Probed]:
        """What the newest probes found; empty before the first one since the host was started or its address changed.

        Raises:
            Refusal: the principal is not an administrator.
        """
        administrator(principal)
        return list(self._way_in.newest)
