"""Loading plugins: a broken one is listed with its reason, and neither the host nor another channel is harmed."""

from __future__ import annotations

import asyncio
import json
import types
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import BaseModel

from trinity_channels.api import (
    Account,
    Capabilities,
    Channel,
    Dialect,
    FieldHint,
    Inbound,
    Limits,
    ProviderUnavailable,
    Receipt,
    Request,
    SendUnknown,
    Verification,
    hookimpl,
)
from trinity_channels.plugins import NAME, RESERVED, Plugin, Plugins, load


class Settings(BaseModel):
    """Nothing to set."""


class Key(BaseModel):
    """One thing to set."""

    key: str


class Way(BaseModel):
    """A setting that the host has already."""

    listens: bool = False


MANIFEST = Channel(
    name="pigeon", title="Pigeon", provider="loft", settings=Settings, limits=Limits(text=100), dialect=Dialect()
)


@dataclass(frozen=True)
class Dist:
    """Where an entry point comes from."""

    name: str | None
    version: str | None = "1.0"


@dataclass(frozen=True)
class Point:
    """An entry point whose module is made, not imported."""

    name: str
    load: Callable[[], object]
    dist: Dist | None = None
    value: str = "loft.pigeon"


def pigeon(name: str = "pigeon", **changes: Any) -> types.ModuleType:
    """A whole plugin, with some members changed; None takes one away."""
    module = types.ModuleType(name)
    manifest = replace(MANIFEST, name=name)

    def channel() -> Channel:
        return manifest

    async def configure(settings: object, ctx: object) -> Account:
        raise NotImplementedError(settings, ctx)

    async def verify(binding: object, ctx: object) -> Verification:
        raise NotImplementedError(binding, ctx)

    def receive(binding: object, request: Request) -> Inbound:
        raise NotImplementedError(binding, request)

    async def send(binding: object, message: object, ctx: object) -> Receipt:
        raise NotImplementedError(binding, message, ctx)

    async def resolve_identity(binding: object, sender: object, ctx: object) -> object:
        raise NotImplementedError(binding, sender, ctx)

    members: list[Callable[..., Any]] = [channel, configure, verify, receive, send, resolve_identity]
    hooks: dict[str, Any] = {member.__name__: hookimpl(member) for member in members} | changes
    for key, value in hooks.items():
        if value is not None:
            setattr(module, key, value)
    return module


def loaded(*points: tuple[str, Callable[[], object]]) -> Plugins:
    return load(cast("list[EntryPoint]", [Point(name, made) for name, made in points]))


def raises(error: BaseException) -> Callable[..., Any]:
    def fail() -> object:
        raise error

    return fail


@hookimpl
async def asynchronous() -> Channel:
    return MANIFEST


@hookimpl
def synchronous(binding: object, message: object, ctx: object) -> Receipt:
    raise NotImplementedError(binding, message, ctx)


@hookimpl
async def asks_for_more(binding: object, message: object, ctx: object, database: object) -> Receipt:
    raise NotImplementedError(binding, message, ctx, database)


@hookimpl
async def indicate(binding: object, message_id: str, ctx: object) -> None:
    raise NotImplementedError(binding, message_id, ctx)


@hookimpl
def teleport() -> None:
    """No hook of ours."""


def says(manifest: object) -> Callable[[], object]:
    """The hook `channel`, answering this."""
    return hookimpl(lambda: manifest)


BROKEN = [
    (raises(ImportError("No module named 'loft'")), "ImportError: No module named 'loft'"),
    (raises(SystemExit(1)), "SystemExit"),
    (raises(SyntaxError("never compiled")), "SyntaxError"),
    (raises(GeneratorExit()), "GeneratorExit"),
    (lambda: pigeon(send=None), "hook send(binding: "),
    (lambda: pigeon(channel=None), "hook channel() -> "),
    (lambda: pigeon(receive=None), "is missing; mark it with @hookimpl, or implement listen"),
    (
        lambda: pigeon(channel=says(replace(MANIFEST, settings=Way))),
        "settings has listens, which the host says by itself; give it another name",
    ),
    (lambda: pigeon(send=lambda **_: None), "mark it with @hookimpl"),
    (lambda: pigeon(channel=asynchronous), "hook channel must be `def channel("),
    (lambda: pigeon(send=synchronous), "hook send must be `async def send("),
    (lambda: pigeon(send=asks_for_more), "takes database, which the host does not pass"),
    (lambda: pigeon(teleport=teleport), "unknown hook teleport; the hooks are channel, "),
    (lambda: pigeon(indicate=indicate), "hook indicate is there, but capability indicate is not declared"),
    (
        lambda: pigeon(channel=says(replace(MANIFEST, capabilities=Capabilities(indicate=25)))),
        "capability indicate is declared, but hook indicate is missing",
    ),
    (lambda: pigeon(channel=says(replace(MANIFEST, name="dove"))), "called 'dove', the entry point 'pigeon'"),
    (lambda: pigeon(channel=says(None)), "must return a Channel, not NoneType"),
    (lambda: pigeon(channel=says("pigeon")), "must return a Channel, not str"),
    (lambda: pigeon(channel=hookimpl(raises(RuntimeError("no manifest today")))), "RuntimeError: no manifest today"),
    (lambda: pigeon(channel=hookimpl(raises(SystemExit(1)))), "SystemExit"),
    (lambda: pigeon(channel=says(replace(MANIFEST, limits=Limits(text=0)))), "Limits.text must be at least"),
    (
        lambda: pigeon(channel=says(replace(MANIFEST, form={"key": FieldHint()}))),
        "form has key, which is not a setting",
    ),
    (
        lambda: pigeon(channel=says(replace(MANIFEST, settings=Key, form={"key": FieldHint(help_url="javascript:x")}))),
        "help_url of key must begin with https://",
    ),
    (lambda: pigeon(channel=says(replace(MANIFEST, limits=Limits(9, 0)))), "Limits.webhook_body must be at least"),
]


@pytest.mark.parametrize(("made", "reason"), BROKEN)
def test_a_broken_plugin_is_listed_with_its_reason(made: Callable[[], object], reason: str) -> None:
    plugins = loaded(("pigeon", made), ("swan", lambda: pigeon("swan")))

    assert list(plugins) == ["swan"]
    (broken,) = plugins.unavailable
    assert broken.name == "pigeon"
    assert reason in broken.reason


def test_a_whole_plugin_is_ready() -> None:
    plugins = loaded(("pigeon", pigeon))

    assert (list(plugins), plugins.unavailable) == (["pigeon"], [])
    assert plugins["pigeon"].manifest.title == "Pigeon"


def points(*given: Point) -> Plugins:
    return load(cast("list[EntryPoint]", list(given)))


def never() -> object:
    pytest.fail("a module whose name is claimed twice was imported")


LOFT, COOP = Dist("loft-pigeon", "1.2"), Dist("coop-pigeon", "0.3")
CLAIMS = {
    "two distributions": [Point("pigeon", never, LOFT), Point("pigeon", never, COOP)],
    "in the other order": [Point("pigeon", never, COOP), Point("pigeon", never, LOFT)],
    "the same module": [Point("pigeon", never, LOFT, "loft"), Point("pigeon", never, COOP, "loft")],
    "a third": [Point("pigeon", never, one) for one in (LOFT, COOP, Dist("hen", "1"))],
    "one distribution with two modules": [Point("pigeon", never, LOFT, "loft"), Point("pigeon", never, LOFT, "coop")],
    "two versions": [Point("pigeon", never, LOFT), Point("pigeon", never, Dist("loft-pigeon", "2.0"))],
    "without metadata": [Point("pigeon", never, LOFT), Point("pigeon", never, Dist(None, None))],
    "without a distribution": [Point("pigeon", never, LOFT), Point("pigeon", never)],
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
def test_a_name_that_is_claimed_twice_is_refused_to_all(claims: list[Point]) -> None:
    """Before, the first to be found was loaded: a wheel could take over a channel."""
    plugins = points(*claims, Point("swan", lambda: pigeon("swan")))

    assert list(plugins) == ["swan"]
    assert [one.name for one in plugins.unavailable] == ["pigeon"] * len(claims)
    for reason in (one.reason for one in plugins.unavailable):
        assert "provided by" in reason
        for claim in claims:
            name = claim.dist.name if claim.dist and claim.dist.name else "an unknown distribution"
            assert f"{name} " in reason
            assert f"({claim.value})" in reason


def test_what_one_distribution_lists_twice_counts_once() -> None:
    plugins = points(Point("pigeon", pigeon, LOFT), Point("pigeon", never, LOFT))

    assert (list(plugins), plugins.unavailable) == (["pigeon"], [])


@pytest.mark.parametrize(
    "names", [("pigeon", "dove"), ("dove", "pigeon"), ("pigeon", "swan"), ("swan", "pigeon", "dove")]
)
def test_one_module_is_one_channel(names: tuple[str, ...]) -> None:
    """Before, a name that came first in the alphabet took the module from the channel that it is."""
    module = pigeon()

    plugins = points(*(Point(name, lambda: module) for name in names), Point("hen", lambda: pigeon("hen")))

    assert sorted(plugins) == ["hen", "pigeon"]
    assert sorted(one.name for one in plugins.unavailable) == sorted({*names} - {"pigeon"})
    assert {one.reason for one in plugins.unavailable} == {
        "its module is the channel 'pigeon' already; remove this entry point"
    }
    assert plugins["pigeon"].manifest.name == "pigeon"


def test_a_module_that_changes_its_name_is_still_one_channel() -> None:
    answers = iter([replace(MANIFEST, name="dove"), MANIFEST])
    module = pigeon(channel=hookimpl(lambda: next(answers)))

    plugins = points(Point("dove", lambda: module), Point("pigeon", lambda: module))

    assert list(plugins) == ["dove"]
    assert [one.name for one in plugins.unavailable] == ["pigeon"]


def test_a_module_with_none_of_its_names_is_no_channel() -> None:
    module = pigeon()

    plugins = points(Point("dove", lambda: module), Point("swan", lambda: module))

    assert list(plugins) == []
    assert ["called 'pigeon'" in one.reason for one in plugins.unavailable] == [True, True]


@pytest.mark.parametrize("name", ["Pigeon", "pi geon", "../pigeon", "1pigeon", "", "p" * 40])
def test_a_name_that_is_no_url_segment_is_refused(name: str) -> None:
    plugins = loaded((name, lambda: pigeon(name)))

    assert list(plugins) == []
    assert "lower-case" in plugins.unavailable[0].reason


def test_a_call_reaches_the_named_plugin_only() -> None:
    plugins = loaded(("pigeon", pigeon), ("swan", lambda: pigeon("swan")))

    assert [plugins[name].manifest.name for name in plugins] == ["pigeon", "swan"]


def test_the_operator_can_still_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt):
        loaded(("pigeon", raises(KeyboardInterrupt())))


@pytest.mark.parametrize(
    ("hook", "arguments", "error"),
    [("send", 3, SendUnknown), ("resolve_identity", 3, ProviderUnavailable), ("find_sent", 5, TimeoutError)],
)
async def test_a_hook_that_hangs_is_given_up(
    monkeypatch: pytest.MonkeyPatch, hook: str, arguments: int, error: type[Exception]
) -> None:
    """For it holds a place that other conversations need."""
    monkeypatch.setattr("trinity_channels.plugins.plugin.PATIENCE", 0.01)

    async def hangs(**_: object) -> None:
        await asyncio.Event().wait()

    plugin = Plugin(MANIFEST, "1", lambda _: hangs, {hook})

    with pytest.raises(error):
        await getattr(plugin, hook)(*[None] * arguments)


async def test_a_broken_promise_about_a_sender_is_no_reason_to_lose_the_turn() -> None:
    async def breaks(**_: object) -> None:
        raise KeyError("profile")

    plugin = Plugin(MANIFEST, "1", lambda _: breaks, {"resolve_identity"})

    with pytest.raises(ProviderUnavailable, match="KeyError"):
        await plugin.resolve_identity(*[None] * 3)  # type: ignore[arg-type]  # it looks at none of them


@pytest.mark.parametrize("name", ["auto", "messages", "agents"])
def test_a_channel_with_a_name_of_the_hosts_is_refused(name: str) -> None:
    (found,) = loaded((name, lambda: pigeon(name))).unavailable

    assert "reserved for the host" in found.reason


def test_all_names_in_the_apis_addresses_are_reserved() -> None:
    paths = json.loads((Path(__file__).parents[2] / "docs/reference/openapi.json").read_text())["paths"]
    parts = {path.removeprefix("/api/agents/{name}").removeprefix("/api").split("/")[1] for path in paths}

    assert {part for part in parts if NAME.fullmatch(part)} - set(load()) == RESERVED - {"auto"}
