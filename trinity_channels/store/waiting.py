"""A connection to PostgreSQL that only wakes its event loop when the server has said something."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import Row

T = TypeVar("T")

_NEVER = 86400.0


class Connection(psycopg.AsyncConnection[Row]):
    """The driver's, which wakes ten times a second while it waits, to notice Ctrl-C where no event loop does.

    With three connections that listen, a process that had nothing to do spent a third of its time on that.
    """

    async def wait(self, gen: PQGen[T], interval: float = _NEVER, timeout: float | None = None) -> T:  # noqa: ASYNC109  as declared
        """Wait for the server; the driver's own waits come here, too.

        Args:
            gen: what is done on the connection.
            interval: seconds between two wake-ups.
            timeout: seconds to wait at most; earlier versions of the driver do not know it.
        """
        limit: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
        return await super().wait(gen, interval, **limit)
