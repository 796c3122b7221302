"""A process that works on the keys of a database: `python -m tests.worker_process URL`.

What its runs do is told on its output, a word and a key in each line. A run of a key that begins with `deliver` takes five
minutes, any other is over at once; then it writes and sends, as far as it still may.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from trinity_channels import lease
from trinity_channels.dispatch.postgres import PostgresDispatcher, Rhythm
from trinity_channels.lease import LeaseLost
from trinity_channels.ports import utc_now
from trinity_channels.store import Store, settings
from trinity_channels.store.postgres import PostgresStore

QUICK = Rhythm(heartbeat=0.3, stalled=1.5, look=0.3, poll=0.2, rest=1.0)
"""Fast enough for a test; the proportions are those of a host."""


def say(*words: str) -> None:
    """Tell the test."""
    print(*words, flush=True)  # noqa: T201


class Runs:
    """The runs of this process."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self, key: str) -> None:
        """See above; a long one ends when it is cut short, as one does that has an answer in that moment."""
        say("begins", key)
        try:
            if key.startswith("deliver"):
                await asyncio.sleep(300)
        except asyncio.CancelledError:
            say("cut", key)
            await self._use(key)
            raise
        await self._use(key)

    async def _use(self, key: str) -> None:
        try:
            await self._store.write(lambda tx: settings.put(tx, key, str(os.getpid())))
            say("settled", key)
        except LeaseLost:
            say("settled-nothing", key)
        try:
            lease.check()
            say("sent", key)
        except LeaseLost:
            say("sent-nothing", key)


async def main(url: str) -> None:
    """Work until SIGTERM comes, then give what runs no time at all."""
    store = PostgresStore(url)
    store.open(serve=False)
    dispatcher = PostgresDispatcher(store, lambda _: set(), utc_now, QUICK)
    await dispatcher.start(Runs(store).run)
    say("works", "-")
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    await dispatcher.stop(0.1)
    await store.close()
    say("ended", "-")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
