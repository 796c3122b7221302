"""What keeps the answers of all browser stories notices a secret wherever it stands."""

from __future__ import annotations

import gzip

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.pages.recorder import Recorder
from tests.world import ADMIN, World

SECRET = "a-stored-secret-0123456789"


async def _plain(_: Request) -> Response:
    return Response(f"<p>{SECRET}</p>")


async def _compressed(_: Request) -> Response:
    return Response(gzip.compress(f"<p>{SECRET}</p>".encode()), headers={"Content-Encoding": "gzip"})


async def _header(_: Request) -> Response:
    return Response(headers={"Location": f"/x?{SECRET}"})


async def _stream(_: Request) -> Response:
    return StreamingResponse(iter((SECRET[:9], SECRET[9:])))


@pytest.mark.parametrize("leak", [_plain, _compressed, _header, _stream])
async def test_it_finds_a_secret(leak: object) -> None:
    recorder = Recorder(Starlette(routes=[Route("/leak", leak), Route("/fine", lambda _: Response("ok"))]))  # type: ignore[arg-type]
    recorder.secrets = {SECRET}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(recorder), base_url="http://x") as client:
        await client.get("/fine")
        assert recorder.leaks() == []
        await client.get("/leak")

    assert recorder.leaks() == ["/leak"]


async def test_it_learns_what_is_stored(world: World) -> None:
    recorder = Recorder(world.app)

    await recorder.learns(world)

    assert {ADMIN, world.host.local_token, world.twilio.account.token} <= recorder.secrets
