"""The class itself: an honest channel passes, and no one gets around a check."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from trinity_channels.plugins import INCOMING, OPTIONAL, REQUIRED
from trinity_channels_contract_tests import CHECKS, ChannelContract, ContractRefused
from trinity_channels_contract_tests.echo import Echo

CHECK = "test_a_changed_body_is_refused"


class TestEcho(ChannelContract):
    channel = "echo"
    plugin = Echo()


def test_every_check_says_what_it_promises() -> None:
    silent = [name for name, group in CHECKS.items() if not (getattr(group, name).__doc__ or "").strip().endswith(".")]

    assert silent == []


def test_every_hook_is_looked_at() -> None:
    labels = " ".join(vars(getattr(group, name))["hook"] for name, group in CHECKS.items())
    forgotten = {hook for hook in (*REQUIRED, *INCOMING, *OPTIONAL) if hook not in labels}

    assert forgotten == {"simulator"}  # every other check looks through it


def replaced() -> type:
    class TestMine(ChannelContract):
        channel = "mine"

        def test_a_changed_body_is_refused(self) -> None:
            pass

    return TestMine


def removed() -> type:
    class TestMine(ChannelContract):
        channel = "mine"
        test_a_changed_body_is_refused = None  # type: ignore[assignment]

    return TestMine


def mixed_in() -> type:
    class Lenient:
        def test_a_changed_body_is_refused(self) -> None:
            pass

    class TestMine(Lenient, ChannelContract):
        channel = "mine"

    return TestMine


def inherited() -> type:
    class TestMine(ChannelContract):
        channel = "mine"

    class TestYours(TestMine):
        def test_a_changed_body_is_refused(self) -> None:
            pass

    return TestYours


def hidden() -> type:
    class TestMine(ChannelContract):
        channel = "mine"
        __test__ = False

    return TestMine


def skipped() -> type:
    class TestMine(ChannelContract):
        channel = "mine"
        pytestmark = pytest.mark.skip(reason="later")

    return TestMine


def unguarded() -> type:
    class TestMine(ChannelContract):
        channel = "mine"

        def __init_subclass__(cls) -> None:
            pass

    return TestMine


def uncollectable() -> type:
    class TestMine(ChannelContract):
        channel = "mine"

        def __init__(self) -> None:
            pass

    return TestMine


def nameless() -> type:
    class TestMine(ChannelContract):
        pass

    return TestMine


def exempting(exempt: Mapping[str, Any]) -> Callable[[], type]:
    return lambda: type("TestMine", (ChannelContract,), {"channel": "mine", "exempt": exempt})


EVASIONS = {
    "replaced": replaced,
    "removed": removed,
    "mixed in": mixed_in,
    "inherited": inherited,
    "hidden": hidden,
    "skipped": skipped,
    "unguarded": unguarded,
    "uncollectable": uncollectable,
    "nameless": nameless,
    "exempt without a reason": exempting({CHECK: " "}),
    "exempt what is not a check": exempting({"test_nothing": "https://provider.example/why"}),
    "exempt what is not an aspect": exempting({f"{CHECK}[": "https://provider.example/why"}),
    "exempt a check and its aspect": exempting(dict.fromkeys((CHECK, f"{CHECK}[nothing]"), "https://provider.example")),
}


@pytest.mark.parametrize("evasion", EVASIONS.values(), ids=EVASIONS)
def test_no_check_can_be_taken_out(evasion: Callable[[], type]) -> None:
    with pytest.raises(ContractRefused, match="Test"):
        evasion()


def test_an_author_may_add_checks() -> None:
    class TestMine(ChannelContract):
        channel = "mine"

        def test_a_reaction_is_received(self) -> None:
            pass

    assert "test_a_reaction_is_received" not in CHECKS
    assert TestMine.exempt == {}


def test_every_check_has_found_a_lie_out() -> None:
    lies = "".join(path.read_text() for path in Path(__file__).parent.glob("test_lies_*.py"))

    assert set(re.findall(r'breaks = "(\w+)"', lies)) == set(CHECKS)
