"""Probes that the owner of an agent may send, for one channel of it."""

from __future__ import annotations

from trinity_channels.authorisation import Authorisation
from trinity_channels.bindings.public_address import Probed
from trinity_channels.inbound.way_in.prober import WayIn
from trinity_channels.principal import Principal


class OwnersWayIn:
    """Authorises principals to prove the way in."""

    def __init__(self, way_in: WayIn, may: Authorisation) -> None:
        self._way_in = way_in
        self._may = may

    async def prove(self, principal: Principal, agent: str, channel: str) -> Probed:
        """Prove the way in of one channel.

        Raises:
            Refusal: the principal is neither the owner nor an administrator, or there is no public address.
        """
        await self._may.owner(principal, agent)
        return await self._way_in.prove_one(channel)
