"""Find the channel plugins of this installation and load them.

A plugin that cannot be imported or breaks the contract is listed as unavailable with its reason; it never stops the host.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from trinity_channels import later_contract
from trinity_channels.api import PROJECT, hooks
from trinity_channels.plugins.checking import PluginRefused, checked, register
from trinity_channels.plugins.plugin import Plugin, direct


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A plugin that was found and cannot be used."""

    name: str
    version: str
    reason: str


class Plugins:
    """The channels of this host, by name."""

    def __init__(self, ready: dict[str, Plugin], unavailable: list[Unavailable]) -> None:
        self._ready = ready
        self.unavailable = unavailable

    def __getitem__(self, name: str) -> Plugin:
        return self._ready[name]

    def __contains__(self, name: object) -> bool:
        return name in self._ready

    def __iter__(self) -> Iterator[str]:
        return iter(self._ready)

    def title(self, channel: str, languages: Sequence[str] = ()) -> str:
        """What people call a channel, in the first of these languages that its plugin has, else in English.

        Its name if its plugin was removed, which leaves what was written there.
        """
        if channel not in self._ready:
            return channel
        manifest = self._ready[channel].manifest
        return manifest.translated(manifest.title, languages)


def load(found: Iterable[EntryPoint] | None = None) -> Plugins:
    """Load every plugin of the entry-point group, or of `found`; never raises for a broken plugin."""
    # Its own manager for each load: hooks of two hosts in one process must not meet.
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hooks)
    points = sorted(entry_points(group=PROJECT) if found is None else found, key=lambda point: point.name)
    unavailable: list[Unavailable] = []
    modules = _imported(manager, points, unavailable)
    ready: dict[str, Plugin] = {}
    names: dict[int, str] = {}  # of modules that are ready, by their id()
    failed: list[tuple[EntryPoint, object, BaseException]] = []
    for point, module in modules:
        others = [other for _, other in modules if other is not module]

        def call(hook: str, others: list[object] = others) -> Callable[..., Any]:
            return direct(manager.subset_hook_caller(hook, others))

        try:
            if id(module) in names:
                raise PluginRefused("one module is one channel")
            ready[point.name] = checked(point.name, module, _version(point), call)
            names[id(module)] = point.name
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  `channel()` is foreign code too
            failed.append((point, module, error))
    for point, module, cause in failed:
        taken = names.get(id(module))
        reason = f"its module is the channel {taken!r} already; remove this entry point" if taken else _reason(cause)
        unavailable.append(Unavailable(point.name, _version(point), reason))
    return Plugins(ready, sorted(unavailable, key=lambda one: (one.name, one.version)))


def _imported(
    manager: pluggy.PluginManager, points: Iterable[EntryPoint], unavailable: list[Unavailable]
) -> list[tuple[EntryPoint, object]]:
    """The modules with all required hooks, by entry point; the others are added to `unavailable`.

    Modules whose name is claimed twice are not even imported: which of them is meant cannot be known.
    """
    modules = []
    for name, claims in _by_name(points).items():
        claimants = " and ".join(_claimant(point) for point in claims)
        for point in claims:
            try:
                # Loading either could hand messages to the wrong code.
                if len(claims) > 1:
                    raise PluginRefused(f"the channel {name!r} is provided by {claimants}; uninstall all but one")
                modules.append((point, register(manager, point)))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  a plugin may raise anything while it is imported, even SystemExit
                unavailable.append(Unavailable(name, _version(point), _reason(error)))
    return modules


def _by_name(points: Iterable[EntryPoint]) -> dict[str, list[EntryPoint]]:
    """The entry points by name; what a distribution lists twice counts once."""
    found: dict[str, dict[str, EntryPoint]] = {}
    for point in points:
        found.setdefault(point.name, {}).setdefault(_claimant(point), point)
    return {name: list(claims.values()) for name, claims in found.items()}


def _claimant(point: EntryPoint) -> str:
    distribution = f"{_metadata(point, 'name')} {_version(point)}".strip() or "an unknown distribution"
    return f"{distribution} ({point.value})"


def _version(point: EntryPoint) -> str:
    return _metadata(point, "version")


def _metadata(point: EntryPoint, field: str) -> str:
    """A field of the distribution's metadata; empty if the installation is broken and has none."""
    with contextlib.suppress(Exception):
        return str(getattr(point.dist, field, None) or "")
    return ""


def _reason(error: BaseException) -> str:
    if of_later := later_contract.reason(error):
        return of_later
    text = " ".join(str(error).split())
    return text if isinstance(error, PluginRefused) else f"{type(error).__name__}: {text}"[:500]
