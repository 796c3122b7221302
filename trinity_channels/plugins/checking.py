"""Check a channel plugin when it is loaded: what cannot work is refused, with the hook's name and what to change."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any, cast

import pluggy

from trinity_channels import later_contract
from trinity_channels.api import PROJECT, Channel, hooks
from trinity_channels.plugins.plugin import INCOMING, OPTIONAL, REQUIRED, Plugin

LISTENS = "listens"
"""What the API calls the choice between webhook and `listen`, beside the settings of a channel."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
# `auto` lets the host choose the channel of a proactive message; the others are parts of the API's addresses, in the place
# where a channel's name stands: /api/agents/{agent}/{channel} and /api/{channel}/webhook.
RESERVED = frozenset(
    [
        "access",
        "agents",
        "audit",
        "auto",
        "channels",
        "clients",
        "conversations",
        "deliveries",
        "disclosure",
        "messages",
        "retention",
        "sessions",
        "settings",
        "setup",
        "share",
        "shares",
        "tokens",
    ]
)
"""Names that no channel can have."""


class PluginRefused(Exception):
    """A plugin breaks the contract; the text names the hook and what to change."""


def register(manager: pluggy.PluginManager, point: EntryPoint) -> object:
    """Import an entry point's module, check its hooks' signatures, and register it; returns the module.

    Raises:
        PluginRefused: it breaks the contract.
        BaseException: whatever the module raises while it is imported.
    """
    if not NAME.fullmatch(point.name):
        raise PluginRefused("the entry point's name must be lower-case letters, digits and underscores")
    if point.name in RESERVED:
        raise PluginRefused(f"the name {point.name!r} is reserved for the host; rename the channel and its entry point")
    module = point.load()
    for name, spec in _specs().items():
        implementation = getattr(module, name, None)
        if not _is_hook(implementation):
            if name in REQUIRED:
                raise PluginRefused(f"hook {name}{inspect.signature(spec)} is missing; mark it with @hookimpl")
            continue
        if inspect.iscoroutinefunction(spec) != inspect.iscoroutinefunction(implementation):
            wanted = "async def" if inspect.iscoroutinefunction(spec) else "def"
            raise PluginRefused(f"hook {name} must be `{wanted} {name}{inspect.signature(spec)}`")
        _check_arguments(name, spec, cast("Callable[..., Any]", implementation))
    if not any(_is_hook(getattr(module, name, None)) for name in INCOMING):
        receive = inspect.signature(hooks.receive)
        raise PluginRefused(f"hook receive{receive} is missing; mark it with @hookimpl, or implement listen")
    if not manager.is_registered(module):  # it is for a second name; `load` refuses that
        manager.register(module, point.name)
    return module


def _is_hook(member: object) -> bool:
    return hasattr(member, f"{PROJECT}_impl")


def _specs() -> dict[str, Callable[..., Any]]:
    return {name: spec for name, spec in inspect.getmembers(hooks) if hasattr(spec, f"{PROJECT}_spec")}


def _check_arguments(name: str, spec: Callable[..., Any], implementation: Callable[..., Any]) -> None:
    """Refuse arguments that nothing can be given for; with a default, they may belong to a later contract."""
    # Fewer arguments are fine: only those that are asked for are passed.
    if unknown := _unknown_arguments(spec, implementation, optional=False):
        raise _not_passed(name, spec, implementation, unknown)


def _not_passed(
    name: str, spec: Callable[..., Any], implementation: Callable[..., Any], unknown: list[str]
) -> PluginRefused:
    takes = f"hook {name}{inspect.signature(implementation)} takes {', '.join(unknown)}, which the host does not pass"
    return PluginRefused(f"{takes}; its signature is {name}{inspect.signature(spec)}")


def _unknown_arguments(spec: Callable[..., Any], implementation: Callable[..., Any], *, optional: bool) -> list[str]:
    wanted = {*inspect.signature(spec).parameters, "self"}
    return sorted(
        name
        for name, one in inspect.signature(implementation).parameters.items()
        if name not in wanted
        and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
        and (one.default is one.empty) is not optional
    )


def _ignored(module: object, manifest: Channel) -> list[str]:
    """The hooks and arguments that only a later contract has; refused in a plugin that was not written for one."""
    specs, ignored = _specs(), []
    later = later_contract.is_later(manifest.contract)
    for name, member in inspect.getmembers(module):
        if not _is_hook(member):
            continue
        if name not in specs:
            if not later:
                raise PluginRefused(f"unknown hook {name}; the hooks are {', '.join(specs)}")
            ignored.append(f"hook {name}")
        elif unknown := _unknown_arguments(specs[name], member, optional=True):
            if not later:
                raise _not_passed(name, specs[name], member, unknown)
            ignored.append(f"{', '.join(unknown)} of hook {name}")
    return ignored


def _check_values(manifest: Channel) -> None:
    """Refuse what the types of a manifest allow, and what could not be used."""
    for name in ("text", "webhook_body"):
        if getattr(manifest.limits, name) < 1:
            raise PluginRefused(f"Limits.{name} must be at least 1")
    # The API's body has it beside the settings.
    if LISTENS in manifest.settings.model_fields:
        raise PluginRefused(f"settings has {LISTENS}, which the host says by itself; give it another name")
    for field in manifest.account_fields:
        # One of them would hide the other in the API's answer.
        if field in manifest.settings.model_fields:
            raise PluginRefused(f"account_fields has {field}, which is a setting; give it another name")
    for field, hint in manifest.form.items():
        if field not in manifest.settings.model_fields:
            raise PluginRefused(f"form has {field}, which is not a setting")
        # It becomes a link on the owner's page.
        if hint.help_url and not hint.help_url.startswith("https://"):
            raise PluginRefused(f"form: help_url of {field} must begin with https://")


def checked(name: str, module: object, version: str, call: Callable[[str], Callable[..., Any]]) -> Plugin:
    """Make a plugin of a registered module, whose hooks `call` gives by name.

    Raises:
        PluginRefused: its manifest, or the hooks that it has, break the contract.
    """
    manifest = call("channel")()
    if not isinstance(manifest, Channel):
        raise PluginRefused(f"hook channel() must return a Channel, not {type(manifest).__name__}")
    if manifest.name != name:
        raise PluginRefused(f"the manifest is called {manifest.name!r}, the entry point {name!r}; use one name")
    if not later_contract.is_version(manifest.contract):
        raise PluginRefused(f"Channel.contract must be a whole number from 1 on, not {manifest.contract!r}")
    ignored = _ignored(module, manifest)
    _check_values(manifest)
    given = {hook for hook in OPTIONAL if _is_hook(getattr(module, hook, None))}
    declared = {hook for hook in OPTIONAL if getattr(manifest.capabilities, hook)}
    for hook in sorted(declared - given):
        raise PluginRefused(f"capability {hook} is declared, but hook {hook} is missing")
    # Refused as well: a hook that is never called would look like a fault of the host.
    for hook in sorted(given - declared):
        raise PluginRefused(f"hook {hook} is there, but capability {hook} is not declared in channel()")
    incoming = {hook for hook in INCOMING if _is_hook(getattr(module, hook, None))}
    names = {*REQUIRED, *incoming, *given}
    used = later_contract.deprecations(manifest, {name: getattr(module, name) for name in sorted(names)})
    warnings = later_contract.warnings(manifest.contract, ignored) + used
    return Plugin(manifest, version, call, names, warnings)
