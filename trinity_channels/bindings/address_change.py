"""Changing the public address: every webhook URL follows at once, and the providers that can be told are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.bindings.registry import Bindings
from trinity_channels.store import Store, audit


class UnusableAddress(Exception):
    """No provider could reach this host at the address; says why."""


class AddressChange:
    """What an administrator does; `actor` is who, for the audit log."""

    def __init__(
        self,
        address: PublicAddress,
        opened: Bindings,
        connections: Connections,
        store: Store,
        now: Callable[[], datetime],
    ) -> None:
        self._address = address
        self._opened = opened
        self._connections = connections
        self._store = store
        self._now = now

    async def to(self, text: str, actor: str) -> list[str]:
        """Store a new address, an empty one for none; returns which providers could not be told, and why.

        Raises:
            UnusableAddress: nothing is changed.
        """
        try:
            await self._address.set(text)
        except ValueError as error:
            raise UnusableAddress(str(error)) from error
        # The open bindings hold contexts with the former address.
        self._opened.forget()
        now = self._now()
        await self._store.write(lambda tx: audit.add(tx, now, actor, "set_public_chat_url"))
        return await self._connections.register_all() if self._address.value else []
