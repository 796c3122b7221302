"""A channel named on the command line."""

from __future__ import annotations

from trinity_channels.api import Channel
from trinity_channels.cli.errors import CommandFailed
from trinity_channels.plugins import load


def manifest_of(channel: str) -> Channel:
    """The manifest of an installed channel.

    Raises:
        CommandFailed: naming those that are installed.
    """
    plugins = load()
    if channel not in plugins:
        known = ", ".join(plugins) or "none"
        raise CommandFailed(
            f"Unknown channel {channel!r}. Installed channels: {known}; `trinity-channels plugins` shows more."
        )
    return plugins[channel].manifest
