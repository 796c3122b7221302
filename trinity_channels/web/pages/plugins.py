"""The installed plugins, a section of the settings: each with its state, and how many agents use it."""

from __future__ import annotations

from typing import Any

from trinity_channels.bindings.usage import ChannelUsage
from trinity_channels.plugins import Plugins
from trinity_channels.web.pages.visit import Visit


class PluginSection:
    """Has no pages of its own."""

    def __init__(self, plugins: Plugins, usage: ChannelUsage) -> None:
        self._plugins = plugins
        self._usage = usage

    async def values(self, visit: Visit) -> dict[str, Any]:
        """What its template shows."""
        usage = await self._usage.agents(visit.principal)
        found = {*self._plugins, *(one.name for one in self._plugins.unavailable)}
        return {
            "plugins": self._plugins,
            "missing": sorted(set(usage) - found),
            "used_by": {name: "1 agent" if number == 1 else f"{number} agents" for name, number in usage.items()},
        }
