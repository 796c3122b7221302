"""When a look for jobs that nothing has told of can wait: none waited at the last one."""

from __future__ import annotations

from trinity_channels.dispatch.pulse import clock


class Calm:
    """The queues in which no job waits, as far as this process knows; after `pause` seconds it looks in any case."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._empty: dict[str, int] = {}
        self._since: dict[str, float] = {}

    def holds(self, queue: str, heard: int) -> bool:
        """Whether nothing is to be looked for; `heard` is how much was ever told of the queue."""
        return self._empty.get(queue) == heard and clock() - self._since.get(queue, -self._pause) < self._pause

    def nothing_found(self, queue: str, heard: int) -> bool:
        """Note that a look which began after so much had been told found nothing; whether the one before was like that."""
        again = self._empty.get(queue) == heard
        self._empty[queue] = heard
        self._since.pop(queue, None)
        return again

    def begin(self, queue: str) -> None:
        """Note that no job waits."""
        self._since[queue] = clock()

    def end(self, queue: str) -> None:
        """Look at once: something may wait of which nothing is told."""
        self._empty.pop(queue, None)
        self._since.pop(queue, None)
