"""Requests of a run whose process the others may think dead are not made, even if it was alive when they were begun."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx

from trinity_channels import lease

_WRITING = ".send_request_headers.started"
"""How the events of httpcore end that come once there is a connection: https://www.encode.io/httpcore/extensions/#trace"""
Trace = Callable[[str, object], Awaitable[object]]


async def before_request(request: httpx.Request) -> None:
    """Go on only if no other process can have taken over what the current task works on, and ask again before it is written.

    It may wait for a connection for longer than others wait for a process. With another transport than httpx's own, it is
    asked only now.

    Raises:
        LeaseLost: one may have.
    """
    held = lease.current()
    if held is None:
        return
    held.check()
    request.extensions["trace"] = _checked(held, request.extensions.get("trace"))


def _checked(held: lease.Lease, trace: Trace | None) -> Trace:
    async def check(event: str, info: object) -> None:
        if event.endswith(_WRITING):
            held.check()
        if trace:
            await trace(event, info)

    return check


class Fence:
    """Around a client that an application has brought, while a host works with it. Other hosts may have theirs."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    def put(self) -> None:
        """Ask before each request from now on."""
        self.remove()
        self._client.event_hooks["request"].append(self._before)

    def remove(self) -> None:
        """Leave the client as it was."""
        hooks = self._client.event_hooks["request"]
        if self._before in hooks:
            hooks.remove(self._before)

    async def _before(self, request: httpx.Request) -> None:
        await before_request(request)
