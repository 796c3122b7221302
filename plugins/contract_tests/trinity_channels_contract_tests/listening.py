"""Everything that is logged or printed while a hook runs."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout


@contextmanager
def httpx_quiet() -> Iterator[None]:
    """Keep httpx from logging every address, as the host does: some hold a token."""
    logger = logging.getLogger("httpx")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines
        # The arguments too: structured logging stores them, whatever the message shows.
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


class _Printed(io.StringIO):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def write(self, text: str) -> int:
        self._lines.append(text)
        return len(text)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Collect log lines of every level, with their arguments, and whatever is printed."""
    lines: list[str] = []
    handler, root, printed = _Lines(lines), logging.getLogger(), _Printed(lines)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
