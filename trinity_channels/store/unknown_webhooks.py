"""How many requests came to webhook addresses that no binding has, by hour and channel, for the last day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, select

from trinity_channels.store.clock import micros
from trinity_channels.store.statements import insert
from trinity_channels.store.tables import UNKNOWN_WEBHOOK
from trinity_channels.store.tx import Tx

KEPT = timedelta(days=1)

_NEW = insert(UNKNOWN_WEBHOOK).values(
    hour=bindparam("hour"), channel=bindparam("channel"), requests=bindparam("requests")
)
_ADD = _NEW.on_conflict_do_update(
    index_elements=["hour", "channel"],
    set_={"requests": UNKNOWN_WEBHOOK.c.requests + _NEW.excluded.requests},
)
_FORGET = delete(UNKNOWN_WEBHOOK).where(UNKNOWN_WEBHOOK.c.hour <= bindparam("before"))
_SUM = select(func.coalesce(func.sum(UNKNOWN_WEBHOOK.c.requests), 0)).where(UNKNOWN_WEBHOOK.c.hour > bindparam("since"))


def add(tx: Tx, requests: Mapping[str, int], now: datetime) -> None:
    """Add requests by channel to those of this hour, and forget what is older than a day."""
    # One row an hour and channel, however many strangers send.
    hour = micros(now.replace(minute=0, second=0, microsecond=0))
    for channel, number in requests.items():
        tx.run(_ADD, hour=hour, channel=channel, requests=number)
    tx.run(_FORGET, before=micros(now - KEPT))


def last_day(tx: Tx, now: datetime) -> int:
    """How many there were in the last day, counted in whole hours."""
    return tx.number(_SUM, since=micros(now - KEPT))
