"""Keeps every answer that a host gives to browsers, so that no story leaves with a secret in one of them."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.world import ADMIN, KEY, World
from trinity_channels.store import bindings


@dataclass
class Answer:
    """One answer, or as much of it as was sent."""

    path: str
    method: str = "GET"
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> str:
        """Headers and content, readable."""
        body = bytes(self.body)
        if (b"content-encoding", b"gzip") in self.headers:
            try:
                body = gzip.decompress(body)
            except (EOFError, zlib.error):  # it broke off
                body = zlib.decompressobj(wbits=31).decompress(body)
        return "\n".join(f"{name.decode()}: {value.decode('latin-1')}" for name, value in self.headers) + body.decode(
            errors="replace"
        )


class Recorder:
    """Stands before the application.

    Attributes:
        answers: what was answered, in the order of the requests.
        secrets: what no answer may hold.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.answers: list[Answer] = []
        self.secrets: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = Answer(scope["path"], scope["method"])
        self.answers.append(answer)

        async def keep(message: Message) -> None:
            answer.status = message.get("status", answer.status)
            answer.headers.extend(message.get("headers", ()))
            answer.body += message.get("body", b"")
            await send(message)

        await self._app(scope, receive, keep)

    async def learns(self, world: World) -> None:
        """Learn every secret that is stored now."""

        opened = world.host.bindings.secrets
        stored = await world.host.store.read(lambda tx: [one for one in bindings.every(tx) if one.connected])
        for one in stored:
            if not opened.is_locked(one):
                self.secrets |= {value.get_secret_value() for value in opened.all(one).values()}
        simulators = getattr(world, "simulators", {"": world.twilio}).values()
        settings = {name: value for simulator in simulators for name, value in simulator.settings().items()}
        self.secrets |= {ADMIN, KEY, world.host.local_token}
        self.secrets |= {value for name, value in settings.items() if "token" in name or "secret" in name}

    def statuses(self, path: str) -> list[int]:
        """How requests to a path were answered."""
        return [answer.status for answer in self.answers if answer.path == path]

    def leaks(self) -> list[str]:
        """Paths whose answers hold a secret."""
        return [answer.path for answer in self.answers if self._leaks(answer.text)]

    def _leaks(self, text: str) -> bool:
        return any(secret in text for secret in self.secrets)
