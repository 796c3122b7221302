"""Keys with work, where several processes share it: which wait for a run, which run of each is the latest, which are due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from sqlalchemy import BigInteger, Text, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from trinity_channels.lease import Lease, LeaseLost
from trinity_channels.store.clock import micros
from trinity_channels.store.database import Unit
from trinity_channels.store.jobs import SCHEMA
from trinity_channels.store.tables import WAKE
from trinity_channels.store.tx import Tx

T = TypeVar("T")

TASK = "trinity_channels.run"
"""What Procrastinate calls a run."""
PREFIX = "trinity_channels_"
"""What the names of the queues begin with; the kinds of keys follow."""
BATCH = 1000
"""Keys that are woken in one transaction."""

# One way to the database for all keys of a unit. The row of a key is locked also where it is scheduled already: the run that
# takes its job waits for this transaction, and sees what it wrote.
_WAKE = text(
    f"""WITH woken AS (
  INSERT INTO {WAKE.name} AS wake (key, scheduled, lease)
  SELECT one, true, 0 FROM unnest(:keys) AS one
  ON CONFLICT (key) DO UPDATE SET scheduled = true WHERE NOT wake.scheduled RETURNING key
)
SELECT {SCHEMA}.procrastinate_defer_jobs_v1(array_agg(CAST(ROW(
  '{PREFIX}' || split_part(key, ':', 1), '{TASK}', 0, key, NULL, jsonb_build_object('key', key), NULL
) AS {SCHEMA}.procrastinate_job_to_defer_v1))) FROM woken HAVING count(*) > 0"""  # noqa: S608  constants
).bindparams(bindparam("keys", type_=ARRAY(Text)))
# For Procrastinate's own connections, several at a time: each way to the database and back costs more than a job.
FETCH = """SELECT (job).* FROM (
  SELECT procrastinate_fetch_job_v2(%(queues)s::varchar[], %(worker)s) AS job FROM generate_series(1, %(most)s) OFFSET 0
) AS fetched WHERE (job).id IS NOT NULL"""
NONE_WAITS = """SELECT NOT EXISTS (
  SELECT FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = %(queue)s
) AS none_waits"""
# Procrastinate tells of new jobs only. By the server's clock: that of this machine may be ahead of it.
PUT_BACK = """SELECT procrastinate_retry_job_v2(%(number)s, now(), NULL, NULL, NULL),
pg_notify(%(channel)s, '{"type": "job_inserted", "job_id": 0}')"""
REMOVE = "DELETE FROM procrastinate_jobs WHERE id = ANY(%(numbers)s::bigint[]) AND status = 'doing'"
_HERE = WAKE.c.key == bindparam("key")
# The number of the transaction, which no later one has: the row of a key, with the lease of its last run, may be removed.
# https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
_TRANSACTION = "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
_BEGUN = f"scheduled = false, due_at = NULL, lease = greatest(wake.lease + 1, {_TRANSACTION})"
_BEGIN_IF_WOKEN = text(f"UPDATE {WAKE.name} AS wake SET {_BEGUN} WHERE key = :key AND scheduled RETURNING lease")  # noqa: S608  constants
_BEGIN = text(
    f"""INSERT INTO {WAKE.name} AS wake (key, scheduled, lease) VALUES (:key, false, {_TRANSACTION})
ON CONFLICT (key) DO UPDATE SET {_BEGUN} RETURNING lease"""  # noqa: S608  constants
)
_LEASE = select(WAKE.c.lease).where(_HERE)
_WAIT = update(WAKE).where(_HERE, WAKE.c.lease == bindparam("number")).values(due_at=bindparam("at"))
_DUE = (
    select(WAKE.c.key)
    .where(WAKE.c.due_at.is_not(None), WAKE.c.due_at <= bindparam("now"), ~WAKE.c.scheduled)
    .order_by(WAKE.c.due_at)
    .limit(BATCH)
)
_WAITING = select(WAKE.c.key).where(WAKE.c.due_at.is_not(None))
_WITH_JOB = f"SELECT lock FROM {SCHEMA}.procrastinate_jobs WHERE status IN ('todo', 'doing')"  # noqa: S608  a constant
_RUNNING_OR_WOKEN = text(_WITH_JOB)
_MAY_BEGIN = text(
    f"""SELECT EXISTS (SELECT FROM {SCHEMA}.procrastinate_jobs WHERE status = 'todo' AND lock NOT IN (
SELECT lock FROM {SCHEMA}.procrastinate_jobs WHERE status = 'doing'))"""  # noqa: S608  constants
)
_REMOVE = text(
    f"DELETE FROM {SCHEMA}.procrastinate_jobs WHERE id = ANY(:numbers) AND status = 'doing'"  # noqa: S608  a constant
).bindparams(bindparam("numbers", type_=ARRAY(BigInteger)))
_FORGET_LOST_OF = text(
    f"UPDATE {WAKE.name} SET scheduled = false WHERE scheduled AND key = ANY(:keys) AND key NOT IN ({_WITH_JOB})"  # noqa: S608  constants
).bindparams(bindparam("keys", type_=ARRAY(Text)))
_LOST = text(
    f"SELECT key FROM {WAKE.name} WHERE scheduled AND key NOT IN ({_WITH_JOB}) LIMIT {BATCH}"  # noqa: S608  constants
)
_IDLE = (
    select(WAKE.c.key)
    .where(WAKE.c.key > bindparam("after"), ~WAKE.c.scheduled, WAKE.c.due_at.is_(None))
    .order_by(WAKE.c.key)
    .limit(BATCH)
)
_REMOVE_IDLE = text(
    f"DELETE FROM {WAKE.name} WHERE key = ANY(:keys) AND NOT scheduled AND due_at IS NULL AND key NOT IN ({_WITH_JOB})"  # noqa: S608  constants
).bindparams(bindparam("keys", type_=ARRAY(Text)))


def schedule(tx: Tx, keys: list[str]) -> None:
    """Have each key run once this transaction is committed, if no job for it waits already."""
    # In one order, so that two transactions do not wait for each other; older conversations come first.
    tx.run(_WAKE, keys=sorted(keys, key=lambda key: (len(key), key)))


def begin(tx: Tx, key: str, *, woken: bool) -> int | None:
    """Begin a run of a key; what wakes it from now on leads to another.

    Args:
        tx: the transaction.
        key: what is run.
        woken: whether it is to begin only if something has woken the key since the last run began.

    Returns:
        The lease of the run, a number that no other run of the key ever has; None if it is not to begin.
    """
    return tx.scalar(_BEGIN_IF_WOKEN if woken else _BEGIN, int, key=key)


def fenced(held: Lease, unit: Unit[T], tx: Tx) -> T:
    """Do a unit of a run, unless another run of its key has begun since.

    One that begins meanwhile reads and writes after this transaction, or ends it.

    Raises:
        LeaseLost: another run has begun.
        Whatever the unit raises.
    """
    if tx.scalar(_LEASE, int, key=held.key) != held.number:
        held.lost = True
        raise LeaseLost(f"Another run of {held.key} has begun.")
    return unit(tx)


def wait(tx: Tx, key: str, number: int, at: datetime) -> None:
    """Have a key woken at a time, unless it is woken before or another run has begun."""
    tx.run(_WAIT, key=key, number=number, at=micros(at))


def due(tx: Tx, now: datetime | None) -> list[str]:
    """Keys whose time has come, the earliest first; with None all that wait for theirs."""
    return tx.scalars(_WAITING, str) if now is None else tx.scalars(_DUE, str, now=micros(now))


def busy(tx: Tx) -> set[str]:
    """Keys that will be run without being woken: they have a job, or wait for their time."""
    return {*tx.scalars(_RUNNING_OR_WOKEN, str), *tx.scalars(_WAITING, str)}


def may_begin(tx: Tx) -> bool:
    """Whether a job waits for nothing but a process that takes it."""
    return bool(tx.scalar(_MAY_BEGIN, bool))


def take_over(tx: Tx, jobs: Mapping[int, str]) -> None:
    """Replace jobs that no process works on any more, each with its key, by new ones.

    By new ones, so that a process which was only paused can neither remove nor repeat what another one does by then.
    """
    tx.run(_REMOVE, numbers=list(jobs))
    # Such a job may have ended before it took its wake.
    tx.run(_FORGET_LOST_OF, keys=list(jobs.values()))
    wake(tx, jobs.values())


def lost(tx: Tx) -> list[str]:
    """Some of the keys that have no job though they should: someone has removed it."""
    return tx.scalars(_LOST, str)


def forget_lost(tx: Tx, keys: list[str]) -> int:
    """Let keys be woken again that still have no job. Returns how many."""
    return tx.run(_FORGET_LOST_OF, keys=keys)


def idle(tx: Tx, after: str) -> list[str]:
    """Some of the keys behind `after` that wait for nothing, in their order; they may have a run that has not ended."""
    return tx.scalars(_IDLE, str, after=after)


def remove_idle(tx: Tx, keys: list[str]) -> int:
    """Remove the rows of keys that still wait for nothing and have no run. Returns how many.

    What wakes one meanwhile is seen, or ends this transaction: both write the row.
    """
    return tx.run(_REMOVE_IDLE, keys=keys)


def wake(tx: Tx, keys: Iterable[str]) -> None:
    """Wake several keys."""
    for key in keys:
        tx.wake(key)
