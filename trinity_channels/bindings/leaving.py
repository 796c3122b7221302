"""Taking our webhook back at the provider when an owner disconnects: best effort, after it was done here."""

from __future__ import annotations

import asyncio

from trinity_channels.bindings.open_binding import OpenBinding
from trinity_channels.bindings.registry import Bindings, Disconnected
from trinity_channels.crypto.vault import VaultError
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, StoreError, notices
from trinity_channels.store.bindings import StoredBinding

log = get_logger(__name__)

PATIENCE = 10.0
"""Seconds that the provider may take; the owner waits for it."""


async def webhook_to_take_back(store: Store, opened: Bindings, stored: StoredBinding) -> OpenBinding | None:
    """A binding whose provider can be told that it is over, with its secrets.

    None if it cannot be told, or is not to be: what comes to an imported address goes to the platform from then on.
    """
    try:
        if await store.lookup(lambda tx: notices.keeps_address(tx, stored.id)):
            return None
        bound = await opened.open(stored.id)
    except (VaultError, Disconnected, StoreError):
        return None
    return bound if bound.manifest.capabilities.unregister_webhook and bound.context.webhook_url else None


async def take_webhook_back(left: OpenBinding) -> None:
    """Tell the provider; never raises."""
    try:
        async with asyncio.timeout(PATIENCE):
            await left.unregister_webhook()
    except Exception as error:  # noqa: BLE001  it is disconnected, whatever the plugin does
        log.warning("webhook not taken back", agent=left.agent, channel=left.channel, error=type(error).__name__)
