"""The webhook edge: a bare ASGI route that reads, authenticates, stores and only then acknowledges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from time import perf_counter

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from trinity_channels import api
from trinity_channels.bindings import Bindings, Gone, OpenBinding
from trinity_channels.bindings.vault import VaultError
from trinity_channels.dispatch import Dispatcher
from trinity_channels.inbound.accept import Accepted, accept
from trinity_channels.inbound.bodies import Bodies, BodyTooLarge, Busy, closes
from trinity_channels.inbound.catch_up import CatchUp
from trinity_channels.inbound.diagnose import Diagnosis
from trinity_channels.inbound.indicate import Indicator
from trinity_channels.inbound.owner_notices import OwnerNotices
from trinity_channels.inbound.unknown import UnknownWebhooks
from trinity_channels.log import Sparse
from trinity_channels.metrics import Metrics
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, StoreError, Tx, retired_keys

log = structlog.get_logger(__name__)


class Webhook:
    """Answers `POST|GET /api/<channel>/webhook/<key>` of every installed channel."""

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        bindings: Bindings,
        dispatcher: Dispatcher,
        indicator: Indicator,
        diagnosis: Diagnosis,
        notices: OwnerNotices,
        catch_up: CatchUp,
        unknown: UnknownWebhooks,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._bindings = bindings
        self._dispatcher = dispatcher
        self._indicator = indicator
        self._diagnosis = diagnosis
        self._notices = notices
        self._catch_up = catch_up
        self._unknown = unknown
        self._metrics = metrics
        self._now = now
        self._bodies = Bodies()
        self._sparse = Sparse(now)

    def routes(self) -> list[Route]:
        """One route per channel, with and without trailing slash: a webhook is never redirected."""
        return [
            Route(f"/api/{channel}/webhook/{{key}}{slash}", _Endpoint(self, channel), methods=["GET", "POST"])
            for slash in ("", "/")  # a route that does not match costs a microsecond, so the usual ones come first
            for channel in self._plugins
        ]

    async def answer(self, channel: str, request: Request, receive: Receive) -> Response:
        """Receive one request, and count it."""
        started = perf_counter()
        outcome, response = await self._receive(channel, request, receive)
        self._metrics.webhooks.labels(channel, outcome).inc()
        self._metrics.accept_seconds.labels(channel).observe(perf_counter() - started)
        return response

    async def _receive(self, channel: str, request: Request, receive: Receive) -> tuple[str, Response]:
        try:
            bound = await self._bindings.by_key(channel, request.path_params["key"])
        except Gone as gone:
            await self._notices.retired(gone.bound)
            return "retired", _unread(request, _gone())
        except (VaultError, StoreError) as error:  # known causes, for which every webhook would repeat one entry
            if self._sparse.passes(channel):
                log.warning("binding cannot be opened", channel=channel, reason=str(error))
            return "store_failed", _unread(request, _unavailable())
        except Exception as error:  # not looked up, not acknowledged
            log.exception("binding cannot be opened", channel=channel, error=type(error).__name__)
            return "store_failed", _unread(request, _unavailable())
        manifest = self._plugins[channel].manifest
        if bound is None:
            if (probed := await self._unknown.probes.answer(channel, request, receive)) is not None:
                return "probe", probed
            self._unknown.count(channel, request.path_params["key"])
            return "unknown_key", _unread(request, _answer(manifest.acknowledgement))
        most = manifest.limits.webhook_body
        headers = _headers(request.scope["headers"])
        try:
            body = await self._bodies.read(headers.get("content-length", ""), receive, bound.id, most)
        except BodyTooLarge:
            answer = _error(413, "body_too_large", f"The body is larger than {most} bytes.")
            return "too_large", _unread(request, answer)
        except Busy:
            self._catch_up.refused(bound)
            return "busy", _unread(request, _busy())
        except ClientDisconnect:
            return "malformed", _error(400, "cut_off", "The request was cut off.")
        try:
            return await self._accept(bound, request, headers, body)
        finally:
            self._bodies.done(bound.id, len(body))

    async def _accept(
        self, bound: OpenBinding, request: Request, headers: dict[str, str], body: bytes
    ) -> tuple[str, Response]:
        query: bytes = request.scope["query_string"]
        # Providers sign the address the owner gave them, so that is what we check: never Host or X-Forwarded-*.
        url = (bound.context.webhook_url or "") + (f"?{query.decode('latin-1')}" if query else "")
        raw = api.Request(request.method, url, headers, body, self._now())
        if bound.retired is not None and bound.retired <= self._now():
            if self._brings_message(bound, raw):
                await self._notices.retired(bound)
            return "retired", _gone()
        try:
            inbound = self._plugins[bound.channel].receive(bound.binding, raw)
        except api.SignatureError:
            await self._diagnosis.keep(bound, request, raw)
            return "bad_signature", _error(403, "invalid_signature", "The request is not signed by the provider.")
        except api.MalformedPayload as error:
            log.warning("malformed webhook", channel=bound.channel, agent=bound.agent)
            return "malformed", _error(400, "malformed_payload", error.message)
        self._catch_up.trusted(bound)
        now = self._now()
        # A receipt proves nothing: it comes to the address that the message was sent with, whatever the owner has entered.
        moved = bound.replaces and _has_message(inbound.events)
        try:
            accepted = await self._store.write(partial(self._store_events, bound, inbound.events, moved, now))
        except Exception as error:  # not stored, not acknowledged: the provider, or catch-up, brings it again
            log.exception("webhook not stored", channel=bound.channel, error=type(error).__name__)
            self._catch_up.refused(bound)
            return "store_failed", _unavailable()
        if moved:
            self._bindings.forget()
        self._notices.log(bound, accepted.notices)
        self._wake(accepted)
        return accepted.outcome, _answer(inbound.response)

    def _brings_message(self, bound: OpenBinding, raw: api.Request) -> bool:
        """Whether a request is authentic and brings a message.

        A receipt is no sign of an address that is still to be changed: it comes to the one that a message was sent with.
        """
        try:
            inbound = self._plugins[bound.channel].receive(bound.binding, raw)
        except (api.SignatureError, api.MalformedPayload):
            return False
        return _has_message(inbound.events)

    def _store_events(
        self, bound: OpenBinding, events: Sequence[api.Event], moved: bool, now: datetime, tx: Tx
    ) -> Accepted:
        if moved:
            retired_keys.end(tx, bound.id, now)
        return accept(tx, self._dispatcher, bound.id, events, now)

    def _wake(self, accepted: Accepted) -> None:
        for conversation, provider_id in accepted.messages:
            self._indicator.noticed(conversation, provider_id)
        for key in accepted.keys:
            self._dispatcher.after_commit(key)


class _Endpoint:
    """An ASGI application of its own: the wrapper that Starlette puts around a function costs as much as the signature."""

    def __init__(self, webhook: Webhook, channel: str) -> None:
        self._webhook = webhook
        self._channel = channel

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._webhook.answer(self._channel, Request(scope), receive)
        await response(scope, receive, send)


class WebhooksFirst:
    """Answers webhooks before the layers of an application that only its other routes need; they cost 20 µs each time."""

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for route in self._routes:
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await route.app(scope, receive, send)
                    return
        await self._app(scope, receive, send)


def _has_message(events: Sequence[api.Event]) -> bool:
    return any(isinstance(event, api.MessageReceived) for event in events)


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers by lower-case name, the first of those that are repeated."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(raw)}


def _answer(response: api.Response) -> Response:
    return Response(response.body, response.status, media_type=response.media_type)


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message}, status)


def _gone() -> Response:
    return _error(410, "webhook_retired", "This webhook address was replaced; use the present one.")


def _unavailable() -> Response:
    response = _error(503, "store_unavailable", "The message could not be stored; please send it again.")
    response.headers["Retry-After"] = "5"
    return response


def _busy() -> Response:
    response = _error(503, "busy", "Too many requests are being read; please send it again.")
    response.headers["Retry-After"] = "5"
    return response


def _unread(request: Request, response: Response) -> Response:
    """The answer to a request whose body was not read: as it would come before the next request, the connection may end."""
    if closes(request):
        response.headers["Connection"] = "close"
    return response
