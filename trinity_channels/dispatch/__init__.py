"""Who runs next. No message content crosses this seam: only keys, `turn:<conversation>` and `deliver:<conversation>`.

A unit of work names the keys it makes work for, with `Tx.wake`; the store passes them on with the commit. The contract of
a dispatcher: never two runs of one key at once; every committed wake is followed by a run, also after a process died; it
may call too often. Order, attempts and back-off live in the tables.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from trinity_channels.dispatch.elsewhere import DispatchElsewhere
from trinity_channels.dispatch.ending import end
from trinity_channels.dispatch.local import LocalDispatcher
from trinity_channels.dispatch.port import Dispatcher, Run, Slots
from trinity_channels.store import Store, Tx

__all__ = ["DispatchElsewhere", "Dispatcher", "LocalDispatcher", "Run", "dispatcher_of", "end"]


def dispatcher_of(
    store: Store,
    open_keys: Callable[[Tx], set[str]],
    now: Callable[[], datetime],
    *,
    works: bool = True,
    slots: Slots | None = None,
) -> Dispatcher:
    """The dispatcher for a database: within this process, or between all that share it.

    Args:
        store: the database.
        open_keys: reads which keys have open work.
        now: the clock for work that waits for its time.
        works: whether this process is to run any.
        slots: what turns wait for.
    """
    if not works:
        return DispatchElsewhere()
    if store.server is None:
        return LocalDispatcher(store, open_keys, now)
    from trinity_channels.dispatch.postgres import PostgresDispatcher  # noqa: PLC0415  not for hosts with SQLite

    return PostgresDispatcher(store, open_keys, now, slots=slots)
