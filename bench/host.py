"""The host under measurement, in a process of its own: `python -m bench.host PORT [--hold-turns]`.

One more route stands beside the webhook, the yardstick: it runs the official signature check and stores nothing.
"""

from __future__ import annotations

import argparse
import gc
import os
import socket
from urllib.parse import parse_qsl

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # twilio ships no types

from trinity_channels.app import Host, create_app
from trinity_channels.http_server import server_config
from trinity_channels.observability.log import configure_logging
from trinity_channels.settings import Settings

YARDSTICK = "/bench/validate"
TOKEN_VARIABLE = "BENCH_AUTH_TOKEN"
_EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


def yardstick(url: str, token: str) -> Route:
    """The route that webhooks are compared with; it does as little around the official check as it can."""
    validator = RequestValidator(token)

    async def validate(request: Request) -> Response:
        fields = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        valid = validator.validate(url, fields, request.headers.get("X-Twilio-Signature", ""))
        return Response(_EMPTY, 200 if valid else 403, media_type="text/xml")

    return Route(YARDSTICK, validate, methods=["POST"])


class _Server(uvicorn.Server):
    """Freezes what is alive after the start, as `trinity-channels serve` does.

    With `hold_turns` it accepts and stores, and leaves the turns for later, as a host does whose workers are elsewhere.
    """

    def __init__(self, config: uvicorn.Config, host: Host, *, hold_turns: bool) -> None:
        super().__init__(config)
        self._host = host
        self._hold_turns = hold_turns

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        if self._hold_turns:
            await self._host.dispatcher.stop(0)


def main() -> None:
    """Serve on 127.0.0.1 until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m bench.host")
    parser.add_argument("port", type=int)
    parser.add_argument("--hold-turns", action="store_true")
    given = parser.parse_args()
    configure_logging("WARNING", json=True)
    app, host = create_app(Settings.load())
    url = f"http://127.0.0.1:{given.port}{YARDSTICK}"
    app.router.routes.insert(0, yardstick(url, os.environ.get(TOKEN_VARIABLE, "")))
    config = server_config(app, host="127.0.0.1", port=given.port)
    _Server(config, host, hold_turns=given.hold_turns).run()


if __name__ == "__main__":
    main()
