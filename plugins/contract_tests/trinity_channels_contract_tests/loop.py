"""An event loop whose clock jumps: what waits 15 seconds for a time-out waits no time at all.

Everything the kit runs lives in one process, so an idle loop with a timer can only be waiting for that timer. The loop
also measures how long its callbacks held it up without computing: that is a blocking call.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")
GRACE = 0.004
"""Real seconds that threads which the loop has not started itself get before an idle clock jumps, where there are any."""
ENDS = 60.0
"""Seconds of virtual time in which what is still running when a story is over must end."""


class JumpingSelector(selectors.DefaultSelector):
    """Skips the wait for a timer, and keeps the time that passed between two waits."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.threads = 0
        self.longest_block = 0.0
        self._left: tuple[float, float] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for a file or a thread, but never for a timer."""
        self._measure()
        found: list[tuple[selectors.SelectorKey, int]]
        # A thread that the loop has started needs real time; the clock stands still for it.
        if timeout is None or timeout <= 0 or self.threads:
            found = super().select(timeout)
        elif not (found := super().select(GRACE if threading.active_count() > 1 else 0)):
            self.now += timeout
        self._left = time.perf_counter(), time.thread_time()
        return found

    def _measure(self) -> None:
        if self._left is not None:
            wall, busy = self._left
            idle = (time.perf_counter() - wall) - (time.thread_time() - busy)
            self.longest_block = max(self.longest_block, idle)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time."""

    def __init__(self) -> None:
        self.clock = JumpingSelector()
        super().__init__(self.clock)

    def time(self) -> float:
        """Seconds since the loop began, jumps included; computing takes none."""
        return self.clock.now

    def run_in_executor(  # type: ignore[override]  # typeshed's signature uses a TypeVarTuple that says no more
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run in a thread; the clock stands still meanwhile."""
        running = super().run_in_executor(executor, func, *args)
        self.clock.threads += 1
        running.add_done_callback(self._thread_done)
        return running

    def _thread_done(self, _: asyncio.Future[Any]) -> None:
        self.clock.threads -= 1

    def call_exception_handler(self, context: Mapping[str, Any]) -> None:
        """Say nothing: a task that was dropped with its harness does not matter."""


def play(story: Coroutine[Any, Any, T]) -> T:
    """Run a story on a loop of its own; what does not end when it is cancelled after that is dropped.

    `asyncio.Runner` would wait for it without end.
    """
    loop = JumpingLoop()
    try:
        return loop.run_until_complete(story)
    finally:
        if left := asyncio.all_tasks(loop):
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.wait(left, timeout=ENDS))
        for task in left:
            drop(task)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def drop(task: asyncio.Task[Any]) -> None:
    """Take what a task does away from it, if it is still running: it has swallowed its cancellation."""
    coroutine = task.get_coro()
    if not task.done() and coroutine is not None:
        with suppress(RuntimeError):  # it swallows that as well, and stays where it is
            coroutine.close()


def longest_block() -> float:
    """The longest that any callback of the running loop has held it up, in seconds, and begin again."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, JumpingLoop):
        raise TypeError("the kit's stories run on the kit's loop")
    found, loop.clock.longest_block = loop.clock.longest_block, 0.0
    return found
