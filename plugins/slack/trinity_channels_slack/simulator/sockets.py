"""Socket Mode: events over WebSockets that the app opens, instead of requests to an address of its own.

https://docs.slack.dev/apis/events-api/using-socket-mode — one of the app's connections gets each event, any of them, and
has to acknowledge it by its `envelope_id`. What is not acknowledged comes again, at the times at which requests would
(https://github.com/slackapi/python-slack-events-api/issues/93), also if there was no connection at first.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from trinity_channels_slack.simulator.workspace import Workspace

MOST = 10
"""Connections that one app may have."""
GOING_AWAY = 1001
POLICY = 1008


class _Connection:
    """One WebSocket of the app."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any] | None]] = {}

    async def hand_over(self, envelope: Mapping[str, Any], patience: float) -> Mapping[str, Any] | None:
        """Send an envelope; returns what it was acknowledged with, None if it was not in time."""
        answer: asyncio.Future[Mapping[str, Any] | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = answer
        try:
            async with asyncio.timeout(patience):
                await self.send(envelope)
                return await answer
        except (TimeoutError, ConnectionError):
            return None
        finally:
            self._waiting.pop(envelope["envelope_id"], None)

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a message; raises `ConnectionError` if the app has gone."""
        try:
            await self._socket.send_text(json.dumps(message, ensure_ascii=False))
        except (RuntimeError, WebSocketDisconnect) as gone:
            raise ConnectionError from gone

    async def run(self) -> None:
        """Hear acknowledgements until the app goes."""
        try:
            while True:
                self._heard(await self._socket.receive_text())
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass
        finally:
            self._give_up()

    def _give_up(self) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)

    def _heard(self, text: str) -> None:
        try:
            said = json.loads(text)
            answer = self._waiting.get(said["envelope_id"])
        except (ValueError, TypeError, KeyError):
            return
        # An acknowledgement that comes too late, or twice, changes nothing.
        if answer is not None and not answer.done():
            answer.set_result(said)

    async def close(self, code: int = GOING_AWAY) -> None:
        """Close it from Slack's side."""
        self._give_up()
        if self._socket.application_state is WebSocketState.CONNECTED:
            with suppress(RuntimeError):
                await self._socket.close(code)


class Sockets:
    """The connections of the app."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._tickets: set[str] = set()
        self._open: list[_Connection] = []
        self._turn = 0
        self._serial: Iterator[int] = itertools.count(1)

    @property
    def count(self) -> int:
        """How many connections the app has open."""
        return len(self._open)

    def route(self) -> WebSocketRoute:
        """Where the app connects."""
        return WebSocketRoute("/link/", self._link)

    def ticket(self) -> str:
        """The address for one new connection."""
        ticket = f"simulated-ticket-{next(self._serial)}"
        self._tickets.add(ticket)
        base = self._workspace.base_url.replace("http", "ws", 1)
        return f"{base}/link/?ticket={ticket}&app_id={self._workspace.app.id}"

    async def hand_over(self, kind: str, payload: Mapping[str, Any], retry: int) -> Mapping[str, Any] | None:
        """Send an event over one of the connections; returns its acknowledgement, None for none."""
        if not self._open:
            return None
        # Slack says only that it may be any of them; taking turns, each gets some.
        self._turn += 1
        connection = self._open[self._turn % len(self._open)]
        behaviour = self._workspace.behaviour
        envelope = {
            "envelope_id": str(uuid4()),
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        answer = await connection.hand_over(envelope, behaviour.patience)
        if behaviour.lost_acknowledgements and answer is not None:
            behaviour.lost_acknowledgements -= 1
            await self._end(connection)
            return None
        return answer

    async def refresh(self, reason: str, *, close: bool) -> None:
        """Announce the end of every connection that is open now; Slack itself closes them some seconds later."""
        for connection in list(self._open):
            with suppress(ConnectionError):
                await connection.send(_disconnect(reason))
            if close:
                await self._end(connection)

    async def drop(self) -> None:
        """End every connection without a word."""
        for connection in list(self._open):
            await self._end(connection)

    async def _end(self, connection: _Connection) -> None:
        # At once: its handler hears of the end only later.
        if connection in self._open:
            self._open.remove(connection)
        await connection.close()

    async def _link(self, socket: WebSocket) -> None:
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await socket.close(POLICY)
            return
        self._tickets.remove(ticket)
        await socket.accept()
        connection = _Connection(socket)
        if refusal := self._refusal():
            await connection.send(_disconnect(refusal))
            await connection.close()
            return
        self._open.append(connection)
        try:
            await connection.send(self._hello())
            await connection.run()
        except ConnectionError:
            pass
        finally:
            if connection in self._open:
                self._open.remove(connection)

    def _refusal(self) -> str:
        if not self._workspace.app.socket_mode:
            return "link_disabled"
        return "too_many_websockets" if len(self._open) >= MOST else ""

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "debug_info": {"host": "simulated", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._workspace.app.id},
        }


def _disconnect(reason: str) -> dict[str, Any]:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "simulated"}}
