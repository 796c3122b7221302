"""The binding API: connect, look, verify, rotate, disconnect; the same routes for every installed channel."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from trinity_channels.access.gate import Policy, policies
from trinity_channels.access.self_service import SelfService
from trinity_channels.api import Channel, CheckState, ConfigurationError, SendDeferred, SendRejected, SendUnknown
from trinity_channels.bindings import Bindings
from trinity_channels.bindings.connections import (
    AccountInUse,
    Connections,
    NotConnected,
    TooManyTests,
    secret_names,
)
from trinity_channels.bindings.health import examine
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.bindings.vault import VaultError
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, access, agent_runs, bindings
from trinity_channels.web.auth import Guard, Principal
from trinity_channels.web.errors import ApiError
from trinity_channels.web.route import api_router

TEST_TEXT = "Hello! This is a test message: the connection to your agent works."
TEXT_LIMIT = 1000


def _sendable(body: dict[str, Any]) -> dict[str, Any]:
    """JSON can spell half of a character, which no provider, no database and no answer of ours takes."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("A text holds half of a character (a lone surrogate).") from None
    return body


JsonObject = Annotated[dict[str, Any], AfterValidator(_sendable), Body()]


class HealthCheck(BaseModel):
    """One finding: `state` is ok, warning, failed or unknown."""

    code: str
    state: str
    message: str
    fix: str


class BindingHealth(BaseModel):
    """`state` is ok, waiting (nothing has arrived yet) or attention."""

    state: str
    checks: list[HealthCheck]
    last_inbound_at: str | None


class BindingStatus(BaseModel):
    """A binding without its secrets; the channel's own settings are further fields."""

    model_config = ConfigDict(extra="allow")

    agent_name: str
    channel: str
    configured: bool
    display_name: str | None = None
    is_sandbox: bool = False
    webhook_url: str | None = None
    warning: str | None = Field(default=None, description="What keeps the binding from working, with the fix")
    health: BindingHealth | None = None


class Outcome(BaseModel):
    """`ok` says whether the provider agreed; `message` is what it said, in plain words."""

    ok: bool
    message: str
    code: str | None = None
    field: str | None = None
    provider_id: str | None = None
    checks: list[HealthCheck] = []


class Done(BaseModel):
    """Something was done; `message` says what stays."""

    ok: bool = True
    message: str


class BindingsApi:
    """Builds the routes of each channel."""

    def __init__(
        self,
        *,
        guard: Guard,
        connections: Connections,
        opened: Bindings,
        plugins: Plugins,
        store: Store,
        address: PublicAddress,
        self_service: SelfService,
    ) -> None:
        self._guard = guard
        self._connections = connections
        self._opened = opened
        self._plugins = plugins
        self._store = store
        self._address = address
        self._self_service = self_service

    def router(self, channel: str) -> APIRouter:
        """The routes of one channel, `/api/agents/{name}/<channel>…`."""
        manifest = self._plugins[channel].manifest
        path = f"/api/agents/{{name}}/{channel}"
        router = api_router(self._guard, manifest.title)

        async def status(request: Request, name: str) -> BindingStatus:
            """What is connected, whether it works, and the webhook URL."""
            await self._guard.owner(request, name)
            return await self._status(name, channel)

        async def connect(request: Request, name: str, body: JsonObject) -> BindingStatus:
            """Connect, or change settings. A secret that is left out keeps its stored value; the webhook URL stays."""
            principal = await self._guard.owner(request, name)
            await self._connect(principal, name, channel, body)
            return await self._status(name, channel)

        async def disconnect(request: Request, name: str) -> Done:
            """Remove the binding. People, conversations and the provider's account stay."""
            principal = await self._guard.owner(request, name)
            if not await self._connections.disconnect(name, channel, principal.actor):
                raise _not_connected(manifest)
            return Done(
                message=f"{manifest.title} is disconnected. People, their verified addresses and the history are kept; "
                "the provider's account was not changed."
            )

        async def rotate(request: Request, name: str) -> BindingStatus:
            """Give the binding a new webhook URL; the old one is unknown from now on."""
            principal = await self._guard.owner(request, name)
            try:
                await self._connections.rotate(name, channel, principal.actor)
            except NotConnected as error:
                raise _not_connected(manifest) from error
            return await self._status(name, channel)

        async def test(request: Request, name: str, body: JsonObject) -> Outcome:
            """With `{}`: ask the provider whether the binding works. With an address: send one message there."""
            principal = await self._guard.owner(request, name)
            try:
                return await self._test(principal, name, channel, body)
            except NotConnected as error:
                raise _not_connected(manifest) from error

        address = manifest.address
        test_schema = {
            "type": "object",
            "properties": {
                address.field: {"type": "string", "example": address.example},
                "message": {"type": "string", "maxLength": TEXT_LIMIT},
            },
        }
        router.add_api_route(path, status, methods=["GET"], name=f"{channel} status")
        router.add_api_route(
            path, connect, methods=["PUT"], name=f"connect {channel}", openapi_extra=_body(_settings_schema(manifest))
        )
        router.add_api_route(path, disconnect, methods=["DELETE"], name=f"disconnect {channel}")
        router.add_api_route(
            f"{path}/test", test, methods=["POST"], name=f"test {channel}", openapi_extra=_body(test_schema)
        )
        router.add_api_route(f"{path}/rotate-webhook", rotate, methods=["POST"], name=f"rotate {channel} webhook")
        return router

    async def _connect(self, principal: Principal, name: str, channel: str, body: Mapping[str, Any]) -> None:
        try:
            await self._connections.connect(name, channel, body, principal.actor)
        except AccountInUse as error:
            known = await self._guard.manages(principal, error.agent)
            other = f"your agent {error.agent}" if known else "another agent"
            raise ApiError(
                409,
                "account_in_use",
                f"This account is connected to {other}. Each agent needs an account of its own: disconnect it there first, "
                "or use another account.",
                extra={"agent": error.agent} if known else None,
            ) from error

    async def _status(self, agent: str, channel: str) -> BindingStatus:
        manifest = self._plugins[channel].manifest
        stored = await self._connections.stored(agent, channel)
        secret = secret_names(manifest)
        if stored is None:
            empty: dict[str, Any] = dict.fromkeys(set(manifest.settings.model_fields) - secret)
            return BindingStatus(agent_name=agent, channel=channel, configured=False, **empty)
        identity = stored.id
        last_inbound, runs, stored_policies, contact = await self._store.read(
            lambda tx: (
                bindings.last_inbound(tx, identity),
                agent_runs.of_binding(tx, identity),
                access.policies(tx, agent),
                self._self_service.escalation.contact(tx, agent),
            )
        )
        health = examine(
            stored,
            manifest,
            self._address.value,
            last_inbound,
            runs,
            mails=self._self_service.login.available,
            everybody=policies(stored_policies)[0] is Policy.OPEN,
            escalates=contact is not None,
        )
        webhook, locked = self._webhook(stored)
        warnings = [*([locked] if locked else []), *stored.account.warnings]
        warnings += [f"{check.message} {check.fix}" for check in health.checks if check.state is CheckState.FAILED]
        return BindingStatus(
            agent_name=agent,
            channel=channel,
            configured=True,
            display_name=stored.account.display_name,
            is_sandbox=stored.account.sandbox,
            webhook_url=webhook,
            warning=" ".join(warnings) or None,
            health=BindingHealth(
                state=health.state,
                checks=[HealthCheck(**asdict(check)) for check in health.checks],
                last_inbound_at=last_inbound.isoformat() if last_inbound else None,
            ),
            **{name: stored.settings.get(name) for name in manifest.settings.model_fields if name not in secret},
        )

    def _webhook(self, stored: bindings.StoredBinding) -> tuple[str | None, str | None]:
        try:
            return self._address.webhook(stored.channel, self._opened.webhook_key(stored).key), None
        except VaultError as error:
            return None, str(error)

    async def _test(self, principal: Principal, name: str, channel: str, body: Mapping[str, Any]) -> Outcome:
        manifest = self._plugins[channel].manifest
        for unknown in body.keys() - {manifest.address.field, "message"}:
            raise ApiError(422, "invalid_input", f"{unknown} is no field of a test.", field=unknown)
        to, text = body.get(manifest.address.field), body.get("message")
        if to is None and text is not None:
            field = manifest.address.field
            raise ApiError(422, "invalid_input", f"{field} is missing: to whom shall the message go?", field=field)
        if to is None:
            return await self._verify(name, channel)
        text = TEST_TEXT if text is None or text == "" else text
        if not isinstance(to, str) or not isinstance(text, str) or len(text) > TEXT_LIMIT:
            field = "message" if isinstance(to, str) else manifest.address.field
            raise ApiError(
                422, "invalid_input", f"{field} must be a text of at most {TEXT_LIMIT} characters.", field=field
            )
        try:
            receipt = await self._connections.send_test(name, channel, to, text, principal.actor)
        except TooManyTests as error:
            seconds = math.ceil(error.retry_after.total_seconds())
            raise ApiError(
                429, "too_many_tests", "Ten test messages an hour are the limit.", retry_after=seconds
            ) from error
        except SendRejected as error:
            return Outcome(ok=False, message=error.message, code=error.failure.code)
        except SendDeferred as error:
            return Outcome(ok=False, message=f"Not sent, try again later: {error.message}", code="deferred")
        except SendUnknown as error:
            raise ApiError(502, "provider_unavailable", f"It may or may not have been sent: {error.message}") from error
        return Outcome(
            ok=True,
            message=f"{manifest.title} took the message as {receipt.provider_id}. {_window(manifest)}",
            provider_id=receipt.provider_id,
        )

    async def _verify(self, name: str, channel: str) -> Outcome:
        try:
            found = await self._connections.verify(name, channel)
        except ConfigurationError as error:
            return Outcome(ok=False, message=error.message, code="refused_by_provider", field=error.field)
        checks = [HealthCheck(**asdict(check)) for check in found.checks]
        wrong = [f"{check.message} {check.fix}" for check in found.checks if check.state is CheckState.FAILED]
        good = f"The credentials work: {found.account.display_name or found.account.sender}."
        return Outcome(ok=not wrong, message=" ".join(wrong) or good, checks=checks)


def _window(manifest: Channel) -> str:
    if manifest.reply_window is None:
        return ""
    hours = int(manifest.reply_window.total_seconds() // 3600)
    return f"It only arrives if that person has written to this number within the last {hours} hours."


def _not_connected(manifest: Channel) -> ApiError:
    return ApiError(404, "not_connected", f"{manifest.title} is not connected to this agent.")


def _settings_schema(manifest: Channel) -> dict[str, Any]:
    schema = manifest.settings.model_json_schema()
    secret = secret_names(manifest)
    schema["required"] = [name for name in schema.get("required", []) if name not in secret]
    return schema


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
