"""The host's own requests that are on their way: recognised where they arrive, and answered with a proof."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive

from trinity_channels import forwarded
from trinity_channels.store import Store, settings

ID = "X-Trinity-Channels-Probe"
SIGNATURE = "X-Trinity-Channels-Signature"
# Spaces, repeated names and their order are what proxies change when they rebuild a query.
QUERY = "probe=2&probe=1&text=a%20b%2Bc"
_MOST = 4096
"""Bytes that are read of a body; ours is far smaller."""
_STORED = "way_in_probed_at"
_PATIENCE = 5.0
"""Seconds that the database may take."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A probe as it arrived at its route."""

    method: str
    scheme: str
    host: str
    query: str
    body: bytes
    signature: str


@dataclass(slots=True)
class Probe:
    """One request to ourselves, and what has become of it.

    Attributes:
        base: the webhook address that it is sent to, without query.
        arrived: how it came to its route.
        strayed: the method and path with which it came to this host where there is no route.
        stored: whether the database took what it brought.
        trouble: why the database did not, empty if it was not asked.
    """

    channel: str
    key: str
    base: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    arrived: Arrived | None = None
    strayed: str = ""
    stored: bool = False
    trouble: str = ""

    @property
    def url(self) -> str:
        """The address with its query."""
        return f"{self.base}?{QUERY}"

    @property
    def body(self) -> bytes:
        """What it brings."""
        return json.dumps({"probe": self.id}).encode()

    def signature(self, query: str, body: bytes) -> str:
        """What proves that it is ours and unchanged: computed over the configured address, as providers do."""
        return hmac.digest(self.secret, f"{self.base}?{query}\n".encode() + body, "sha256").hex()

    def proof(self) -> str:
        """What proves that the answer comes from this host."""
        return hmac.digest(self.secret, b"answer " + self.id.encode(), "sha256").hex()

    def is_authentic(self) -> bool:
        """Whether it arrived with the signature that fits it."""
        at = self.arrived
        return at is not None and hmac.compare_digest(at.signature.encode(), self.signature(at.query, at.body).encode())


class Probes:
    """Knows the probes that are on their way. They are held in memory only, for as long as their request takes."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._by_key: dict[tuple[str, str], Probe] = {}
        self._by_id: dict[str, Probe] = {}

    @property
    def expected(self) -> int:
        """How many probes are on their way."""
        return max(len(self._by_key), len(self._by_id))

    @contextlib.contextmanager
    def expecting(self, probe: Probe) -> Iterator[None]:
        """Recognise a probe while the context is open."""
        self._by_key[probe.channel, probe.key] = self._by_id[probe.id] = probe
        try:
            yield
        finally:
            del self._by_key[probe.channel, probe.key], self._by_id[probe.id]

    def expects(self, channel: str, key: str) -> bool:
        """Whether a probe to this address is on its way."""
        return (channel, key) in self._by_key

    async def answer(self, channel: str, request: Request, receive: Receive) -> Response | None:
        """The answer to a request to a webhook address that no binding has, None if it is not a probe."""
        probe = self._by_key.get((channel, request.path_params["key"]))
        if probe is None:
            # A proxy may also change the key, for instance to lower case.
            return JSONResponse({"code": "not_found"}, 404) if self.strayed(request) else None
        query: bytes = request.scope["query_string"]
        probe.arrived = Arrived(
            method=request.method,
            # Only shown to the owner; no decision hangs on what a proxy claims.
            scheme=forwarded.scheme(request),
            host=request.headers.get("host", ""),
            query=query.decode("latin-1"),
            body=await _read(request, receive),
            signature=request.headers.get(SIGNATURE, ""),
        )
        # An altered one is not stored: the database is to be tested with what a provider would be let in with.
        if probe.is_authentic():
            await self._keep(probe)
        return JSONResponse({"probe": probe.proof(), "stored": probe.stored})

    def strayed(self, request: Request) -> bool:
        """Whether a request that came to no webhook is a probe: then a proxy has changed its path or method."""
        # Nearly always no probe is under way, and nothing is looked up.
        if self._by_id and (probe := self._by_id.get(request.headers.get(ID, ""))):
            # The first path that is asked for: an application's router then tries the same one with a slash.
            probe.strayed = probe.strayed or f"{request.method} {request.url.path}"
            return True
        return False

    async def _keep(self, probe: Probe) -> None:
        """Store something as a message is stored: the database may be readable and yet take nothing."""
        at = self._now().isoformat()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._store.write(lambda tx: settings.put(tx, _STORED, at))
            probe.stored = True
        except TimeoutError:
            probe.trouble = f"it did not answer within {_PATIENCE:g} seconds"
        except Exception as error:  # noqa: BLE001  whatever it is, messages would not be stored either
            probe.trouble = str(error) or type(error).__name__


async def _read(request: Request, receive: Receive) -> bytes:
    body = b""
    with contextlib.suppress(ClientDisconnect):
        async for chunk in Request(request.scope, receive).stream():
            body += chunk
            if len(body) > _MOST:
                break
    return body[:_MOST]
