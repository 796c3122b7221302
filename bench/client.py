"""A load generator: HTTP/1.1 over kept connections, requests rendered before the clock starts.

It is small so that on two cores it takes little from the host that it measures; a general client costs more than it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass
class Outcome:
    """What a load came to: seconds in all, seconds of each request, answers by status."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    def check(self) -> Outcome:
        """Itself, if every answer was 200.

        Raises:
            RuntimeError: one was not, so the time means nothing.
        """
        if set(self.statuses) != {200}:
            raise RuntimeError(f"answers by status: {self.statuses}")
        return self


class _Connection(asyncio.Protocol):
    """Sends one request after another; `ended` is set when there is none left."""

    def __init__(self, requests: Iterator[bytes], outcome: Outcome) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._outcome = outcome
        self._received = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def start(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            self.ended.set_result(None)
            return
        self._sent = perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(_HEAD_ENDS)
        if not found or len(body) < _length(head):
            return
        self._outcome.latencies.append(perf_counter() - self._sent)
        status = int(head[9:12])
        self._outcome.statuses[status] = self._outcome.statuses.get(status, 0) + 1
        self._received = b""
        self.start()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(error or ConnectionError("the host closed the connection"))


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(_LENGTH)
    return int(rest.partition(b"\r\n")[0])


async def load(port: int, requests: Iterable[bytes], connections: int) -> Outcome:
    """Send requests to a port of this machine, over so many connections, each as soon as the one before is answered."""
    loop = asyncio.get_running_loop()
    outcome, rest = Outcome(), iter(requests)
    made = [
        (await loop.create_connection(lambda: _Connection(rest, outcome), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    started = perf_counter()
    for connection in made:
        connection.start()
    await asyncio.gather(*(connection.ended for connection in made))
    outcome.seconds = perf_counter() - started
    return outcome
