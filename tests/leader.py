"""A process that serves a database and says when it leads: `python -m tests.leader URL`."""

from __future__ import annotations

import asyncio
import sys

from trinity_channels.store.postgres import PostgresStore


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


async def _serve(url: str) -> None:
    store = PostgresStore(url)
    store.on_lead(lambda: _say("leads"), lambda: _say("ceases"))
    store.open(serve=False)
    await store.listen()
    _say("listens")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
