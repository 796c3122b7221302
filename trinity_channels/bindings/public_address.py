"""The public address of this host: where providers reach our webhooks. The stored setting wins over PUBLIC_CHAT_URL."""

from __future__ import annotations

from trinity_channels.public_url import normalise_public_url
from trinity_channels.store import Store, settings

NAME = "public_chat_url"


class PublicAddress:
    """Holds the address in memory; every webhook's signature is computed over it."""

    def __init__(self, store: Store, first: str | None) -> None:
        self._store = store
        self.value = first

    async def load(self) -> None:
        """Read the stored address, if there is one."""
        stored = await self._store.read(lambda tx: settings.get(tx, NAME))
        if stored is not None:
            self.value = stored or None

    async def set(self, text: str) -> None:
        """Check and store a new address; an empty one means none.

        Raises:
            ValueError: it is no address that a provider could reach us at.
        """
        value = normalise_public_url(text) if text.strip() else ""
        await self._store.write(lambda tx: settings.put(tx, NAME, value))
        self.value = value or None

    def webhook(self, channel: str, key: str) -> str | None:
        """What an owner gives the provider; None while no address is set."""
        return f"{self.value}/api/{channel}/webhook/{key}" if self.value else None
