"""Socket Mode: Slack's events over WebSockets that we open, without any address of our own.

https://docs.slack.dev/apis/events-api/using-socket-mode — each message on the connection is an envelope around what would
be posted to a webhook. Nothing signs it: the connection was opened with the app's own token.

An envelope is acknowledged once the host has stored what is in it, even if the three seconds that Slack waits are over:
what Slack then sends again is recognised. Slack repeats what was not acknowledged as it repeats webhooks.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any

from trinity_channels.api import (
    Binding,
    ConfigurationError,
    Context,
    Deliver,
    Inbound,
    Malformed,
    NotStored,
    ProviderUnavailable,
    Response,
    WebSocket,
    WebSocketClosed,
    unreadable,
)
from trinity_channels.api.http import CallError
from trinity_channels_slack import inbound, interactions, socket_mode
from trinity_channels_slack.envelope import OTHER_INSTALLATION, opened
from trinity_channels_slack.fields import Json, object_of, text_of
from trinity_channels_slack.settings import settings_of

GREETING = 10.0
"""Seconds for Slack to say hello."""
LEAVING = 60.0
"""Seconds that a connection is kept after Slack has announced its end; Slack itself ends it after some ten."""
OFTEN = 5
"""Connections that may be opened in a minute; a server that ends each at once would otherwise be asked without a pause."""


async def listen(binding: Binding, ctx: Context, deliver: Deliver) -> None:
    """Hold a connection, and open the next one before Slack ends it; errors as the hook `listen` promises."""
    connections = _Connections(binding, ctx, deliver)
    try:
        await connections.hold()
    finally:
        await connections.close()


class _Connections:
    """The present connection, and those that Slack is about to end."""

    def __init__(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        self._binding, self._ctx, self._deliver = binding, ctx, deliver
        self._running: set[asyncio.Task[None]] = set()
        self._leaving = asyncio.Event()
        self._opened: deque[float] = deque(maxlen=OFTEN)

    async def hold(self) -> None:
        """Keep one connection open. One that cannot be replaced is kept until it ends, whatever the reason.

        Raises:
            ConfigurationError, ProviderUnavailable: why there is none any more; others, if the plugin or the host failed.
        """
        failed: Exception | None = self._open()
        while self._running:
            announced = asyncio.create_task(self._leaving.wait())
            try:
                await asyncio.wait({*self._running, announced}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                announced.cancel()
            for task in [one for one in self._running if one.done()]:
                self._running.discard(task)
                failed = _outcome(task) or failed
            if self._leaving.is_set():
                failed = self._open()
        raise failed or ProviderUnavailable("Slack has ended the connection.")

    def _open(self) -> ProviderUnavailable | None:
        """Begin to open another connection, unless that was done too often: then says so."""
        self._leaving = asyncio.Event()
        now = asyncio.get_running_loop().time()
        if len(self._opened) == OFTEN and now - self._opened[0] < 60:  # noqa: PLR2004  a minute
            return ProviderUnavailable("Slack ends each connection soon after it was opened.")
        self._opened.append(now)
        connection = _Connection(self._binding, self._ctx, self._deliver, self._leaving)
        self._running.add(asyncio.create_task(connection.run()))
        return None

    async def close(self) -> None:
        """End all connections. What was stored and not acknowledged yet comes again, and is recognised."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


def _outcome(task: asyncio.Task[None]) -> Exception | None:
    """Why a connection ended. It is told only when there is none any more: until then another one works."""
    if task.cancelled():
        return ProviderUnavailable("The connection to Slack was given up.")
    error = task.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    return error


class _Connection:
    """One WebSocket; `leaving` is set once Slack has announced its end."""

    def __init__(self, binding: Binding, ctx: Context, deliver: Deliver, leaving: asyncio.Event) -> None:
        self._binding, self._ctx, self._deliver = binding, ctx, deliver
        self._leaving = leaving
        self._deadline = asyncio.timeout(None)

    async def run(self) -> None:
        """Connect, and take what comes, until the end that Slack has announced."""
        try:
            url = await socket_mode.link(settings_of(self._binding), self._ctx)
            async with self._ctx.websocket(url) as socket:
                await self._greeted(socket)
                async with self._deadline:
                    await self._hear(socket)
        except TimeoutError:
            if not self._deadline.expired():
                raise
        except WebSocketClosed as closed:
            if not self._leaving.is_set():
                raise ProviderUnavailable(f"The connection to Slack broke ({closed.code}).") from None
        except CallError as error:
            raise ProviderUnavailable(f"Slack could not be connected to ({error}).") from None

    async def _greeted(self, socket: WebSocket) -> None:
        try:
            async with asyncio.timeout(GREETING):
                while (said := _read(await socket.receive())) is None or text_of(said, "type") != "hello":
                    if _announces_end(said):
                        raise ProviderUnavailable("Slack ended the connection at once.")
        except TimeoutError:
            raise ProviderUnavailable("Slack did not say hello on the connection.") from None
        app_id, named = self._binding.account.facts.get("app_id"), text_of(object_of(said, "connection_info"), "app_id")
        if app_id and named and app_id != named:
            raise socket_mode.another_app()
        await self._deliver(Inbound())

    async def _hear(self, socket: WebSocket) -> None:
        while True:
            text = await socket.receive()
            said = _read(text)
            if _announces_end(said):
                self._deadline.reschedule(asyncio.get_running_loop().time() + LEAVING)
                self._leaving.set()
            elif said is None:
                await self._deliver(Inbound((Malformed("a message on the connection is not a JSON object"),)))
            elif identity := text_of(said, "envelope_id"):
                await self._take(socket, said, identity)

    async def _take(self, socket: WebSocket, envelope: Json, identity: str) -> None:
        """Have what is in an envelope stored, and acknowledge it."""
        read = _inbound(envelope, self._binding)
        try:
            await self._deliver(read)
        except NotStored:
            # Slack sends it again in three seconds, if the connection is still there then; otherwise in a minute.
            return
        # Slack sends it over any of the app's connections: sent again, it may reach the one that it is for.
        if OTHER_INSTALLATION in read.events:
            return
        answer = _payload(read.response) if envelope.get("accepts_response_payload") is True else None
        await socket.send(json.dumps({"envelope_id": identity} | ({} if answer is None else {"payload": answer})))


def _announces_end(said: Json | None) -> bool:
    """Whether Slack is about to end the connection, to be replaced by another one.

    Raises:
        ConfigurationError: there can be no other one.
        ProviderUnavailable: it may only be tried again later.
    """
    if said is None or text_of(said, "type") != "disconnect":
        return False
    match text_of(said, "reason"):
        case "link_disabled":
            raise ConfigurationError(
                "Socket Mode is switched off for the app. Switch it on: api.slack.com/apps → your app → Socket Mode.",
                refused=True,
            )
        case "too_many_websockets":
            raise ProviderUnavailable(
                "The app has as many connections as Slack allows. Stop other programs that use its app-level token: each"
                " gets only some of the messages."
            )
        case _:
            return True


def _inbound(envelope: Json, binding: Binding) -> Inbound:
    """What an envelope brings. What cannot be read is acknowledged, too: it would only come again."""
    payload, account = object_of(envelope, "payload"), binding.account
    try:
        match text_of(envelope, "type"):
            case "slash_commands":
                return interactions.command()
            case "interactive":
                return interactions.used(payload, account)
            case _:
                return inbound.events(opened(payload), account)
    except Exception as error:  # noqa: BLE001  whatever it is, it would end each connection over which it comes again
        return Inbound((unreadable(error),))


def _payload(response: Response) -> Any:
    """What goes with an acknowledgement, where a webhook would be answered with it."""
    if not response.body:
        return None
    text = response.body.decode()
    return json.loads(text) if response.media_type == "application/json" else {"text": text}


def _read(text: str) -> Json | None:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
