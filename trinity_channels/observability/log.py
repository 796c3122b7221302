"""Logging: structlog and the standard library's loggers through one masked pipeline, as JSON lines or for people."""

from __future__ import annotations

import functools
import json as json_format
import logging
import re
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TextIO, cast

import structlog

from trinity_channels.observability.masking import mask_entry, mask_text
from trinity_channels.visible import for_terminal, one_line

# They log addresses, parameters, every request or every part of their own; what matters in it our own entries say.
_QUIET = ("aiohttp", "httpx", "httpcore", "alembic")
_OF_LINES = ("exception", "stack")
_PLAIN = re.compile(r"[\w.:/@+*-]+")
"""Values of fields that need no quotes."""
_json = functools.partial(json_format.dumps, ensure_ascii=False, default=str)
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


class Entry(dict[str, Any]):
    """What a record of ours says, masked: fields for our own handler, and as text one line for any other."""

    def __str__(self) -> str:
        fields = [f"{name}={_field(self[name])}" for name in self if name not in ("event", *_OF_LINES)]
        line = " ".join([one_line(str(self.get("event", ""))), *fields])
        return "\n".join([line, *(for_terminal(str(self[name])) for name in _OF_LINES if name in self)])


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module: what it writes are records of the standard library's logger of that name.

    They are masked before any handler sees them, and depend on no configuration of structlog, which is another
    application's where the host is mounted.
    """
    logger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=_PROCESSORS,
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return cast("structlog.stdlib.BoundLogger", logger)


def _as_record(
    _logger: Any, _method: str, entry: structlog.typing.EventDict
) -> tuple[tuple[Entry], Mapping[str, object]]:
    # The record is to name the line that wrote the entry, not structlog's.
    frame, level = sys._getframe(1), 0  # noqa: SLF001  as `logging` itself finds it
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("structlog."):
        frame, level = frame.f_back, level + 1
    return (Entry(entry),), {"stacklevel": max(1, level), "exc_info": False}


_PROCESSORS: list[Any] = [
    structlog.stdlib.filter_by_level,
    structlog.contextvars.merge_contextvars,
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    mask_entry,
    _as_record,
]
"""One list, also of a host that runs alone: tests of ours replace what is in it."""


def configure_logging(level: str = "INFO", *, json: bool, stream: TextIO | None = None) -> None:
    """Route every logger of the process to `stream` (standard error), masked; calling it again replaces the former.

    For a host that runs alone: in another application, records go where that lets them go. Start uvicorn with
    `log_config=None`, or it installs its own handlers afterwards.

    Args:
        level: a level name of the standard library, such as `DEBUG`.
        json: one JSON object per line; otherwise lines for a terminal.
        stream: where to write.

    Raises:
        ValueError: there is no such level.
    """
    root = logging.getLogger()
    root.setLevel(level.upper())
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.stdlib.BoundLogger,
        # Not structlog's own factory, which replaces the class of all loggers; see `_as_record`.
        logger_factory=logging.getLogger,
        # Loggers are made when modules are imported; a cached one would keep the configuration of that time.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                _unpacked,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
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


def _unpacked(_logger: Any, _method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The fields of an entry of ours, which the formatter has as text."""
    message = entry["_record"].msg
    return {**entry, **message} if isinstance(message, Entry) else entry


class MaskedRequests(logging.Filter):
    """Masks what `httpx` logs of each request in an application: its address may hold a token or a number."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, masked."""
        record.msg, record.args = mask_text(record.getMessage()), ()
        return True

    def begin(self) -> None:
        """Mask them from now on."""
        logging.getLogger("httpx").addFilter(self)

    def end(self) -> None:
        """Let them be."""
        logging.getLogger("httpx").removeFilter(self)


def _field(value: object) -> str:
    text = value if isinstance(value, str) else _json(value)
    return text if _PLAIN.fullmatch(text) else one_line(_json(value))


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
