"""Runs a host within the lifespan of an application: it starts after the application has, and stops before it does."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from trinity_channels.host import Host


class HostLifespan:
    """Takes the place of an application's lifespan, and opens the host within it.

    Attributes:
        opens: whether it has opened the host, and not the caller of `mount_channels`.
    """

    opens = False

    def __init__(self, router: Router, host: Host) -> None:
        self._router = router
        self._host = host
        self._own = router.lifespan_context
        self._only_own = False
        self._serve = router.lifespan
        router.lifespan_context = self
        # By name: for the type checker, methods cannot be assigned.
        setattr(router, "lifespan", self.serve)  # noqa: B010

    def __call__(self, app: Any) -> contextlib.AbstractAsyncContextManager[Any]:
        """The application's lifespan with the host in it."""
        return self._own(app) if self._only_own else self._around(self._own, app)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a server's lifespan. What was added to the application's after us would otherwise start after the host."""
        if not self._is_within_another():
            await self._serve(scope, receive, send)
            return
        whole = self._router.lifespan_context
        self._only_own = True
        self._router.lifespan_context = lambda app: self._around(whole, app)
        try:
            await self._serve(scope, receive, send)
        finally:
            self._router.lifespan_context, self._only_own = whole, False

    def leave(self) -> None:
        """Give the application its own lifespan back; it stays as it is if others have been added to it meanwhile."""
        if not self._is_within_another():
            self._router.lifespan_context = self._own
            setattr(self._router, "lifespan", self._serve)  # noqa: B010  see above

    def _is_within_another(self) -> bool:
        current: object = self._router.lifespan_context
        return current is not self

    @contextlib.asynccontextmanager
    async def _around(self, lifespan: Any, app: Any) -> AsyncIterator[Any]:
        async with lifespan(app) as state:
            self.opens = True
            async with self._host:
                yield state
