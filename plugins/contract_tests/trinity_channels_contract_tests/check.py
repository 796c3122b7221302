"""What turns a story into a check: a fresh stage on virtual time, and a failure that says what to look at."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from trinity_channels_contract_tests.listening import httpx_quiet
from trinity_channels_contract_tests.loop import JumpingLoop
from trinity_channels_contract_tests.stage import Stage
from trinity_channels_contract_tests.subject import Subject
from trinity_channels_contract_tests.verdict import NOT_APPLICABLE, BrokenPromise, NotApplicable, Seen, told

Story = Callable[[Any, Stage], Awaitable[None]]
Inspection = Callable[[Any, Subject], None]
Test = Callable[[Any], None]


class Checks:
    """A room of checks; `area` is its heading in the report. A subclass of all rooms says which plugin they look at."""

    area: ClassVar[str]
    channel: ClassVar[str] = ""
    plugin: ClassVar[object] = None


def story(hook: str, fix: str, start: datetime | None = None) -> Callable[[Story], Test]:
    """Make a check of a coroutine that plays on a connected stage, at a time of its own if it needs one.

    With a time of its own it begins before anybody has written.
    """

    def made(tell: Story) -> Test:
        async def play(room: Checks, subject: Subject) -> None:
            stage = Stage(subject, start or datetime.now(UTC))
            try:
                await stage.connect()
                if start is None:
                    await stage.greet()
                await tell(room, stage)
            finally:
                await stage.close()

        def run(room: Checks, subject: Subject) -> None:
            with httpx_quiet(), asyncio.Runner(loop_factory=JumpingLoop) as runner:
                runner.run(play(room, subject))

        return _check(tell, hook, fix, run)

    return made


@functools.lru_cache(maxsize=4)
def _subject(contract: type[Checks]) -> Subject:
    return Subject(contract.channel, contract.plugin)


def inspection(hook: str, fix: str) -> Callable[[Inspection], Test]:
    """Make a check of a function that looks at the plugin without its simulator."""

    def made(look: Inspection) -> Test:
        return _check(look, hook, fix, look)

    return made


def _check(origin: Callable[..., object], hook: str, fix: str, run: Inspection) -> Test:
    promise = " ".join((inspect.getdoc(origin) or "").split())

    def test(self: Checks) -> None:
        __tracebackhide__ = True
        try:
            run(self, _subject(type(self)))  # type: ignore[arg-type]  # mypy takes a class for unhashable
        except NotApplicable as reason:
            pytest.skip(f"{NOT_APPLICABLE}: {reason}")
        except Seen as seen:
            raise BrokenPromise(_failure(promise, str(seen), hook, fix)) from seen.__cause__
        except Exception as error:
            raise BrokenPromise(_failure(promise, f"{hook} let out {told(error)}", hook, fix)) from error

    test.__name__ = test.__qualname__ = origin.__name__
    test.__doc__ = origin.__doc__
    test.__module__ = origin.__module__
    vars(test)["hook"] = hook
    return test


def _failure(promise: str, seen: str, hook: str, fix: str) -> str:
    return f"{promise}\n  seen:    {seen}\n  look at: {hook}\n  fix:     {fix}"
