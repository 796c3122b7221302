"""Variables that hold a channel's settings for `connect`, named as the provider's own tools name them."""

from __future__ import annotations

from trinity_channels.api import Channel


def variable(manifest: Channel, setting: str) -> str:
    """Where `connect` looks for a setting of this channel: PROVIDER_AUTH_TOKEN."""
    return f"{manifest.provider}_{setting}".upper()
