"""The host under measurement, in a process of its own: `python -m bench.host PORT [--hold-turns]`.

Four more routes stand beside the webhook. Three are the yardsticks: one runs the official signature check and stores
nothing, one repeats the check alone, and one makes calls with a client as httpx creates it. The fourth tells how many
transactions there were.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import socket
from urllib.parse import parse_qsl

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # twilio ships no types

from bench.transactions import counted
from trinity_channels.app import Host, create_app
from trinity_channels.cli import collector
from trinity_channels.http_server import server_config
from trinity_channels.observability.log import configure_logging
from trinity_channels.settings import StandaloneSettings

YARDSTICK = "/bench/validate"
CHECKS = "/bench/checks"
CALLS = "/bench/calls"
TOKEN_VARIABLE = "BENCH_AUTH_TOKEN"
_EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


def yardsticks(base: str, token: str) -> list[Route]:
    """The routes that the host is compared with; they do as little as they can around the official check, or a call."""
    validator = RequestValidator(token)
    url = base + YARDSTICK

    async def validate(request: Request) -> Response:
        fields = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        valid = validator.validate(url, fields, request.headers.get("X-Twilio-Signature", ""))
        return Response(_EMPTY, 200 if valid else 403, media_type="text/xml")

    client = httpx.AsyncClient()  # once: reading its certificates costs as much as a hundred calls

    async def call(request: Request) -> Response:
        """Post the request's body to `url`, `count` times; of the answers only the status is looked at."""
        query = request.query_params
        body, headers = await request.body(), {"Content-Type": request.headers["Content-Type"]}
        auth = (query["user"], query["password"])
        rest = iter(range(int(query["count"])))

        async def one_after_another() -> None:
            for _ in rest:
                answer = await client.post(query["url"], content=body, headers=headers, auth=auth)
                answer.raise_for_status()

        await asyncio.gather(*(one_after_another() for _ in range(int(query["connections"]))))
        return Response()

    async def check(request: Request) -> Response:
        """Check the request `count` times, as one to the route above; the form is parsed once."""
        fields = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        presented = request.headers.get("X-Twilio-Signature", "")
        valid = [validator.validate(url, fields, presented) for _ in range(int(request.query_params["count"]))]
        return Response(status_code=200 if all(valid) else 403)

    return [
        Route(path, endpoint, methods=["POST"])
        for path, endpoint in {YARDSTICK: validate, CHECKS: check, CALLS: call}.items()
    ]


class _Server(uvicorn.Server):
    """Settles the garbage collector after the start, as `trinity-channels serve` does.

    With `hold_turns` it accepts and stores, and leaves the turns for later, as a host does whose workers are elsewhere.
    """

    def __init__(self, config: uvicorn.Config, host: Host, *, hold_turns: bool) -> None:
        super().__init__(config)
        self._host = host
        self._hold_turns = hold_turns

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        collector.settle()
        if self._hold_turns:
            await self._host.dispatcher.stop(0)


def main() -> None:
    """Serve on 127.0.0.1 until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m bench.host")
    parser.add_argument("port", type=int)
    parser.add_argument("--hold-turns", action="store_true")
    given = parser.parse_args()
    configure_logging("WARNING", json=True)
    app, host = create_app(StandaloneSettings.load())
    app.router.routes[:0] = yardsticks(f"http://127.0.0.1:{given.port}", os.environ.get(TOKEN_VARIABLE, ""))
    app.router.routes.insert(0, counted(host.store))
    config = server_config(app, host="127.0.0.1", port=given.port)
    _Server(config, host, hold_turns=given.hold_turns).run()


if __name__ == "__main__":
    main()
