"""The echo channel as one without webhooks: what people write is fetched, and nothing has to be reached from outside."""

from __future__ import annotations

from dataclasses import replace

from trinity_channels_contract_tests.echo.manifest import MANIFEST
from trinity_channels_contract_tests.echo.plugin import Echo

CAPABILITIES = replace(MANIFEST.capabilities, register_webhook=False, unregister_webhook=False)


class ListeningEcho(Echo):
    """Echo with `listen` and without `receive`."""

    manifest = replace(MANIFEST, capabilities=CAPABILITIES)
    receive = None  # type: ignore[assignment]
    register_webhook = None  # type: ignore[assignment]
    unregister_webhook = None  # type: ignore[assignment]
