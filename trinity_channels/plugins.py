"""Find, check and call channel plugins: each call goes to one named plugin, never to all of them.

A plugin that cannot be imported or breaks the contract is listed as unavailable with its reason; it never stops the host.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar, cast

import pluggy
from pydantic import BaseModel

from trinity_channels import later_contract
from trinity_channels.api import (
    PROJECT,
    Account,
    Binding,
    Channel,
    ChannelError,
    Context,
    Identity,
    Inbound,
    MessageReceived,
    OutboundMessage,
    ProviderUnavailable,
    Quoted,
    Receipt,
    Request,
    Sender,
    SendUnknown,
    SignatureError,
    Simulator,
    Verification,
    hooks,
)

T = TypeVar("T")
REQUIRED = ("channel", "configure", "verify", "receive", "send", "resolve_identity")
OPTIONAL = (
    "indicate",
    "find_sent",
    "list_missed",
    "register_webhook",
    "unregister_webhook",
    "resolve_quoted",
    "simulator",
)
"""Each is also the name of its capability."""
PATIENCE = 120.0
"""Seconds that a hook on the way of a message may take; its requests have time-outs of their own, so then it hangs."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


class PluginRefused(Exception):
    """A plugin breaks the contract; the text names the hook and what to change."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A plugin that was found and cannot be used."""

    name: str
    version: str
    reason: str


class Plugin:
    """One loaded plugin; its methods are the contract's hooks, with broken promises turned into the contract's errors."""

    def __init__(
        self,
        manifest: Channel,
        version: str,
        call: Callable[[str], Callable[..., Any]],
        names: set[str],
        warnings: tuple[str, ...] = (),
    ) -> None:
        self.manifest = manifest
        self.version = version
        self.warnings = warnings
        self._hooks = {name: call(name) for name in names}

    @property
    def capabilities(self) -> list[str]:
        """The declared optional hooks, in the contract's order."""
        return [name for name in OPTIONAL if name in self._hooks]

    def receive(self, binding: Binding, request: Request) -> Inbound:
        try:
            return _promised(self._hooks["receive"](binding=binding, request=request), Inbound, "receive")
        except ChannelError:
            raise
        except Exception as error:  # fail closed: whatever breaks a plugin's check has not been authenticated
            raise SignatureError(f"The plugin failed on this request ({type(error).__name__}).") from error

    async def configure(self, settings: BaseModel, ctx: Context) -> Account:
        return await self._ask("configure", Account, settings=settings, ctx=ctx)

    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        return await self._ask("verify", Verification, binding=binding, ctx=ctx)

    async def send(self, binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ask("send", Receipt, binding=binding, message=message, ctx=ctx)
        except ChannelError:
            raise
        except Exception as error:  # the outcome is unknown
            raise SendUnknown(f"The plugin failed while sending ({type(error).__name__}).") from error

    async def resolve_identity(
        self, binding: Binding, sender: Sender, ctx: Context, conversation: str | None = None
    ) -> Identity:
        asked = {"binding": binding, "sender": sender, "ctx": ctx, "conversation": conversation}
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ask("resolve_identity", Identity, **asked)
        except ProviderUnavailable:
            raise
        except Exception as error:  # the person's turn is to be tried again, not to be lost
            raise ProviderUnavailable(f"The plugin failed to identify the sender ({type(error).__name__}).") from error

    async def indicate(
        self, binding: Binding, message_id: str, ctx: Context, conversation: str | None, address: str, done: bool
    ) -> None:
        # Errors are the caller's: an indication is best effort.
        await self._hooks["indicate"](
            binding=binding, message_id=message_id, ctx=ctx, conversation=conversation, address=address, done=done
        )

    async def find_sent(
        self, binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
    ) -> Receipt | None:
        # Not `_ask`: None is a value here.
        found = self._hooks["find_sent"](
            binding=binding, message=message, attempted_at=attempted_at, known=known, ctx=ctx
        )
        async with asyncio.timeout(PATIENCE):
            return cast("Receipt | None", await found)

    async def list_missed(self, binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
        return await self._ask("list_missed", list, binding=binding, since=since, ctx=ctx)

    async def register_webhook(self, binding: Binding, ctx: Context) -> None:
        await self._hooks["register_webhook"](binding=binding, ctx=ctx)

    async def unregister_webhook(self, binding: Binding, ctx: Context) -> None:
        await self._hooks["unregister_webhook"](binding=binding, ctx=ctx)

    async def resolve_quoted(self, binding: Binding, message_id: str, ctx: Context) -> Quoted:
        async with asyncio.timeout(PATIENCE):
            return await self._ask("resolve_quoted", Quoted, binding=binding, message_id=message_id, ctx=ctx)

    def simulator(self, ctx: Context) -> Simulator:
        return cast("Simulator", self._hooks["simulator"](ctx=ctx))

    async def _ask(self, hook: str, kind: type[T], **arguments: object) -> T:
        return _promised(await cast("Awaitable[object]", self._hooks[hook](**arguments)), kind, hook)


def direct(hook: Any) -> Callable[..., Any]:
    """A plugin's own function, called with the arguments that it takes: pluggy's call costs as much as a small hook.

    Pluggy would also leave out arguments with a default, which let a plugin run on hosts that do not pass them.
    """
    (implementation,) = hook.get_hookimpls()
    if implementation.wrapper or implementation.hookwrapper:
        return hook  # type: ignore[no-any-return]
    function: Callable[..., Any] = implementation.function
    taken = later_contract.taken(function, hook.spec.argnames)
    if taken is None:
        return function
    return lambda **passed: function(**{name: value for name, value in passed.items() if name in taken})


def _promised(value: object, kind: type[T], hook: str) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{hook} must return {kind.__name__}, not {type(value).__name__}")
    return value


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

    def title(self, channel: str) -> str:
        """What people call a channel; its name if its plugin was removed, which leaves what was written there."""
        return self._ready[channel].manifest.title if channel in self._ready else channel


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
            ready[point.name] = _checked(point.name, module, _version(point), call)
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
                modules.append((point, _register(manager, point)))
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


def _register(manager: pluggy.PluginManager, point: EntryPoint) -> object:
    if not NAME.fullmatch(point.name):
        raise PluginRefused("the entry point's name must be lower-case letters, digits and underscores")
    module = point.load()
    for name, spec in _specs().items():
        implementation = getattr(module, name, None)
        if not hasattr(implementation, f"{PROJECT}_impl"):
            if name in REQUIRED:
                raise PluginRefused(f"hook {name}{inspect.signature(spec)} is missing; mark it with @hookimpl")
            continue
        if inspect.iscoroutinefunction(spec) != inspect.iscoroutinefunction(implementation):
            wanted = "async def" if inspect.iscoroutinefunction(spec) else "def"
            raise PluginRefused(f"hook {name} must be `{wanted} {name}{inspect.signature(spec)}`")
        _check_arguments(name, spec, cast("Callable[..., Any]", implementation))
    if not manager.is_registered(module):  # it is for a second name; `load` refuses that
        manager.register(module, point.name)
    return module


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
        if not hasattr(member, f"{PROJECT}_impl"):
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


def _checked(name: str, module: object, version: str, call: Callable[[str], Callable[..., Any]]) -> Plugin:
    manifest = call("channel")()
    if not isinstance(manifest, Channel):
        raise PluginRefused(f"hook channel() must return a Channel, not {type(manifest).__name__}")
    if manifest.name != name:
        raise PluginRefused(f"the manifest is called {manifest.name!r}, the entry point {name!r}; use one name")
    if not later_contract.is_version(manifest.contract):
        raise PluginRefused(f"Channel.contract must be a whole number from 1 on, not {manifest.contract!r}")
    ignored = _ignored(module, manifest)
    _check_values(manifest)
    given = {hook for hook in OPTIONAL if hasattr(getattr(module, hook, None), f"{PROJECT}_impl")}
    declared = {hook for hook in OPTIONAL if getattr(manifest.capabilities, hook)}
    for hook in sorted(declared - given):
        raise PluginRefused(f"capability {hook} is declared, but hook {hook} is missing")
    # Refused as well: a hook that is never called would look like a fault of the host.
    for hook in sorted(given - declared):
        raise PluginRefused(f"hook {hook} is there, but capability {hook} is not declared in channel()")
    warnings = later_contract.warnings(manifest.contract, ignored)
    return Plugin(manifest, version, call, set(REQUIRED) | given, warnings)
