"""What turns a story into a check: a fresh harness on virtual time, and a failure that says what to look at."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from trinity_channels_contract_tests import loop
from trinity_channels_contract_tests.expectations import (
    IMPOSSIBLE,
    NOT_APPLICABLE,
    Aspects,
    BrokenPromise,
    Impossible,
    NotApplicable,
    Seen,
    told,
)
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.listening import httpx_quiet
from trinity_channels_contract_tests.under_test import PluginUnderTest

LOADS = "test_the_host_loads_it"
"""The check that says so where there is no plugin."""
Story = Callable[[Any, Harness], Awaitable[None]]
Inspection = Callable[[Any, PluginUnderTest], None]
Test = Callable[[Any], None]


class Checks:
    """A group of checks; `area` is its heading in the report. A subclass of all groups says which plugin they look at."""

    area: ClassVar[str]
    channel: ClassVar[str] = ""
    plugin: ClassVar[object] = None
    exempt: ClassVar[Mapping[str, str]] = {}
    no_receipts: ClassVar[str] = ""

    @classmethod
    def exempt_aspects(cls, check: str) -> dict[str, str]:
        """The aspects of a check that are exempt, such as `caption` for `test_…[caption]`, each with its reason."""
        wanted = f"{check}["
        found = {name: why for name, why in cls.exempt.items() if name.startswith(wanted) and name.endswith("]")}
        return {name[len(wanted) : -1]: why for name, why in found.items()}


def story(hook: str, fix: str, start: datetime | None = None, *, arriving: bool = False) -> Callable[[Story], Test]:
    """Make a check of a coroutine that plays on a connected harness, at a time of its own if it needs one.

    With a time of its own it begins before the first message. One about what is `arriving` at `listen` plays
    twice: it arrives as `listen` begins, and once that has caught up and waits.
    """

    def made(tell: Story) -> Test:
        async def play(group: Checks, plugin: PluginUnderTest, live: bool) -> None:
            harness = Harness(plugin, start or datetime.now(UTC))
            harness.live = live
            harness.aspects = Aspects(group.exempt_aspects(tell.__name__))
            try:
                await harness.connect()
                if start is None:
                    await harness.greet()
                await tell(group, harness)
                harness.aspects.are_needed()
            except Seen as seen:
                if live:
                    seen.also("it came while `listen` waited")
                raise
            finally:
                await harness.close()

        def run(group: Checks, plugin: PluginUnderTest) -> None:
            # A loop for each check: what one left running cannot reach the next.
            with httpx_quiet():
                for live in (False, True) if arriving else (False,):
                    loop.play(play(group, plugin, live))

        return _check(tell, hook, fix, run)

    return made


# The checks of one class share the plugin; classes run one after the other.
@functools.lru_cache(maxsize=4)
def _under_test(contract: type[Checks]) -> PluginUnderTest:
    return PluginUnderTest(contract.channel, contract.plugin)


def _found(contract: type[Checks], check: str) -> PluginUnderTest:
    """The plugin; that there is none is one check's finding."""
    try:
        return _under_test(contract)  # type: ignore[arg-type]  # mypy takes a class for unhashable
    except Seen as seen:
        if check == LOADS:
            raise
        raise NotApplicable(f"there is no plugin to look at: {seen}") from None


def inspection(hook: str, fix: str) -> Callable[[Inspection], Test]:
    """Make a check of a function that looks at the plugin without its simulator."""

    def made(look: Inspection) -> Test:
        return _check(look, hook, fix, look)

    return made


def _check(origin: Callable[..., object], hook: str, fix: str, run: Inspection) -> Test:
    promise = " ".join((inspect.getdoc(origin) or "").split())

    def test(self: Checks) -> None:
        # The author needs the promise that is broken, not the kit's frames.
        __tracebackhide__ = True
        where = hook
        try:
            plugin = _found(type(self), origin.__name__)
            where = plugin.where(hook)
            run(self, plugin)
        except Impossible as reason:
            pytest.skip(f"{IMPOSSIBLE}: {reason}")
        except NotApplicable as reason:
            pytest.skip(f"{NOT_APPLICABLE}: {reason}")  # a capability that the channel does not declare
        except Seen as seen:
            failure = _failure(promise, str(seen), where, seen.fix or fix)
            if seen.aspect:
                failure += f"\n  aspect:  {seen.aspect}; `{origin.__name__}[{seen.aspect}]` can be exempted alone"
            raise BrokenPromise(failure) from seen.__cause__
        except Exception as error:
            raise BrokenPromise(_failure(promise, f"{where} let out {told(error)}", where, fix)) from error

    # pytest collects and reports by these; the wrapper must pass for the check that the author reads.
    test.__name__ = test.__qualname__ = origin.__name__
    test.__doc__ = origin.__doc__
    test.__module__ = origin.__module__
    vars(test)["hook"] = hook
    return test


def _failure(promise: str, seen: str, hook: str, fix: str) -> str:
    return f"{promise}\n  seen:    {seen}\n  look at: {hook}\n  fix:     {fix}"
