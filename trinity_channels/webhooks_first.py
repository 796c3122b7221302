"""The application of a host that runs alone: webhooks are answered before the layers that only its other routes need."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import Receive, Scope, Send

from trinity_channels.inbound.webhook import Webhook
from trinity_channels.web import errors


class WebhooksFirst(FastAPI):
    """The framework's layers and its router cost a webhook as much processor time as the check of its signature."""

    def __init__(self, webhook: Webhook, **options: Any) -> None:
        super().__init__(**options)
        self._webhook = webhook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._webhook.endpoint(scope)
        if endpoint is None:
            await super().__call__(scope, receive, send)
            return
        try:
            await endpoint(scope, receive, send)
        except Exception as error:  # noqa: BLE001  answered and raised again, as for every other route
            await ServerErrorMiddleware(_failing(error), errors.fault)(scope, receive, send)


def _failing(error: Exception) -> Any:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    return app
