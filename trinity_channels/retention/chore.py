"""The chore that removes what was kept long enough, in batches so small that no message waits for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.retention.periods import RetentionPeriods
from trinity_channels.store import Store, Tx, audit, retention
from trinity_channels.store.audit import Actor
from trinity_channels.store.retention import Batch, Kept, Removed, Sweep

log = get_logger(__name__)

KEEP_CODES = timedelta(hours=24)
"""Login codes stay as long as a limit counts them, or a guess at one may have to be recognised."""
KEEP_AUDIT = timedelta(days=400)
HELD_DAYS = 7
"""What is held for the gate is answered for that long after it was written; see `inbound.step`."""
ACTOR = Actor("retention")
"""How the audit log names this chore."""
PAUSE = timedelta(minutes=1)
"""After a round that found nothing to do; after others, the next goes on at once."""
LOG_EMPTIED = timedelta(minutes=1)
"""How often the database's write-ahead log is emptied, in which removed texts would stay readable."""
BATCH = 100
"""Rows of one transaction."""
BATCHES = 50
"""Batches of one kind in one round; the next round goes on."""
PAGES = 20
"""Pages of messages that are looked through for one batch."""


class Retention:
    """Removes what is older than its retention. Each run does a bounded amount; what is left is for the next one."""

    def __init__(self, store: Store, periods: RetentionPeriods, metrics: Metrics, now: Callable[[], datetime]) -> None:
        self._store = store
        self._periods = periods
        self._metrics = metrics
        self._now = now
        self._left_after = 0
        self._idle_since: datetime | None = None
        self._emptied_at = now()

    async def run(self) -> None:
        """Do a round. After one that found nothing there is a pause, and only the log is looked at.

        Raises:
            StoreError: the database cannot be used. What was removed before stays removed.
        """
        now = self._now()
        # The range also covers a clock that was set back.
        if self._idle_since is None or not timedelta() <= now - self._idle_since < PAUSE:
            await self._round(now)
        await self._empty_log(now)
        self._metrics.retention_last_run.set(now.timestamp())

    async def _round(self, now: datetime) -> None:
        # Usually there is nothing to do. To ask that costs one transaction, which wakes several threads, instead of six.
        known, sweeps, is_due = await self._store.read(lambda tx: self._look(tx, now))
        self._idle_since = None if is_due else now
        if is_due:
            await self._remove(known, sweeps, now)

    def _look(self, tx: Tx, now: datetime) -> tuple[list[Kept], dict[int, Sweep], bool]:
        """Every binding, the sweep that its messages belong to, and whether anything is to be done."""
        known, sweeps = self._sweeps(tx, now)
        is_due = (
            bool(_changed(known, sweeps))
            or any(retention.is_due(tx, sweep, now) for sweep in _each(sweeps, now))
            or self._left_after > 0
            or retention.is_left_due(tx, sweeps, now, most=BATCH)
            or retention.has_codes(tx, now - KEEP_CODES, most=BATCH)
            or retention.has_audit(tx, now - KEEP_AUDIT, most=BATCH)
        )
        return known, sweeps, is_due

    async def _remove(self, known: Sequence[Kept], sweeps: Mapping[int, Sweep], now: datetime) -> None:
        # Usually none: a write is only made when a retention has changed.
        if changed := _changed(known, sweeps):
            await self._store.write(lambda tx: _remember(tx, changed))
        by_binding = {one.binding: one for one in known}
        for sweep in _each(sweeps, now):
            await self._sweep(sweep, by_binding, now)
        await self._look_again(sweeps, by_binding, now)
        await self._delete("login_codes", partial(retention.delete_codes, before=now - KEEP_CODES, most=BATCH))
        await self._delete("audit", partial(retention.delete_audit, before=now - KEEP_AUDIT, most=BATCH))

    async def _empty_log(self, now: datetime) -> None:
        """Remove for good what was removed; while another connection reads, every round tries."""
        # The range also covers a clock that was set back.
        if not timedelta() <= now - self._emptied_at < LOG_EMPTIED and await self._store.empty_log():
            self._emptied_at = now

    def _sweeps(self, tx: Tx, now: datetime) -> tuple[list[Kept], dict[int, Sweep]]:
        """Every binding, and the sweep that its messages belong to: one for each retention that is in use."""
        known = retention.bindings(tx)
        # Once an agent: it usually has several bindings, and its setting costs a query.
        days_of = {agent: self._periods.days(tx, agent) for agent in {one.agent for one in known}}
        together: dict[int, dict[int, int]] = defaultdict(dict)
        for one in known:
            together[days_of[one.agent]][one.binding] = days_of[one.agent]
        held_before = now - timedelta(days=HELD_DAYS)
        sweeps = {
            days: Sweep(f"bodies:{days}", of_days, now - timedelta(days=days), held_before)
            for days, of_days in together.items()
        }
        return known, {one.binding: sweeps[days_of[one.agent]] for one in known}

    async def _sweep(self, sweep: Sweep, known: Mapping[int, Kept], now: datetime) -> None:
        for _ in range(BATCHES):
            batch = await self._store.read(lambda tx: retention.find(tx, sweep, now, most=BATCH, pages=PAGES))
            # Bounded, so that after a long downtime the other chores get their turn.
            if not await self._clear(batch, sweep.days, known, now, of=sweep.name) or not batch.more:
                return

    async def _look_again(self, sweeps: Mapping[int, Sweep], known: Mapping[int, Kept], now: datetime) -> None:
        """Look at what was passed over because it was open work."""
        days = {binding: sweep.days[binding] for binding, sweep in sweeps.items()}
        for _ in range(BATCHES):
            after = self._left_after
            batch = await self._store.read(
                partial(retention.find_left, sweeps=sweeps, now=now, after=after, most=BATCH)
            )
            # From the beginning again after the last: what is open now may be settled later.
            self._left_after = batch.upto if batch.more else 0
            await self._clear(batch, days, known, now, of=None)
            if not batch.more:
                return

    async def _clear(
        self, batch: Batch, days: Mapping[int, int], known: Mapping[int, Kept], now: datetime, *, of: str | None
    ) -> bool:
        """Remove what was found, and remember how far the sweep has come; False if there was nothing to do."""

        def clear(tx: Tx) -> Removed:
            removed = retention.clear(tx, batch, days, now)
            for binding, parked in removed.parked.items():
                one = known[binding]
                details = {"parked": parked, "after_days": days[binding]}
                audit.add(tx, now, ACTOR, "remove_parked", agent=one.agent, channel=one.channel, details=details)
            if of is not None:
                retention.advance(tx, of, batch.upto)
            return removed

        if not (batch.due or batch.left or batch.settled or (of is not None and batch.moved)):
            return False
        removed = await self._store.write(clear)
        for kind, rows in removed.rows.items():
            self._metrics.retention_removed.labels(kind).inc(rows)
        for binding, parked in removed.parked.items():
            one = known[binding]
            log.warning("parked work removed", agent=one.agent, channel=one.channel, parked=parked, days=days[binding])
        return True

    async def _delete(self, kind: str, delete: Callable[[Tx], int]) -> None:
        for _ in range(BATCHES):
            deleted = await self._store.write(delete)
            self._metrics.retention_removed.labels(kind).inc(deleted)
            if deleted < BATCH:
                return


def _changed(known: Sequence[Kept], sweeps: Mapping[int, Sweep]) -> list[tuple[Kept, Sweep]]:
    """The bindings that were swept with another retention before, or never."""
    return [(one, sweep) for one in known if (sweep := sweeps[one.binding]).days[one.binding] != one.days]


def _each(sweeps: Mapping[int, Sweep], now: datetime) -> list[Sweep]:
    """One sweep for each number of days in use, not for each agent: they usually share one or two; and what is held."""
    return [_held(sweeps, now), *{sweep.name: sweep for sweep in sweeps.values()}.values()]


def _remember(tx: Tx, changed: Sequence[tuple[Kept, Sweep]]) -> None:
    """Remember the retention of bindings; one that had another before is swept from its first message on."""
    for one, sweep in changed:
        again = None if one.days is None else sweep.name
        retention.swept_by(tx, one.binding, sweep.days[one.binding], again=again)


def _held(sweeps: Mapping[int, Sweep], now: datetime) -> Sweep:
    """What is held longer than it could be answered, whatever the retention."""
    held_before = now - timedelta(days=HELD_DAYS)
    return Sweep("held", dict.fromkeys(sweeps, HELD_DAYS), held_before, held_before, only_held=True)
