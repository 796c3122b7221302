"""Pages without a browser: a client that keeps cookies, for what a test only has to read."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import httpx

from tests.world import ADMIN, LOCAL, World

OWN = {"Sec-Fetch-Site": "same-origin"}
"""What a browser sends with the forms of our own pages."""


@contextlib.asynccontextmanager
async def client_of(world: World, token: str | None = ADMIN, base_url: str = LOCAL) -> AsyncIterator[httpx.AsyncClient]:
    """A client on the host's own machine, signed in with a token unless that is None; its forms are our pages'."""
    transport = httpx.ASGITransport(world.app, client=("127.0.0.1", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
        if token is not None:
            answer = await client.post("/signin/token", data={"token": token}, headers=OWN)
            assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        yield client
