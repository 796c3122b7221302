"""Who runs next. No message content crosses this seam: only keys, `turn:<conversation>` and `deliver:<conversation>`.

The contract of a dispatcher: never two runs of one key at once; every committed wake is followed by a run, also after a
process died; it may call too often. Order, attempts and back-off live in the tables.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from trinity_channels.dispatch.local import LocalDispatcher
from trinity_channels.store import Tx

Run = Callable[[str], Awaitable[datetime | None]]
"""Does all the work of a key and returns when to call again, None if nothing is left to wait for."""


class Dispatcher(Protocol):
    """The seam between what is to be done and who does it."""

    async def start(self, run: Run) -> None:
        """Begin to call `run`; whatever the tables hold open is woken first."""

    def wake(self, key: str, tx: Tx, at: datetime | None = None) -> None:
        """Within a transaction: this key has work, once the transaction is committed, from `at` on."""

    def after_commit(self, key: str) -> None:
        """The transaction of a `wake` is committed."""

    async def stop(self, grace: float) -> None:
        """Let runs end for `grace` seconds, then cancel them."""


__all__ = ["Dispatcher", "LocalDispatcher", "Run"]
