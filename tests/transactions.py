"""Counts the transactions of a store, at the methods through which all of them go."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.world import World
from trinity_channels.store import Store, wakes
from trinity_channels.store.sqlite import SqliteStore


class Transactions:
    """What the stores of this test have done since it was made, or since `restart`, apart from periodic work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.writes: list[str] = []
        self.reads: list[str] = []
        kind = World.database.store
        for name, found in (("write", self.writes), ("read", self.reads), ("lookup", self.reads)):
            if name == "lookup" and kind is not SqliteStore:
                continue  # there, it is a read
            monkeypatch.setattr(kind, name, _noting(getattr(kind, name), found))

    @property
    def count(self) -> tuple[int, int]:
        """Writing and reading transactions."""
        return len(self.writes), len(self.reads)

    def restart(self) -> None:
        """Count from here."""
        self.writes.clear()
        self.reads.clear()


def _noting(method: Callable[[Store, Any], Awaitable[Any]], found: list[str]) -> Callable[[Store, Any], Awaitable[Any]]:
    async def noted(store: Store, unit: Any) -> Any:
        if not (_is_periodic(asyncio.current_task()) or _is_of_dispatch(unit)):
            found.append(name_of(unit))
        return await method(store, unit)

    return noted


def _is_periodic(task: asyncio.Task[Any] | None) -> bool:
    """Whether this is work that the host does now and then, whether or not anyone writes."""
    return task is not None and task.get_name().startswith(("chore ", "catch-up", "dispatch-clock", "housekeeping"))


def _is_of_dispatch(unit: Any) -> bool:
    """Whether this only says who runs next, which on SQLite is said in memory."""
    return str(_function(unit).__module__) == wakes.__name__


def _function(unit: Any) -> Any:
    while isinstance(unit, functools.partial):
        unit = unit.func
    return unit


def name_of(unit: Any) -> str:
    """The name of the function that a unit of work is, for instance `Steps.record.<locals>.take`."""
    unit = _function(unit)
    return str(getattr(unit, "__qualname__", unit))
