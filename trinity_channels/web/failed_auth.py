"""Failed authentication: counted and logged by source, and throttled, within bounded memory."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import HTTPConnection

from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics

log = get_logger(__name__)

WINDOW = timedelta(minutes=1)
MOST = 20
"""Wrong tokens of one source in a window that are answered 401; the following ones are answered 429."""
SOURCES = 4096
"""Sources that are remembered. Beyond it the one that failed longest ago is forgotten."""
LOGGED = 100
"""Lines in the log in one window, of all sources together."""


@dataclass(slots=True)
class _Count:
    since: datetime
    number: int = 0


class FailedAuth:
    """Counts requests that carried a token which is not valid. It never refuses a valid token.

    The source is the peer of the connection, of IPv6 the /64 network. `X-Forwarded-For` does not count, because its
    sender chooses it: behind a proxy, all requests have one source.
    """

    def __init__(self, metrics: Metrics, now: Callable[[], datetime]) -> None:
        self._metrics = metrics
        self._now = now
        self._sources: OrderedDict[str, _Count] = OrderedDict()
        self._logged = _Count(now())

    @property
    def known(self) -> int:
        """How many sources are remembered."""
        return len(self._sources)

    def note(self, request: HTTPConnection, reason: str) -> int | None:
        """Count one failure.

        Args:
            request: the request with the token.
            reason: why the token is not valid, such as "unknown".

        Returns:
            The seconds until the source may fail again, None while it may.
        """
        source, now = source_of(request), self._now()
        count = self._count(source, now)
        count.number += 1
        throttled = count.number > MOST
        self._metrics.failed_auth.labels("throttled" if throttled else reason).inc()
        if count.number <= MOST + 1 and self._may_log(now):
            # The route's pattern and not the path, which the sender chooses and which may name a person.
            route = getattr(request.scope.get("route"), "path", "")
            event = "api authentication throttled" if throttled else "api authentication failed"
            log.warning(event, source=source, reason=reason, route=route, failures=count.number)
        return max(1, round((count.since + WINDOW - now).total_seconds())) if throttled else None

    def _count(self, source: str, now: datetime) -> _Count:
        # Taken out and put back at the end: the order is that of the latest failure.
        count = self._sources.pop(source, None)
        # The range also covers a clock that was set back.
        if count is None or not timedelta() <= now - count.since < WINDOW:
            count = _Count(now)
        self._sources[source] = count
        if len(self._sources) > SOURCES:
            self._sources.popitem(last=False)
        return count

    def _may_log(self, now: datetime) -> bool:
        if not timedelta() <= now - self._logged.since < WINDOW:
            self._logged = _Count(now)
        self._logged.number += 1
        return self._logged.number <= LOGGED


def source_of(request: HTTPConnection) -> str:
    """Where a request comes from."""
    if request.client is None:
        return "unknown"
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    # A single customer has a /64 and can use every address in it.
    return str(ipaddress.ip_network((address.packed, 64), strict=False))
