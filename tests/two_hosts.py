"""A world in which two processes serve one PostgreSQL database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import httpx

from tests import postgres
from tests.world import ADMIN, PUBLIC, World
from trinity_channels.app import create_app
from trinity_channels.host import Host

OTHER = "https://b.example.org"
MOVED = "https://moved.example.org"


class Pair(World):
    """A world with another host over the same database, at an address of its own."""

    database = postgres.Postgres()
    other: Host

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        app, self.other = create_app(self.settings, self.ports())
        self.network.serve({OTHER: app})
        await self.other.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.other.stop()
        await super().__aexit__(kind, error, trace)

    async def ask_other(self, method: str, path: str, json: Any = None) -> httpx.Response:
        """Call the API of the other host."""
        return await self.http.request(
            method, f"{OTHER}{path}", json=json, headers={"Authorization": f"Bearer {ADMIN}"}
        )

    async def posts_there(self, url: str, sid: int) -> int:
        """What the other host answers to a message that is signed for an address of ours."""
        form = self.inbound(f"number {sid}", sid=f"SM{sid:032}")
        answer = await self.posts(url.replace(PUBLIC, OTHER).replace(MOVED, OTHER), form, signed_for=url)
        return answer.status_code


async def within_two_seconds(seen: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something to be seen."""
    async with asyncio.timeout(2):
        while not await seen():  # noqa: ASYNC110  another connection brings it
            await asyncio.sleep(0.02)


async def messages(pair: Pair) -> int:
    """How many have come in all."""
    return int(pair.rows("SELECT count(*) FROM trinity_channels_message WHERE event_id IS NOT NULL")[0][0])
