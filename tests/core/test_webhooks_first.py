"""A host that runs alone answers webhooks before anything else, and their failures as those of all routes."""

from __future__ import annotations

from typing import cast

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from trinity_channels.inbound.webhook import Webhook
from trinity_channels.webhooks_first import WebhooksFirst


class Endpoint:
    """A webhook's edge that takes one address, and answers it or fails."""

    def __init__(self, answer: Response | Exception) -> None:
        self._answer = answer

    def endpoint(self, scope: Scope) -> ASGIApp | None:
        return self if scope["path"] == "/api/chat/webhook/key" else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(self._answer, Exception):
            raise self._answer
        await self._answer(scope, receive, send)


def client(answer: Response | Exception, *, raises: bool = False) -> httpx.AsyncClient:
    app = WebhooksFirst(cast("Webhook", Endpoint(answer)), lambda _: ())
    app.add_route("/other", lambda _: PlainTextResponse("other"))
    transport = httpx.ASGITransport(app, raise_app_exceptions=raises)
    return httpx.AsyncClient(transport=transport, base_url="http://host.example.org")


async def test_webhooks_and_other_routes_are_answered() -> None:
    async with client(PlainTextResponse("taken")) as http:
        assert (await http.post("/api/chat/webhook/key")).text == "taken"
        assert (await http.get("/other")).text == "other"


async def test_a_failure_is_answered_as_for_any_route() -> None:
    async with client(ValueError("a fault")) as http:
        answer = await http.post("/api/chat/webhook/key")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


async def test_a_failure_reaches_the_server_which_logs_it() -> None:
    async with client(ValueError("a fault"), raises=True) as http:
        with pytest.raises(ValueError, match="a fault"):
            await http.post("/api/chat/webhook/key")


async def test_other_routes_are_added_with_the_first_request_for_one_of_them() -> None:
    made: list[FastAPI] = []

    def rest(app: FastAPI) -> list[BaseRoute]:
        made.append(app)
        return [Route("/rest", lambda _: PlainTextResponse("rest"))]

    app = WebhooksFirst(cast("Webhook", Endpoint(PlainTextResponse("taken"))), rest)
    app.add_route("/probe", lambda _: PlainTextResponse("probe"))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host.example.org") as http:
        await http.post("/api/chat/webhook/key")
        await http.get("/probe")
        assert made == []
        assert [(await http.get("/rest")).text for _ in range(2)] == ["rest", "rest"]
    assert made == [app]
