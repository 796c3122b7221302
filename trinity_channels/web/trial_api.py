"""Try a binding out: ask the provider whether it works, or send one message to an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from trinity_channels.api import Channel, CheckState, ConfigurationError
from trinity_channels.bindings.connections import Connections
from trinity_channels.outbound.trial import TEXT, TrialMessages, Tried
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store.states import OutboxState
from trinity_channels.web.auth import Guard
from trinity_channels.web.bindings_api import body_schema
from trinity_channels.web.health_check import HealthCheck
from trinity_channels.web.inputs import JsonObject
from trinity_channels.web.route import Router, api_router

TEXT_LIMIT = 1000


class Outcome(BaseModel):
    """`ok` says whether the provider agreed, `message` what it said in plain words.

    A test message that it agreed to take may still fail; `state` and the delivery tell.
    """

    ok: bool
    message: str
    code: str | None = None
    field: str | None = None
    provider_id: str | None = None
    delivery_id: int | None = Field(
        None, description="Of a test message: GET /api/agents/{name}/deliveries/{id} shows its state"
    )
    state: str | None = Field(None, description="Of a test message, as for every delivery")
    checks: list[HealthCheck] = []


class TrialApi:
    """Builds `/api/agents/{name}/<channel>/test` of each channel."""

    def __init__(self, guard: Guard, connections: Connections, trials: TrialMessages, plugins: Plugins) -> None:
        self._guard = guard
        self._connections = connections
        self._trials = trials
        self._plugins = plugins

    def router(self, channel: str) -> Router:
        """The route of one channel."""
        manifest = self._plugins[channel].manifest
        router = api_router(self._guard, manifest.title)

        async def test(request: Request, name: str, body: JsonObject) -> Outcome:
            """Without an address: ask the provider whether the binding works. With one: send one message there."""
            principal = await self._guard.principal(request)
            wanted = _wanted(manifest, body)
            if wanted is None:
                verified = await self._verify(principal, name, channel)
                # Else it would look like a message that was sent.
                if body.get("message") is not None:
                    verified.message += f" No message was sent, because {manifest.address.field} is missing."
                return verified
            return _outcome(manifest, await self._trials.send(principal, name, channel, *wanted))

        address = manifest.address
        schema = {
            "type": "object",
            "properties": {
                address.field: {"type": "string", "example": address.example},
                "message": {"type": "string", "maxLength": TEXT_LIMIT},
            },
        }
        path = f"/api/agents/{{name}}/{channel}/test"
        router.add_api_route(path, test, methods=["POST"], name=f"test {channel}", openapi_extra=body_schema(schema))
        return router

    async def _verify(self, principal: Principal, name: str, channel: str) -> Outcome:
        try:
            found = await self._connections.verify_for(principal, name, channel)
        except ConfigurationError as error:
            return Outcome(ok=False, message=error.message, code="refused_by_provider", field=error.field)
        checks = [HealthCheck.of(check, name, channel) for check in found.checks]
        # The credentials may work and the account still be unable to send.
        wrong = [f"{check.message} {check.fix}" for check in found.checks if check.state is CheckState.FAILED]
        good = f"The credentials work: {found.account.display_name or found.account.sender}."
        return Outcome(ok=not wrong, message=" ".join(wrong) or good, checks=checks)


def _wanted(manifest: Channel, body: Mapping[str, Any]) -> tuple[str, str] | None:
    """Address and text of a test message, None if nothing is to be sent."""
    address = manifest.address.field
    # Strict: a misspelled address field would only verify, and look like a message that was sent.
    for unknown in body.keys() - {address, "message"}:
        raise Refusal("invalid_input", f"Unknown field `{unknown}`.", field=unknown)
    to, text = body.get(address), body.get("message")
    if to is None:
        return None
    text = TEXT if text is None or text == "" else text
    if not isinstance(to, str) or not isinstance(text, str) or len(text) > TEXT_LIMIT:
        field = "message" if isinstance(to, str) else address
        message = f"{field} must be a text of at most {TEXT_LIMIT} characters."
        raise Refusal("invalid_input", message, field=field)
    return to, text


def _outcome(manifest: Channel, tried: Tried) -> Outcome:
    """What the owner is told of a test message after its first attempt."""
    test = tried.delivery
    # 502, not 200: a second test at once could reach the person twice.
    if tried.unknown:
        message = f"It may or may not have been sent: {tried.unknown}"
        raise Refusal("provider_unavailable", message, extra={"delivery_id": test.id, "state": test.state})
    if tried.taken:
        message = f"{manifest.title} took the message as {test.provider_id}. {_window(manifest)}".rstrip()
        if test.state is OutboxState.FAILED:
            message = f"{manifest.title} took the message, and reported since that it failed: {test.failure}"
        return Outcome(ok=True, message=message, provider_id=test.provider_id, delivery_id=test.id, state=test.state)
    message, code = test.failure or "", test.failure_code
    if tried.pending:
        message, code = (
            "Not sent yet, or not answered by the provider; the delivery's state shows more later.",
            "pending",
        )
    elif test.state is OutboxState.READY:
        message, code = f"Not sent yet; it is retried automatically. {message}", "deferred"
    return Outcome(ok=False, message=message, code=code or None, delivery_id=test.id, state=test.state)


def _window(manifest: Channel) -> str:
    if manifest.reply_window is None:
        return ""
    hours = int(manifest.reply_window.total_seconds() // 3600)
    return f"It only arrives if that person has written to this number within the last {hours} hours."
