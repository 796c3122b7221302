"""Lets threads run side by side, or one of them alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turnstile:
    """Many may be inside together; one that wants to be alone is next, and the others wait until it has left."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._alone = False

    @contextmanager
    def passed(self, *, alone: bool) -> Iterator[None]:
        """Be inside, with others or alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._inside += 1
            if alone:
                self._alone = True
                self._changed.wait_for(lambda: self._inside == 1)
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                if alone:
                    self._alone = False
                self._changed.notify_all()
