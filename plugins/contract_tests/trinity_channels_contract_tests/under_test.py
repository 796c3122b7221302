"""The plugin under test: found like the host finds it, its hooks called without the host's safety net."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from trinity_channels.api import PROJECT, Channel, hooks
from trinity_channels.plugins import OPTIONAL, Plugins, direct, load
from trinity_channels_contract_tests.expectations import broken


class Uninstalled(EntryPoint):
    """An entry point for a module that is given and belongs to no installed distribution."""

    def __init__(self, name: str, plugin: object) -> None:
        super().__init__(name=name, value=getattr(plugin, "__name__", name), group=PROJECT)
        vars(self)["plugin"] = plugin

    def load(self) -> object:
        """Return the module."""
        return vars(self)["plugin"]


@functools.cache
def installed(channel: str) -> EntryPoint | None:
    """The installed plugin of that name."""
    return next(iter(entry_points(group=PROJECT, name=channel)), None)


class PluginUnderTest:
    """One plugin; `name` is the channel's."""

    def __init__(self, channel: str, plugin: object | None) -> None:
        if plugin is not None:
            self._point: EntryPoint = Uninstalled(channel or plugin.channel().name, plugin)  # type: ignore[attr-defined]
        elif (found := installed(channel)) is not None:
            self._point = found
        else:
            broken(f"no installed distribution publishes {channel!r} in the entry-point group {PROJECT!r}")
        self.name = self._point.name
        # Not the host's loader, whose checks of return values would hide what the plugin really does.
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(hooks)
        self._module = self._point.load()
        manager.register(self._module, self.name)
        self._hooks = manager.hook
        # Looking at its signature takes longer than most calls.
        self._direct: dict[str, Callable[..., Any]] = {}

    def loaded(self) -> Plugins:
        """What the host makes of this plugin alone."""
        return load([self._point])

    def hook(self, name: str) -> Callable[..., Any]:
        """A hook as the plugin wrote it: its errors and return values come through unchanged."""
        if name not in self._direct:
            called = direct(getattr(self._hooks, name))
            # Plugins may ask for it without a default, as the host always says it.
            given = {"listens": not self.receives} if name == "configure" else {}
            self._direct[name] = functools.partial(called, **given)
        return self._direct[name]

    @property
    def manifest(self) -> Channel:
        """What `channel` returns now."""
        described = self.hook("channel")()
        if not isinstance(described, Channel):
            broken(f"channel() returned {type(described).__name__}, not Channel")
        return described

    @property
    def receives(self) -> bool:
        """Whether what people write comes by webhook; otherwise `listen` brings it."""
        return self._has("receive")

    def where(self, hook: str) -> str:
        """What an author looks at for a promise about this hook."""
        return hook if self.receives else re.sub(r"\breceive\b", "listen", hook)

    def offers(self, hook: str) -> bool:
        """Whether an optional hook is both declared and there; `receive` needs no declaration."""
        if hook == "receive":
            return self.receives
        declared = bool(getattr(self.manifest.capabilities, hook))
        return declared and hook in OPTIONAL and self._has(hook)

    def _has(self, hook: str) -> bool:
        return hasattr(getattr(self._module, hook, None), f"{PROJECT}_impl")
