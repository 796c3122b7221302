"""Procrastinate as it is used here: its application, its connections, and what of its log is left out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import psycopg
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.jobs import Job
from psycopg_pool import AsyncConnectionPool

from trinity_channels.store.waiting import Connection
from trinity_channels.store.wakes import TASK

CONNECTIONS = 4
"""At most, besides those that listen: what is asked on them is short."""


def queue(server: Mapping[str, Any], task: Callable[..., Awaitable[None]], patience: float) -> App:
    """The queue of a database, not open yet.

    Args:
        server: how the driver connects to it.
        task: does a job; it gets Procrastinate's context, and the key.
        patience: seconds to wait for a connection.
    """
    # Each attempt to connect is logged there, where one entry of ours says that the database is away.
    logging.getLogger("psycopg.pool").addFilter(_is_of_another_pool)
    # That a worker has no periodic tasks, at each of its starts.
    logging.getLogger("procrastinate.periodic").addFilter(_says_more_than_that_none_is_periodic)
    logging.getLogger("procrastinate.worker").addFilter(_says_more_than_that_a_key_runs)
    logging.getLogger(f"procrastinate.worker.{TASK}").setLevel(logging.WARNING)
    connector = PsycopgConnector(
        kwargs=dict(server),
        name=TASK,
        pool_factory=_pool,
        configure=_one_by_one,
        min_size=1,
        max_size=CONNECTIONS,
        timeout=patience,
        # Later attempts to connect come ever more rarely; after this, the next one that is needed is made at once.
        reconnect_timeout=patience,
    )
    app = App(connector=connector)
    app.task(name=TASK, pass_context=True, retry=_Again())(task)
    return app


class _Again(BaseRetryStrategy):
    """A run that was cut short is to run again, here or elsewhere: without this, its job would be gone."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:  # noqa: ARG002  as declared
        # When, `Jobs.retry_job` says.
        return RetryDecision()


def _pool(check: object, **options: Any) -> AsyncConnectionPool:  # noqa: ARG001  given by Procrastinate
    """Connections that are not asked before each use whether they work: what fails is tried again."""
    return AsyncConnectionPool(**options, connection_class=Connection)


async def _one_by_one(connection: psycopg.AsyncConnection[Any]) -> None:
    """Let each statement be a transaction of its own: none waits for this process with a lock in its hands."""
    await connection.set_autocommit(True)


def _says_more_than_that_a_key_runs(record: logging.LogRecord) -> bool:
    """What Procrastinate logs of each job is for those of an application, which may use it, too."""
    job = vars(record).get("job", {})
    return record.levelno >= logging.WARNING or job.get("task_name") != TASK


def _says_more_than_that_none_is_periodic(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or "No periodic task found" not in record.getMessage()


def _is_of_another_pool(record: logging.LogRecord) -> bool:
    return f"'{TASK}'" not in record.getMessage()
