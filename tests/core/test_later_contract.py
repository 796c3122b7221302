"""Plugins for another version of the contract: they load with what this host knows, or say why they cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.core.test_plugins import MANIFEST, Key, indicate, loaded, pigeon, says, teleport
from trinity_channels import api, later_contract
from trinity_channels.api import (
    CONTRACT,
    Binding,
    Capabilities,
    Channel,
    Context,
    FieldHint,
    OutboundMessage,
    SetupStep,
    hookimpl,
    known,
)

LATER = CONTRACT + 1
UPGRADE = "upgrade trinity_channels"


def of(contract: object, **changes: Any) -> Channel:
    return replace(MANIFEST, contract=cast("int", contract), **changes)


def later(**changes: Any) -> Callable[[], object]:
    """A plugin that was written for the next contract."""
    return lambda: pigeon(channel=says(of(LATER)), **changes)


@hookimpl
async def with_a_mood(binding: object, message: object, ctx: object, mood: str = "mild") -> object:
    return binding, message, ctx, mood


@hookimpl
async def with_a_default(binding: object, message: object = None, ctx: object = None) -> object:
    return binding, message, ctx


@hookimpl
async def with_keywords(**given: object) -> object:
    return given


@hookimpl
async def needs_a_mood(binding: object, message: object, ctx: object, mood: str) -> object:
    return binding, message, ctx, mood


IGNORED = [
    ({"teleport": teleport}, "hook teleport"),
    ({"teleport": teleport, "levitate": teleport}, "hook levitate, hook teleport"),
    ({"send": with_a_mood}, "mood of hook send"),
    ({"send": with_a_mood, "teleport": teleport}, "mood of hook send, hook teleport"),
]


@pytest.mark.parametrize(("changes", "ignored"), IGNORED)
def test_what_a_later_contract_adds_is_ignored_with_a_warning(changes: dict[str, Any], ignored: str) -> None:
    plugins = loaded(("pigeon", later(**changes)), ("swan", lambda: pigeon("swan")))

    assert (list(plugins), plugins.unavailable) == (["pigeon", "swan"], [])
    (warning,) = plugins["pigeon"].warnings
    assert f"written for contract {LATER}; this host knows contract {CONTRACT} and ignores {ignored}." in warning
    assert plugins["pigeon"].capabilities == []
    assert plugins["swan"].warnings == ()


def test_a_plugin_of_a_later_contract_that_uses_nothing_new_has_no_warning() -> None:
    plugins = loaded(("pigeon", later()))

    assert (list(plugins), plugins["pigeon"].warnings) == (["pigeon"], ())


@pytest.mark.parametrize("changes", [{"teleport": teleport}, {"send": with_a_mood}])
def test_the_same_in_a_plugin_of_this_contract_is_a_mistake(changes: dict[str, Any]) -> None:
    plugins = loaded(("pigeon", lambda: pigeon(**changes)))

    assert list(plugins) == []
    assert next(iter(changes)) in plugins.unavailable[0].reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"send": needs_a_mood}, "takes mood, which the host does not pass"),
        ({"send": None}, "hook send(binding: "),
        ({"indicate": indicate}, "capability indicate is not declared"),
    ],
)
def test_what_no_contract_allows_is_refused_in_later_ones_too(changes: dict[str, Any], reason: str) -> None:
    plugins = loaded(("pigeon", later(**changes)))

    assert reason in plugins.unavailable[0].reason


def names_a_capability() -> object:
    return Capabilities(simulator=False, teleport=True)  # type: ignore[call-arg]  # a later one


def names_a_field() -> object:
    return Channel(name="pigeon", mood="mild")  # type: ignore[call-arg]


def names_a_field_of_a_message() -> object:
    return OutboundMessage(id="1", to="2", text="3", mood="mild")  # type: ignore[call-arg]


def imports_a_value() -> object:
    exec("from trinity_channels.api import Teleported")  # noqa: S102  as the first line of a module
    return pigeon()


def imports_two_values() -> object:
    exec("from trinity_channels.api import Binding, Levitated, Teleported")  # noqa: S102
    return pigeon()


UNKNOWN = [
    (names_a_capability, "declares the capability teleport,"),
    (names_a_field, "declares the field of Channel mood,"),
    (names_a_field_of_a_message, "declares the field of OutboundMessage mood,"),
    (imports_a_value, "imports Teleported from trinity_channels.api,"),
    (imports_two_values, "imports Levitated from trinity_channels.api,"),
    (lambda: pigeon(channel=hookimpl(names_a_capability)), "declares the capability teleport,"),
]


@pytest.mark.parametrize(("made", "what"), UNKNOWN)
def test_a_name_that_this_contract_does_not_have_gives_one_clear_reason(made: Callable[[], object], what: str) -> None:
    plugins = loaded(("pigeon", made), ("swan", lambda: pigeon("swan")))

    assert list(plugins) == ["swan"]
    (broken,) = plugins.unavailable
    assert broken.reason.startswith(f"it {what} which contract {CONTRACT} of this host does not have; {UPGRADE}")


DEPRECATIONS = [
    ("hook indicate", {"channel": says(of(CONTRACT, capabilities=Capabilities(indicate=5))), "indicate": indicate}),
    ("message of hook send", {"send": with_a_default}),
    (
        "indicate of Capabilities",
        {"channel": says(of(CONTRACT, capabilities=Capabilities(indicate=5))), "indicate": indicate},
    ),
    ("auto_rank of Channel", {"channel": says(of(CONTRACT, auto_rank=1))}),
    ("form of Channel", {"channel": says(of(CONTRACT, settings=Key, form={"key": FieldHint(order=1)}))}),
    ("order of FieldHint", {"channel": says(of(CONTRACT, settings=Key, form={"key": FieldHint(order=1)}))}),
    ("sandbox of SetupStep", {"channel": says(of(CONTRACT, setup_steps=(SetupStep("a", "b", sandbox=True),)))}),
]


@pytest.mark.parametrize(("name", "changes"), DEPRECATIONS)
def test_what_is_deprecated_works_with_a_warning(
    name: str, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later_contract, "DEPRECATED", {name: "use the telegraph", "hook teleport": "walk"})

    plugins = loaded(("pigeon", lambda: pigeon(**changes)), ("swan", lambda: pigeon("swan", send=with_keywords)))

    assert (list(plugins), plugins.unavailable) == (["pigeon", "swan"], [])
    (warning,) = plugins["pigeon"].warnings
    assert warning.endswith(f"works until contract {CONTRACT} is removed: {name} (use the telegraph).")
    assert plugins["swan"].warnings == ()


class Teleported:
    """No value of the contract."""


def of_another_library() -> object:
    return Teleported(mood="mild")  # type: ignore[call-arg]


def imports_from_elsewhere() -> object:
    exec("from trinity_channels.plugins import Teleported")  # noqa: S102
    return pigeon()


@pytest.mark.parametrize("made", [of_another_library, imports_from_elsewhere])
def test_other_errors_are_not_taken_for_a_later_contract(made: Callable[[], object]) -> None:
    plugins = loaded(("pigeon", made))

    assert UPGRADE not in plugins.unavailable[0].reason


def test_a_plugin_can_leave_out_what_an_older_host_does_not_know() -> None:
    plugin = pigeon(
        channel=hookimpl(lambda: known(Channel, **vars_of(MANIFEST), contract=LATER, mood="mild", capabilities=can()))
    )

    plugins = loaded(("pigeon", lambda: plugin))

    assert plugins["pigeon"].manifest == of(LATER, capabilities=Capabilities(groups=True))


def can() -> Capabilities:
    return known(Capabilities, groups=True, teleport=True)


def vars_of(manifest: Channel) -> dict[str, Any]:
    named = ("name", "title", "provider", "settings", "limits", "dialect")
    return {name: getattr(manifest, name) for name in named}


def test_a_plugin_of_an_earlier_contract_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "CONTRACT", 3)

    for contract in (1, 2, 3):
        plugins = loaded(("pigeon", lambda contract=contract: pigeon(channel=says(of(contract)))))  # type: ignore[misc]
        assert (list(plugins), plugins["pigeon"].warnings) == (["pigeon"], ())


@pytest.mark.parametrize("contract", [0, -1, 1.5, "2", None, True, "1"])
def test_a_contract_that_is_no_version_is_refused(contract: object) -> None:
    plugins = loaded(("pigeon", lambda: pigeon(channel=says(of(contract)))))

    assert "Channel.contract must be a whole number from 1 on" in plugins.unavailable[0].reason


async def test_an_argument_with_a_default_is_passed_by_a_host_that_knows_it() -> None:
    plugins = loaded(("pigeon", later(send=with_a_default)), ("swan", lambda: pigeon("swan", send=with_a_default)))

    for name in plugins:
        hook = plugins[name]._hooks["send"]  # noqa: SLF001  what the host calls
        assert await hook(binding=1, message=2, ctx=3) == (1, 2, 3)


async def test_an_argument_of_a_later_contract_has_its_default() -> None:
    plugin = loaded(("pigeon", later(send=with_a_mood)))["pigeon"]

    hook = plugin._hooks["send"]  # noqa: SLF001  what the host calls
    assert await hook(binding=1, message=2, ctx=3) == (1, 2, 3, "mild")


@hookimpl
async def with_everything(**passed: object) -> object:
    return passed


@hookimpl
async def with_less(binding: Binding, ctx: Context) -> object:
    return binding, ctx


async def test_a_hook_gets_the_arguments_that_it_takes() -> None:
    plugins = loaded(("pigeon", lambda: pigeon(send=with_less)), ("swan", lambda: pigeon("swan", send=with_everything)))

    passed: dict[str, Any] = {"binding": 1, "message": 2, "ctx": 3}
    assert await plugins["pigeon"]._hooks["send"](**passed) == (1, 3)  # noqa: SLF001  what the host calls
    assert await plugins["swan"]._hooks["send"](**passed) == passed  # noqa: SLF001
