"""The tests that a quick check leaves out because they take long: the costliest fifth, with more than half of the time.

`costly.txt` names them. `--cheap` leaves them out; `--measure` writes the list again, by the processor time of a run of all.
A name that is no longer there does no harm; a test that is not named is run.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import pytest

LIST = Path(__file__).with_name("costly.txt")
SHARE = 5
"""One test in so many is costly."""


class Costly:
    """A pytest plugin; `conftest.py` registers it."""

    def __init__(self, *, cheap: bool, measure: bool) -> None:
        self._left_out = set(LIST.read_text().split()) if cheap else set()
        self._measured: dict[str, float] | None = {} if measure else None

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what the list names."""
        left_out = [item for item in items if _name(item) in self._left_out]
        items[:] = [item for item in items if _name(item) not in self._left_out]
        config.hook.pytest_deselected(items=left_out)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Measure a test without its fixtures, which others may have needed first."""
        begun = time.process_time()
        try:
            return (yield)
        finally:
            if self._measured is not None:
                self._measured[_name(item)] = time.process_time() - begun

    def pytest_sessionfinish(self) -> None:
        """Write the list."""
        if self._measured:
            costs = sorted(self._measured, key=self._measured.__getitem__, reverse=True)
            LIST.write_text("".join(f"{one}\n" for one in sorted(costs[: len(costs) // SHARE])))


def _name(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]
