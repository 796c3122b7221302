"""Changing the public address: every webhook URL follows at once, and the providers that can be told are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from trinity_channels.authorisation import administrator
from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.bindings.registry import Bindings
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, audit


class UnusableAddress(Refusal):
    """No provider could reach this host at the address; says why."""

    def __init__(self, why: str) -> None:
        super().__init__("invalid_input", f"public_chat_url {why}.", field="value")


class AddressChange:
    """What an administrator does."""

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

    async def to(self, principal: Principal, text: str) -> list[str]:
        """Store a new address, an empty one for none; returns which providers could not be told, and why.

        Raises:
            Refusal: the principal is not an administrator.
            UnusableAddress: nothing is changed.
        """
        administrator(principal)
        try:
            await self._address.set(text)
        except ValueError as error:
            raise UnusableAddress(str(error)) from error
        # The open bindings hold contexts with the former address.
        self._opened.forget()
        now = self._now()
        await self._store.write(lambda tx: audit.add(tx, now, principal.actor, "set_public_chat_url"))
        # Without an address the providers keep the former one: there is no way to tell most of them "none".
        return await self._connections.register_all() if self._address.value else []
