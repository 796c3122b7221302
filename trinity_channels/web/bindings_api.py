"""The binding API: connect, look, verify, rotate, disconnect; the same routes for every installed channel."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.given_settings import secret_names, way_in
from trinity_channels.bindings.listening import Listening
from trinity_channels.bindings.status import BindingStatus as Status
from trinity_channels.bindings.status import BindingStatuses
from trinity_channels.inbound.way_in import OwnersWayIn
from trinity_channels.plugins import LISTENS, Plugins
from trinity_channels.web.auth import Guard
from trinity_channels.web.diagnosis_api import ProbeAnswer
from trinity_channels.web.health_check import HealthCheck
from trinity_channels.web.inputs import JsonObject
from trinity_channels.web.route import Router, api_router


class BindingHealth(BaseModel):
    """`state` is ok, waiting (nothing has arrived yet) or attention."""

    state: str
    checks: list[HealthCheck]
    last_inbound_at: str | None


class ConnectionState(BaseModel):
    """The connection over which messages are fetched; times are ISO 8601, null where there is none."""

    connected_since: str | None
    failing_since: str | None
    error: str | None
    next_try_at: str | None

    @classmethod
    def of(cls, at: Listening) -> ConnectionState:
        """As it is stored."""
        times = (at.connected_since, at.failing_since, at.next_try)
        connected, failing, next_try = (one.isoformat() if one else None for one in times)
        return cls(connected_since=connected, failing_since=failing, error=at.error or None, next_try_at=next_try)


class BindingStatus(BaseModel):
    """A binding without its secrets; the channel's own settings, and what it shows of the account, are further fields."""

    model_config = ConfigDict(extra="allow")

    agent_name: str
    channel: str
    configured: bool
    display_name: str | None = None
    is_sandbox: bool = False
    invitation: str | None = Field(default=None, description="What people have to be told before they can write")
    webhook_url: str | None = None
    listens: bool = Field(default=False, description="Whether this host fetches the messages; then there is no webhook")
    connection: ConnectionState | None = Field(default=None, description="How fetching them works; null by webhook")
    group_count: int | None = Field(
        default=None, description="Groups in which people have written; null without groups"
    )
    warning: str | None = Field(default=None, description="What keeps the binding from working, with the fix")
    health: BindingHealth | None = None


class SetWebhook(BaseModel):
    """Whether a webhook that is not ours may be replaced."""

    model_config = ConfigDict(extra="forbid")

    replace: bool = False


class Done(BaseModel):
    """Something was done; `message` says what stays."""

    ok: bool = True
    message: str


class BindingsApi:
    """Builds the routes of each channel."""

    def __init__(
        self, guard: Guard, connections: Connections, statuses: BindingStatuses, way_in: OwnersWayIn, plugins: Plugins
    ) -> None:
        self._guard = guard
        self._connections = connections
        self._statuses = statuses
        self._way_in = way_in
        self._plugins = plugins

    def router(self, channel: str) -> Router:
        """The routes of one channel, `/api/agents/{name}/<channel>…`."""
        plugin = self._plugins[channel]
        manifest = plugin.manifest
        path = f"/api/agents/{{name}}/{channel}"
        router = api_router(self._guard, manifest.title)

        async def status(request: Request, name: str) -> BindingStatus:
            """What is connected, whether it works, and the webhook URL."""
            return _answer(await self._statuses.of(await self._guard.principal(request), name, channel))

        async def connect(request: Request, name: str, body: JsonObject) -> BindingStatus:
            """Connect, or change settings. A secret that is left out keeps its stored value; the webhook URL stays.

            `listens` is the way in which messages come: false by webhook, true fetched by this host, which then needs no
            public address; another program that receives the account's messages by webhook receives none from then on. If it
            is left out, the way stays as it is.
            """
            principal = await self._guard.principal(request)
            settings, listens = way_in(body)
            await self._connections.connect(principal, name, channel, settings, listens=listens)
            return _answer(await self._statuses.of(principal, name, channel))

        async def disconnect(request: Request, name: str) -> Done:
            """Remove the binding. People, conversations and the provider's account stay."""
            await self._connections.disconnect(await self._guard.principal(request), name, channel)
            return Done(
                message=f"{manifest.title} is disconnected. People, their verified addresses and the history are kept; "
                "the provider's account was not changed."
            )

        async def set_webhook(request: Request, name: str, body: SetWebhook) -> BindingStatus:
            """Point the provider here. If it posts to another webhook, that is replaced only with `replace`."""
            principal = await self._guard.principal(request)
            await self._connections.set_webhook(principal, name, channel, replace=body.replace)
            return _answer(await self._statuses.of(principal, name, channel))

        async def probe(request: Request, name: str) -> ProbeAnswer:
            """Send a signed probe through the public address to this host, as the provider would post."""
            return ProbeAnswer.of(await self._way_in.prove(await self._guard.principal(request), name, channel))

        async def rotate(request: Request, name: str) -> BindingStatus:
            """Give the binding a new webhook URL. The old one works until a message comes to the new one, at most a day."""
            principal = await self._guard.principal(request)
            await self._connections.rotate(principal, name, channel)
            return _answer(await self._statuses.of(principal, name, channel))

        router.add_api_route(path, status, methods=["GET"], name=f"{channel} status")
        router.add_api_route(
            path,
            connect,
            methods=["PUT"],
            name=f"connect {channel}",
            openapi_extra=body_schema(
                _settings_schema(manifest.settings, frozenset(secret_names(manifest)), plugin.listens)
            ),
        )
        router.add_api_route(path, disconnect, methods=["DELETE"], name=f"disconnect {channel}")
        router.add_api_route(f"{path}/rotate-webhook", rotate, methods=["POST"], name=f"rotate {channel} webhook")
        router.add_api_route(f"{path}/probe", probe, methods=["POST"], name=f"probe {channel}")
        router.add_api_route(f"{path}/set-webhook", set_webhook, methods=["POST"], name=f"set {channel} webhook")
        return router


def _answer(one: Status) -> BindingStatus:
    shown: dict[str, Any] = {
        # First: a plugin's field hides none of the host's.
        **one.account,
        **one.settings,
        "agent_name": one.agent,
        "channel": one.channel,
        "configured": one.connection is not None,
        "group_count": one.groups,
    }
    if at := one.connection:
        shown |= {
            "display_name": at.display_name,
            "is_sandbox": at.sandbox,
            "invitation": at.invitation or None,
            "webhook_url": at.webhook_url,
            "listens": at.listens,
            "connection": ConnectionState.of(at.connection) if at.connection else None,
            "warning": at.warning or None,
            "health": BindingHealth(
                state=at.health.state,
                checks=[HealthCheck.of(check, one.agent, one.channel) for check in at.health.checks],
                last_inbound_at=at.last_inbound.isoformat() if at.last_inbound else None,
            ),
        }
    return BindingStatus(**shown)


@cache
def _settings_schema(settings: type[BaseModel], secret: frozenset[str], listens: bool) -> dict[str, Any]:
    schema = settings.model_json_schema()
    if listens:
        way = {
            "title": "Fetch messages",
            "type": "boolean",
            "description": "Whether this host fetches them; false: webhook",
        }
        schema["properties"] = {**schema.get("properties", {}), LISTENS: way}
    # A secret that is left out keeps its stored value, so none is required.
    schema["required"] = [name for name in schema.get("required", []) if name not in secret]
    return schema


def body_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """How a body that is read as plain JSON is described."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
