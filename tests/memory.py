"""Gives memory back between tests, so that one run of the whole suite stays small.

FastAPI remembers up to 4,096 handlers by identity to classify them once. Every host of a test brings some forty handlers,
each of which holds its host, so that a hundred hosts with all they stored stayed alive: the suite grew to 3 GB.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Iterator, Mapping

import pytest
from fastapi.dependencies import models

TESTS = 25
"""Tests that may leave something behind before it is freed: some 25 MB in the worst case."""


class Memory:
    """A pytest plugin; `conftest.py` registers it for the tests of the host and of the plugins."""

    def __init__(self) -> None:
        self._tests = 0

    def pytest_collection_finish(self) -> None:
        """Leave what was imported out of every later collection, and collect rarely: `free` does so now and then."""
        free()
        gc.set_threshold(200_000, 20, 100)  # Python's own took an eighth of the time of most stories

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        """Forget where errors were raised that are parameters of a test: they stay, and their frames hold its host."""
        yield
        callspec = getattr(item, "callspec", None)
        for error in _errors(callspec.params if callspec else None):
            error.__traceback__ = error.__context__ = None

    def pytest_runtest_logfinish(self) -> None:
        """Free what tests have left behind: not after each, which took a twelfth of the time.

        Only now does pytest let go of the fixtures of the last one, whose host would be frozen, and never freed.
        """
        self._tests += 1
        if self._tests >= TESTS:
            self._tests = 0
            free()


def _errors(value: object) -> Iterator[BaseException]:
    if isinstance(value, BaseException):
        yield value
    elif isinstance(value, Mapping):
        yield from _errors(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _errors(one)


def free() -> None:
    """Forget the handlers of closed hosts and return free memory to the system, which glibc does not do by itself."""
    for cached in vars(models).values():
        if hasattr(cached, "cache_clear"):
            cached.cache_clear()
    gc.collect()
    gc.freeze()  # what is left is modules and what they keep; to look through it each time took half a second
    with contextlib.suppress(OSError, AttributeError):  # another libc frees by itself, or cannot
        ctypes.CDLL(None).malloc_trim(0)
