"""Answers of another system that count for a minute, so that it is not asked with every message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from trinity_channels.per_loop import PerLoop
from trinity_channels.refusal import Refusal

T = TypeVar("T")

KEPT = timedelta(seconds=60)
FAILED = timedelta(seconds=5)
"""How long a failure counts: while the other system hangs, not everyone who asks waits for the time-out again."""
MOST = 1000
"""Answers of each kind; keys may be chosen by strangers."""


@dataclass(slots=True)
class _Entry(Generic[T]):
    lock: PerLoop[asyncio.Lock] = field(default_factory=lambda: PerLoop(asyncio.Lock))
    answer: tuple[datetime, T] | None = None
    failure: tuple[datetime, Refusal] | None = None


class Kept(Generic[T]):
    """Answers by key. Nothing older than a minute is used, also while there is no newer answer.

    Keys that were answered with None have a place of their own, so that strangers who try many do not push out the others.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        # By the time of their last use.
        self._found: dict[str, _Entry[T]] = {}
        self._others: dict[str, _Entry[T]] = {}
        self._forgot = 0

    async def get(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer to a key; `ask` finds it out, once for all who want it at the same time.

        Raises:
            Refusal: as `ask`.
        """
        entry = self._used(key)
        async with entry.lock.current:
            now = self._now()
            if entry.answer and entry.answer[0] <= now < entry.answer[0] + KEPT:
                return entry.answer[1]
            if entry.failure and entry.failure[0] <= now < entry.failure[0] + FAILED:
                raise entry.failure[1].with_traceback(None)
            forgot = self._forgot
            try:
                found = await ask()
            except Refusal as refused:
                entry.failure = self._now(), refused
                raise
            # From before the question: what changed while it was on its way is not in the answer.
            entry.answer = now, found
            if found is not None and forgot == self._forgot:
                self._others.pop(key, None)
                _put(self._found, key, entry)
            return found

    def forget(self, key: str) -> None:
        """Ask again next time: it has changed."""
        self._forgot += 1
        self._found.pop(key, None)
        self._others.pop(key, None)

    def forget_all(self) -> None:
        """As `forget`, for all keys."""
        self._forgot += 1
        self._found.clear()
        self._others.clear()

    def _used(self, key: str) -> _Entry[T]:
        entries = self._found if key in self._found else self._others
        entry = entries.pop(key, None) or _Entry[T]()
        _put(entries, key, entry)
        return entry


def _put(entries: dict[str, _Entry[T]], key: str, entry: _Entry[T]) -> None:
    """As the one used last."""
    entries.pop(key, None)
    while len(entries) >= MOST:
        del entries[next(iter(entries))]
    entries[key] = entry
