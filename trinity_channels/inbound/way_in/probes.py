"""The host's own requests that are on their way: recognised where they arrive, and answered with a proof."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive

from trinity_channels import forwarded
from trinity_channels.inbound.way_in.probe import ID, KEY, SIGNATURE, Arrived, Probe
from trinity_channels.inbound.way_in.shared import SharedProbes
from trinity_channels.store import Store, StoreError, settings

_MOST = 4096
"""Bytes that are read of a body; ours is far smaller."""
_STORED = "way_in_probed_at"
_PATIENCE = 5.0
"""Seconds that the database may take."""
_NOTED = 0.5
"""Seconds in which another process has noted what it has received."""
_AT_ONCE = 4
"""Requests at a time of which it is looked up whether they are another process's probes."""


class Probes:
    """Knows the probes that are on their way, for as long as their request takes.

    Those of this process are held in memory. Where others serve the database, too, they are noted there as well.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._shared = SharedProbes(store, now) if store.shared else None
        self._reports: set[asyncio.Task[None]] = set()
        self._by_key: dict[tuple[str, str], Probe] = {}
        self._by_id: dict[str, Probe] = {}

    @property
    def expected(self) -> int:
        """How many probes are on their way."""
        return max(len(self._by_key), len(self._by_id))

    @contextlib.asynccontextmanager
    async def expecting(self, probe: Probe) -> AsyncIterator[None]:
        """Recognise a probe while the context is open."""
        self._by_key[probe.channel, probe.key] = self._by_id[probe.id] = probe
        try:
            async with self._announced(probe):
                yield
        finally:
            del self._by_key[probe.channel, probe.key], self._by_id[probe.id]

    @contextlib.asynccontextmanager
    async def _announced(self, probe: Probe) -> AsyncIterator[None]:
        # Without the database other processes do not recognise it, and this one does.
        if self._shared:
            with contextlib.suppress(StoreError):
                await self._shared.announce(probe)
        try:
            yield
        finally:
            if self._shared:
                with contextlib.suppress(StoreError):
                    await self._shared.withdraw(probe)

    async def heard(self, probe: Probe) -> None:
        """Take over what another process has noted of a probe whose request has ended."""
        if self._shared is None or probe.arrived or probe.strayed:
            return
        with contextlib.suppress(StoreError):
            if not await self._shared.heard(probe):
                await asyncio.sleep(_NOTED)
                await self._shared.heard(probe)

    def expects(self, channel: str, key: str) -> bool:
        """Whether a probe to this address is on its way."""
        return (channel, key) in self._by_key

    async def answer(self, channel: str, request: Request, receive: Receive) -> Response | None:
        """The answer to a request to a webhook address that no binding has, None if it is not a probe."""
        key = request.path_params["key"]
        own = self._by_key.get((channel, key))
        probe = own or await self._of_another(channel, key)
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
        if own is None:
            await self._report(probe)
        return JSONResponse({"probe": probe.proof(), "stored": probe.stored})

    def strayed(self, request: Request) -> bool:
        """Whether a request that came to no webhook is a probe: then a proxy has changed its path or method."""
        # Nearly always there is none, and nothing is looked up.
        if not (self._by_id or self._shared) or (identity := request.headers.get(ID)) is None:
            return False
        way = f"{request.method} {request.url.path}"
        if probe := self._by_id.get(identity):
            # The first path that is asked for: an application's router then tries the same one with a slash.
            probe.strayed = probe.strayed or way
            return True
        # Strangers may send such a header, too.
        if self._shared and len(self._reports) < _AT_ONCE:
            task = asyncio.create_task(self._strayed(self._shared, identity, way), name="stray probe")
            self._reports.add(task)
            task.add_done_callback(self._reports.discard)
        return False

    async def _strayed(self, shared: SharedProbes, identity: str, way: str) -> None:
        with contextlib.suppress(StoreError):
            if probe := await shared.with_id(identity):
                probe.strayed = way
                await shared.report(probe)

    async def _of_another(self, channel: str, key: str) -> Probe | None:
        if self._shared is None or not key.startswith(KEY):
            return None
        with contextlib.suppress(StoreError):
            return await self._shared.sent_to(channel, key)
        return None

    async def _report(self, probe: Probe) -> None:
        if self._shared:
            with contextlib.suppress(StoreError):
                await self._shared.report(probe)

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
