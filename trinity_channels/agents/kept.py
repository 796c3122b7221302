"""Answers of another system that count for a minute, so that it is not asked with every message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from trinity_channels.refusal import Refusal

T = TypeVar("T")

KEPT = timedelta(seconds=60)
FAILED = timedelta(seconds=5)
"""How long a failure counts: while the other system hangs, not everyone who asks waits for the time-out again."""
MOST = 1000
"""Answers; keys may be chosen by strangers."""


@dataclass(slots=True)
class _Entry(Generic[T]):
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    answer: tuple[datetime, T] | None = None
    failure: tuple[datetime, Refusal] | None = None


class Kept(Generic[T]):
    """Answers by key. Nothing older than a minute is used, also while there is no newer answer."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._entries: dict[str, _Entry[T]] = {}

    async def get(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer to a key; `ask` finds it out, once for all who want it at the same time.

        Raises:
            Refusal: as `ask`.
        """
        entry = self._entries.get(key)
        if entry is None:
            while len(self._entries) >= MOST:
                del self._entries[next(iter(self._entries))]
            entry = self._entries[key] = _Entry()
        async with entry.lock:
            now = self._now()
            if entry.answer and entry.answer[0] <= now < entry.answer[0] + KEPT:
                return entry.answer[1]
            if entry.failure and entry.failure[0] <= now < entry.failure[0] + FAILED:
                raise entry.failure[1].with_traceback(None)
            try:
                found = await ask()
            except Refusal as refused:
                entry.failure = self._now(), refused
                raise
            # From before the question: what changed while it was on its way is not in the answer.
            entry.answer = now, found
            return found

    def forget(self, key: str) -> None:
        """Ask again next time: it has changed."""
        self._entries.pop(key, None)

    def forget_all(self) -> None:
        """As `forget`, for all keys."""
        self._entries.clear()
