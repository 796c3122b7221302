"""Locks of a host that may be stopped, and started again in another event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerLoop(Generic[T]):
    """A lock or semaphore, made when an event loop first asks for it.

    Once something has waited for one, it belongs to that loop, and raises a RuntimeError in every other one:
    https://docs.python.org/3/library/asyncio-sync.html
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: tuple[asyncio.AbstractEventLoop, T] | None = None

    @property
    def current(self) -> T:
        """That of the running loop."""
        loop = asyncio.get_running_loop()
        if self._made is None or self._made[0] is not loop:
            self._made = loop, self._make()
        return self._made[1]
