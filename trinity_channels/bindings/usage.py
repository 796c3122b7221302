"""How many agents use each channel, for administrators."""

from __future__ import annotations

from collections.abc import Mapping

from trinity_channels.authorisation import administrator
from trinity_channels.principal import Principal
from trinity_channels.store import Store, bindings


class ChannelUsage:
    """Counts connections. One service for the API and pages."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def agents(self, principal: Principal) -> Mapping[str, int]:
        """The number of connected agents by channel; channels that no agent uses are missing.

        A channel may be among them whose plugin cannot be used, or was removed.

        Raises:
            Refusal: the principal is not an administrator.
        """
        administrator(principal)
        return await self._store.read(bindings.usage)
