"""Answers that are read as a whole have a limit: no server can fill the memory that all bindings share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

LARGEST = 4_000_000
"""Bytes, decompressed. The longest page that a plugin of ours asks for has 2.5 MB at most."""
_COMPRESSED_PIECE = 4_096
"""Bytes that are decompressed at a time; they become a thousand times as many at most."""


class Answer(httpx.Response):
    """An answer whose body, read as a whole, has at most `LARGEST` bytes; a longer one is an answer that cannot be read.

    Streamed with `client.stream`, it has no limit: its reader sees each piece, and stops where that is too much.
    """

    _whole = False

    async def aread(self) -> bytes:
        """Read all of it.

        Raises:
            httpx.RemoteProtocolError: it is too long, or compressed more than once. What was asked for may be done.
        """
        self._whole = True
        # Each layer multiplies what the one before has made of a small piece.
        if "," in self.headers.get("content-encoding", ""):
            raise httpx.RemoteProtocolError("The answer is compressed more than once.", request=self.request)
        return await super().aread()

    async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """As httpx does it, up to the limit."""
        size = 0
        async for piece in super().aiter_bytes(chunk_size):
            size += len(piece)
            if self._whole and size > LARGEST:
                raise httpx.RemoteProtocolError(f"The answer is longer than {LARGEST} bytes.", request=self.request)
            yield piece

    async def aiter_raw(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """As httpx does it; what is compressed comes in small pieces."""
        if self._whole and "content-encoding" in self.headers:
            chunk_size = _COMPRESSED_PIECE
        async for piece in super().aiter_raw(chunk_size):
            yield piece
