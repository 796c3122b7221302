"""The webhook edge: a bare ASGI route that reads, authenticates, stores and only then acknowledges."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from time import perf_counter

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from trinity_channels import api
from trinity_channels.bindings import OpenBinding
from trinity_channels.inbound.authentication import Authentication
from trinity_channels.inbound.bodies import Bodies, BodyTooLarge, Busy
from trinity_channels.inbound.catch_up import CatchUp
from trinity_channels.inbound.intake import Intake, NotStored
from trinity_channels.inbound.refused import Refused, busy, error, unavailable, unread
from trinity_channels.inbound.webhook_keys import NotOurs, WebhookKeys
from trinity_channels.observability.metrics import Metrics
from trinity_channels.plugins import Plugins


class Webhook:
    """Answers `POST|GET /api/<channel>/webhook/<key>` of every installed channel."""

    def __init__(
        self,
        plugins: Plugins,
        keys: WebhookKeys,
        authentication: Authentication,
        intake: Intake,
        catch_up: CatchUp,
        metrics: Metrics,
    ) -> None:
        self._plugins = plugins
        self._keys = keys
        self._authentication = authentication
        self._intake = intake
        self._catch_up = catch_up
        self._metrics = metrics
        self._seconds = {channel: metrics.accept_seconds.labels(channel) for channel in plugins}
        self._endpoints = {channel: _Endpoint(self, channel) for channel in plugins if plugins[channel].receives}
        self.bodies = Bodies()

    def routes(self) -> list[Route]:
        """One route per channel that has webhooks, with and without trailing slash: a webhook is never redirected."""
        return [
            Route(f"/api/{channel}/webhook/{{key}}{slash}", endpoint, methods=["GET", "POST"])
            for slash in ("", "/")  # a route that does not match costs a microsecond, so the usual ones come first
            for channel, endpoint in self._endpoints.items()
        ]

    def endpoint(self, scope: Scope) -> ASGIApp | None:
        """The endpoint of a posted webhook, found without the router; None for any other request.

        It finds fewer than `routes`, which answer the rest.
        """
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        prefix, _, key = scope["path"].partition("/webhook/")
        api, _, channel = prefix.rpartition("/")
        if api != "/api" or not key or "/" in key or scope.get("root_path"):
            return None
        if (endpoint := self._endpoints.get(channel)) is not None:
            scope["path_params"] = {"key": key}
        return endpoint

    def share(self, answered_elsewhere: Callable[[Scope], bool]) -> None:
        """Leave unknown keys to the application around the host where `answered_elsewhere` says that it has the path."""
        self._keys.answered_elsewhere = answered_elsewhere

    async def answer(self, channel: str, request: Request, receive: Receive) -> Response:
        """Receive one request, and count it.

        Raises:
            NotOurs: the application around the host is to answer it; nothing of its body was read.
        """
        started = perf_counter()
        try:
            outcome, response = await self._receive(channel, request, receive)
        except Refused as refused:
            outcome, response = refused.outcome, refused.response
        except NotOurs:
            self._metrics.webhooks.labels(channel, "not_ours").inc()
            raise
        self._metrics.webhooks.labels(channel, outcome).inc()
        self._seconds[channel].observe(perf_counter() - started)
        return response

    async def _receive(self, channel: str, request: Request, receive: Receive) -> tuple[str, Response]:
        bound = await self._keys.binding(channel, request, receive)
        headers = _headers(request.scope["headers"])
        body = await self._body(bound, request, headers, receive)
        try:
            inbound = await self._authentication.received(bound, request, headers, body)
            # Before it is stored: the signature was right whatever the database does.
            self._catch_up.trusted(bound)
            accepted = await self._intake.take(bound, inbound.events)
        except NotStored:
            self._catch_up.refused(bound)
            return "store_failed", unavailable()
        finally:
            # Held until it was stored: events are as large as the body they were read from.
            self.bodies.done(bound.id, len(body))
        # The plugin's own acknowledgement: providers differ in the body that they expect.
        return accepted.outcome, _Answer(inbound.response)

    async def _body(self, bound: OpenBinding, request: Request, headers: dict[str, str], receive: Receive) -> bytes:
        most = bound.manifest.limits.webhook_body
        try:
            return await self.bodies.read(headers.get("content-length", ""), receive, bound.id, most)
        except BodyTooLarge as cause:
            answer = error(413, "body_too_large", f"The body is larger than {most} bytes.")
            raise Refused("too_large", unread(request, answer)) from cause
        # It may not come again by itself, so it is asked for.
        except Busy as cause:
            self._catch_up.refused(bound)
            raise Refused("busy", unread(request, busy())) from cause
        except ClientDisconnect as cause:
            # The connection is gone, so this answer is only counted.
            raise Refused("malformed", error(400, "cut_off", "The request was cut off.")) from cause


class _Endpoint:
    """An ASGI application of its own: the wrapper that Starlette puts around a function costs as much as the signature."""

    def __init__(self, webhook: Webhook, channel: str) -> None:
        self._webhook = webhook
        self._channel = channel

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._webhook.answer(self._channel, Request(scope), receive)
        await response(scope, receive, send)


class _Answer(Response):
    """What the provider is answered: a few different answers, whose headers are made once."""

    def __init__(self, answer: api.Response) -> None:
        self.status_code = answer.status
        self.body = answer.body
        self.background = None
        self.raw_headers = list(_raw_headers(answer))  # its own: layers around the application may add to it


@functools.lru_cache(64)
def _raw_headers(answer: api.Response) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(Response(answer.body, answer.status, media_type=answer.media_type).raw_headers)


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers by lower-case name, the first of those that are repeated."""
    # Reversed, so that the first of a name is written last and stays.
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(raw)}
