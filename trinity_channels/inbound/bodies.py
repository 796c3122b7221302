"""Reads the bodies of webhooks, within bounds: of each one, of all that one binding has in flight, and of all together."""

from __future__ import annotations

from collections import Counter

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

IN_FLIGHT = 33_554_432
"""Bytes of all bodies that are read or handled at a time."""
OF_ONE_BINDING = IN_FLIGHT // 4
"""Bytes of one binding, so that a leaked webhook address cannot use up what all bindings share."""
_DISCARDED = 65_536
"""An unread body up to this size leaves its connection open: the server discards it faster than a client reconnects."""


class BodyTooLarge(Exception):
    """The body is beyond what the channel's provider sends."""


class Busy(Exception):
    """Too many bytes are in flight; the provider may try again."""


class Bodies:
    """Accounts for the bodies in flight; each one that was read must be given back with `done`."""

    def __init__(self) -> None:
        self._total = 0
        self._of_binding: Counter[int] = Counter()

    @property
    def in_flight(self) -> int:
        """Bytes of all bodies that are read or handled now."""
        return self._total

    @property
    def bindings(self) -> int:
        """How many bindings have bodies in flight."""
        return len(self._of_binding)

    async def read(self, declared: str, receive: Receive, binding: int, most: int) -> bytes:
        """The body of a request to a binding; `declared` is its Content-Length, as far as it has one.

        Raises:
            BodyTooLarge: it has more than `most` bytes, or says so.
            Busy: too many others are in flight.
            ClientDisconnect: it was cut off.
        """
        # Cut, for converting a number with thousands of digits takes long. Without this header, the bytes are
        # counted below.
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > most:
            raise BodyTooLarge
        pieces: list[bytes] = []
        size = 0
        try:
            while True:  # what Starlette's own stream does, at a third of its cost
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                piece = message.get("body", b"")
                pieces.append(piece)
                size += len(piece)
                self._hold(binding, len(piece))
                if size > most:
                    raise BodyTooLarge
                if not message.get("more_body"):
                    return b"".join(pieces)
        except BaseException:  # cancelled, too
            self.done(binding, size)
            raise

    def done(self, binding: int, size: int) -> None:
        """A body is not needed any longer."""
        self._hold(binding, -size)

    def _hold(self, binding: int, size: int) -> None:
        self._total += size
        held = self._of_binding[binding] + size
        if held:
            self._of_binding[binding] = held
        else:
            # Else the counter would keep an entry for every binding there ever was.
            del self._of_binding[binding]
        # The bytes are counted nevertheless: the caller gives them back as it leaves.
        if size > 0 and (self._total > IN_FLIGHT or held > OF_ONE_BINDING):
            raise Busy


def closes(request: Request) -> bool:
    """Whether the connection of a request should be closed because its unread body is large or of unknown size."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit():
        return int(declared[:20]) > _DISCARDED
    return "transfer-encoding" in request.headers
