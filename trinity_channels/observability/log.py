"""Logging: structlog and the standard library's loggers through one masked pipeline, as JSON lines or for people."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TextIO

import structlog

from trinity_channels.observability.masking import mask_entry
from trinity_channels.visible import for_terminal, one_line

# They log addresses, parameters, every request or every part of their own; what matters in it our own entries say.
_QUIET = ("aiohttp", "httpx", "httpcore", "alembic")
_OF_LINES = ("exception", "stack")
# They come with handlers of their own, which would write unmasked.
_ADOPTED = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "sqlalchemy", "alembic")


class Sparse:
    """Lets one log entry a minute pass for each subject; for what strangers can cause as often as they like.

    Subjects must be few, such as the names of channels: they are kept.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last: dict[str, datetime] = {}

    def passes(self, subject: str) -> bool:
        """Whether to write the entry now."""
        now, last = self._now(), self._last.get(subject)
        if last is not None and abs(now - last) < timedelta(minutes=1):
            return False
        self._last[subject] = now
        return True


def configure_logging(level: str = "INFO", *, json: bool, stream: TextIO | None = None) -> None:
    """Route every logger of the process to `stream` (standard error), masked; calling it again replaces the former.

    Start uvicorn with `log_config=None`, or it installs its own handlers afterwards.

    Args:
        level: a level name of the standard library, such as `DEBUG`.
        json: one JSON object per line; otherwise lines for a terminal.
        stream: where to write.

    Raises:
        ValueError: there is no such level.
    """
    root = logging.getLogger()
    root.setLevel(level.upper())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Loggers are made when modules are imported; a cached one would keep the configuration of that time.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                mask_entry,
                _renderer(json=json, colours=handler.stream.isatty()),
            ],
        )
    )
    root.handlers[:] = [handler]
    _adopt()


def _renderer(*, json: bool, colours: bool) -> structlog.typing.Processor:
    if json:
        return structlog.processors.JSONRenderer()
    # The traceback is text by now, so that it could be masked; the renderer must not format it again.
    console = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
    return lambda logger, method, entry: console(logger, method, _printable(entry))


def _printable(entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An entry whose texts cannot move the cursor of a terminal, nor pass for an entry of their own."""
    # A traceback has many lines; the renderer keeps them apart from the entry.
    return {
        name: (for_terminal if name in _OF_LINES else one_line)(value) if isinstance(value, str) else value
        for name, value in entry.items()
    }


def _adopt() -> None:
    for name in _ADOPTED:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
