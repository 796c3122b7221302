"""Variables that hold a channel's settings for `connect`: named as the provider's own tools do, or with our prefix."""

from __future__ import annotations

import os

from trinity_channels.api import Channel
from trinity_channels.settings import PREFIX


def variable(manifest: Channel, setting: str) -> str:
    """Where `connect` looks for a setting of this channel: PROVIDER_AUTH_TOKEN."""
    return f"{manifest.provider}_{setting}".upper()


def given(manifest: Channel, setting: str) -> tuple[str, str] | None:
    """The variable that holds a setting, and its value; None if none does. The name with the prefix wins."""
    name = variable(manifest, setting)
    for one in (f"{PREFIX.upper()}{name}", name):
        if value := os.environ.get(one):
            return one, value
    return None
