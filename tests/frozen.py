"""Stops the clock for the tests that have it, all of them in one go: to begin or end that takes longer than most stories.

freezegun replaces what all loaded modules have of the present time. It also looks through the callers at every look at the
clock, for those that are to see the real time; ours are known by the time they are imported, and are never replaced.
With the clock, stores do without threads; see `hosts_in_a_row`.
"""

from __future__ import annotations

import datetime as dt
import sys
from contextlib import ExitStack
from types import SimpleNamespace
from typing import cast

import pydantic.v1  # noqa: F401  imported later, under the frozen clock, it would inherit from a fake date
import pytest
from freezegun import api, configure, freeze_time
from freezegun.api import FrozenDateTimeFactory
from pydantic._internal import _generate_schema

from tests import hosts_in_a_row
from tests.certificates import self_signed
from tests.world import START
from trinity_channels.imports import document  # noqa: F401  its models would have fields of the fake one

NEVER = 86_400.0
"""Real seconds: what a host does periodically it does when a test says so, and not in the midst of a long story."""
PAUSES = ("dispatch.local.TICK", "dispatch.local.IDLE_TICK", "periodic.HOUSEKEEPING", "inbound.indicate.PATIENCE")
"""They pass in real time, and may not end in a story only because the machine is busy."""
DISPATCH = "trinity_channels.dispatch.postgres"
"""Imported only where it is used."""
KEY: pytest.StashKey[FrozenTime] = pytest.StashKey()


class FrozenTime:
    """A pytest plugin; `conftest.py` registers it, and its fixture `clock` takes `clock` from here."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.clock: FrozenDateTimeFactory | None = None
        # They tell how long tests took, and wait for a server, whose time goes on.
        configure(extend_ignore_list=["_pytest", "psycopg", "procrastinate"])
        _let_pydantic_know_the_real_time()
        self_signed()  # cryptography keeps the `datetime` that it finds first: that must be the real one

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the tests with a clock before the others, each group in its order."""
        items.sort(key=lambda item: not _has_clock(item))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Stop the clock for a test that has it, and let it go on for the next one that has not."""
        if not _has_clock(item):
            self._thaw()
        elif self.clock is None:
            patch = self._stack.enter_context(pytest.MonkeyPatch.context())
            frozen = self._stack.enter_context(freeze_time(START, real_asyncio=True))
            self.clock = cast("FrozenDateTimeFactory", frozen)  # what freeze_time gives while time stands still
            patch.setattr(api, "call_stack_inspection_limit", 0)
            for pause in PAUSES:
                patch.setattr(f"trinity_channels.{pause}", NEVER)
            if DISPATCH in sys.modules:
                dispatch = sys.modules[DISPATCH]
                patch.setattr(dispatch, "RHYTHM", dispatch.Rhythm(heartbeat=0.25, look=NEVER, sweep=NEVER))
            hosts_in_a_row.share_parts(patch)
            hosts_in_a_row.without_threads(patch)

    def pytest_sessionfinish(self) -> None:
        """Let time go on."""
        self._thaw()

    def _thaw(self) -> None:
        self.clock = None
        self._stack.close()


def _let_pydantic_know_the_real_time() -> None:
    """Older versions compare each type with what `datetime` holds at the moment, and would find the fakes there."""
    real = SimpleNamespace(**{name: value for name, value in vars(dt).items() if isinstance(value, type)})
    vars(_generate_schema)["datetime"] = real


def _has_clock(item: pytest.Item) -> bool:
    return "clock" in getattr(item, "fixturenames", ())
