"""uvicorn as we run it: sockets bound before anything else, our own log, and signals for a graceful shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from email.utils import formatdate
from typing import Any, Protocol, TypeVar

import typer
import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from trinity_channels.cli.errors import CommandFailed
from trinity_channels.http_server import server_config

T = TypeVar("T")
GRACE = 10
"""Seconds that requests get to end when the server stops."""
_ROUNDS = 10
"""Turns of the event loop in which what was accepted a moment ago becomes a connection; asyncio needs three."""


def bind(host: str, port: int) -> socket.socket:
    """Claim an address; connections are accepted only once the server listens. Port 0 takes a free one.

    Raises:
        CommandFailed: the address is in use, or does not belong to this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio lets the pieces of an answer leave at once. On a connection that is kept, each would
    # wait 40 ms, until the client has acknowledged the one before it.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Or a restart would fail while connections of the former process are still closing.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise CommandFailed(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another --port."
        ) from error
    return bound


def address(bound: socket.socket) -> str:
    """The http:// address of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _State(ServerState):
    """What all connections share. The Date of answers is renewed when one is written, and not by a timer."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__()
        self._config = config
        self._second = 0
        self._headers: list[tuple[bytes, bytes]] = []

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of every answer."""
        second = int(time.time())
        if second != self._second:
            date = (b"date", formatdate(second, usegmt=True).encode())
            self._second, self._headers = second, [date, *self._config.encoded_headers]
        return self._headers

    @default_headers.setter
    def default_headers(self, _: list[tuple[bytes, bytes]]) -> None:
        """Nothing: uvicorn sets them where its own timer runs, and begins without any."""


class _Server(uvicorn.Server):
    """A uvicorn that says when it listens and leaves signals to us: its own handling would kill the process after it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state = _State(config)
        self.listening = asyncio.Event()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Let `serve` come to its end."""
        self.should_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        """As uvicorn's, which looks ten times a second whether it is to stop: most of what an idle host would do."""
        await self._stopping.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, which waits a tenth of a second for connections even when there are none."""
        for server in (*self.servers, *(sockets or ())):
            server.close()
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp,
    bound: socket.socket,
    leave: Callable[[], Awaitable[None]] | None = None,
    hurry: asyncio.Event | None = None,
    *,
    websockets: bool = False,
) -> AsyncIterator[None]:
    """Answer requests as long as the context is open; those that run when it closes are ended first.

    `leave` is called before, to end what would otherwise go on, such as streams of events. `hurry` ends them at once.
    `websockets` serves these, too, as some simulators need.
    """
    options = {"ws": "websockets-sansio"} if websockets else {}
    server = _Server(server_config(app, lifespan="off", timeout_graceful_shutdown=GRACE, **options))
    task = asyncio.create_task(server.serve([bound]), name="server")
    listening = asyncio.create_task(server.listening.wait())
    # The server may end instead of listening; then the `await task` below raises its error.
    await asyncio.wait({task, listening}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        listening.cancel()
        if leave is not None:
            # Before uvicorn waits for open connections: a stream would use up the whole grace.
            await leave()
        server.stop()
        if hurry is not None:
            await _first(task, hurry)
            server.force_exit = True
        await task


async def _first(task: asyncio.Task[None], event: asyncio.Event) -> None:
    """Wait for the task, or for the event if that comes first."""
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


class Stoppable(Protocol):
    """A host, as far as it is stopped here."""

    async def wind_down(self, hurry: asyncio.Event | None = None) -> None:
        """Let active work end; `hurry` cuts it short."""


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """`asked` is set by the first SIGINT or SIGTERM, `hurry` by the second."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurry = asyncio.Event()
        self._heard: list[signal.Signals] = []

    def listen(self) -> None:
        """From now on the signals set the events, and do nothing else."""
        for one in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(one, self._came)
            self._heard.append(one)

    def close(self) -> None:
        """From now on they end the process again."""
        for one in self._heard:
            asyncio.get_running_loop().remove_signal_handler(one)

    async def drain(self, seconds: float) -> None:
        """Let some time pass, which the second signal cuts short."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.hurry.wait()

    def _came(self) -> None:
        (self.hurry if self.asked.is_set() else self.asked).set()


async def ended(host: Stoppable, stop: StopSignals, drain: float) -> None:
    """Wait for the signal, then let active work end while requests are still taken, for at least `drain` seconds."""
    await stop.asked.wait()
    typer.echo("Shutting down; finishing active work.")
    await asyncio.gather(host.wind_down(stop.hurry), stop.drain(drain))


async def until_told_to_stop() -> None:
    """Wait for SIGINT or SIGTERM."""
    with contextlib.closing(StopSignals()) as stop:
        stop.listen()
        await stop.asked.wait()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in the event loop that uvicorn would choose."""
    # The same loop in every command, so that what is tried out behaves like the server.
    with asyncio.Runner(loop_factory=uvicorn.Config("", log_config=None).get_loop_factory()) as runner:
        return runner.run(work)
