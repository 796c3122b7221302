"""The application of a host that runs alone: webhooks are answered before the layers that only its other routes need.

Most of those are added when the first request comes that is neither a webhook nor a probe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from trinity_channels.inbound.webhook import Webhook
from trinity_channels.web import errors


class WebhooksFirst(FastAPI):
    """The framework's layers and its router cost a webhook as much processor time as the check of its signature.

    Args:
        webhook: answers the webhooks.
        rest: the routes that are added with the first request for one of them.
        options: as FastAPI takes them.
    """

    def __init__(self, webhook: Webhook, rest: Callable[[FastAPI], Sequence[BaseRoute]], **options: Any) -> None:
        super().__init__(**options)
        self._webhook = webhook
        self._rest: Callable[[FastAPI], Sequence[BaseRoute]] | None = rest

    def complete(self) -> None:
        """Add the routes that are still missing."""
        if self._rest is not None:
            self.router.routes += self._rest(self)
            self._rest = None

    def openapi(self) -> dict[str, Any]:
        """The description of all routes."""
        self.complete()
        return super().openapi()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._webhook.endpoint(scope)
        if endpoint is None:
            if self._rest is not None and not self._has(scope):
                self.complete()
            await super().__call__(scope, receive, send)
            return
        try:
            await endpoint(scope, receive, send)
        except Exception as error:  # noqa: BLE001  answered and raised again, as for every other route
            await ServerErrorMiddleware(_failing(error), errors.fault)(scope, receive, send)

    def _has(self, scope: Scope) -> bool:
        return scope["type"] == "lifespan" or any(one.matches(scope)[0] is Match.FULL for one in self.router.routes)


def _failing(error: Exception) -> Any:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    return app
