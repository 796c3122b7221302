"""Contexts: what the host lends to the hooks of a channel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import httpx

from trinity_channels.api import Context
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.http_client.websockets import OpenTo, of_provider, open_websocket
from trinity_channels.plugins import Plugins


class Contexts:
    """Makes them, with the public `address` as it is now."""

    def __init__(
        self,
        plugins: Plugins,
        http: httpx.AsyncClient,
        address: PublicAddress,
        api_base_url: Callable[[str], str | None],
        now: Callable[[], datetime],
        websocket: OpenTo | None = None,
    ) -> None:
        """`api_base_url` gives the address that the settings move a provider to, None for its own."""
        self._plugins = plugins
        self._http = http
        self.address = address
        self._api_base_url = api_base_url
        self._now = now
        self._websocket = websocket or open_websocket

    def of(self, channel: str, webhook_key: str | None = None) -> Context:
        """The context of a channel, of a binding with its `webhook_key`."""
        moved_to = self._api_base_url(self._plugins[channel].manifest.provider)
        return Context(
            http=self._http,
            now=self._now,
            webhook_url=self.address.webhook(channel, webhook_key) if webhook_key else None,
            api_base_url=moved_to,
            websocket=of_provider(self._websocket, moved_to),
        )
