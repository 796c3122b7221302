"""A binding with visibly fake credentials, signed webhooks, a scripted Slack, and a world with the simulator in it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from trinity_channels.api import (
    Account,
    Binding,
    ChannelError,
    Context,
    Event,
    MessageReceived,
    OutboundMessage,
    Receipt,
    Request,
)
from trinity_channels_contract_tests.testing import Script, ScriptedProvider, Sockets
from trinity_channels_slack import plugin
from trinity_channels_slack.settings import SlackSettings
from trinity_channels_slack.simulator import SlackSimulator

TOKEN = "xoxb-fake-bot-token"
SECRET = "fake-signing-secret-for-tests-01"
FACTS = {"team_id": "T0FAKE001", "bot_id": "B0FAKE001", "user_id": "U0FAKEBOT", "app_id": "A0FAKE001"}
WEBHOOK = "https://bot.example/api/slack/webhook/fake-key"
BASE = "http://slack.simulator"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def make_binding() -> Callable[..., Binding]:
    def make(facts: Mapping[str, str] | None = None, **changes: object) -> Binding:
        settings = SlackSettings.model_validate({"bot_token": TOKEN, "signing_secret": SECRET} | changes)
        return Binding(settings, Account("T0FAKE001/B0FAKE001", "U0FAKEBOT", facts=FACTS if facts is None else facts))

    return make


@pytest.fixture
def binding(make_binding: Callable[..., Binding]) -> Binding:
    return make_binding()


@pytest.fixture
def signed() -> Callable[..., Request]:
    """Make a request as Slack would, from a body or from the `event` of an envelope."""

    def make(
        body: bytes | Mapping[str, object] | None = None,
        *,
        secret: str = SECRET,
        at: datetime = NOW,
        received_at: datetime | None = NOW,
        headers: Mapping[str, str] | None = None,
        **envelope: object,
    ) -> Request:
        if not isinstance(body, bytes):
            wrapped = {"type": "event_callback", "team_id": "T0FAKE001", "api_app_id": "A0FAKE001", "event": body}
            body = json.dumps(wrapped | envelope).encode()
        timestamp = str(int(at.timestamp()))
        digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        given = {
            "content-type": "application/json",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": f"v0={digest}",
        }
        return Request("POST", WEBHOOK, given | dict(headers or {}), body, received_at)

    return make


@pytest.fixture
def message() -> dict[str, object]:
    """The least that every direct message carries."""
    return {
        "type": "message",
        "channel": "D0FAKE001",
        "channel_type": "im",
        "user": "U0FAKE001",
        "text": "hello",
        "ts": "1767225600.000100",
    }


class ScriptedSlack(ScriptedProvider):
    """The Web API as a script."""

    def answers(self, *scripts: Script | Mapping[str, object] | tuple[int, object]) -> None:
        """As the base class does; a mapping alone is the body of a 200."""
        super().answers(*((200, one) if isinstance(one, Mapping) else one for one in scripts))

    @property
    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """Method and arguments of every call."""
        return [(one.url.path.removeprefix("/api/"), _arguments(one)) for one in self.requests]


def _arguments(request: httpx.Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").startswith("application/json"):
        read: dict[str, Any] = json.loads(request.content)
        return read
    return dict(request.url.params) | dict(parse_qsl(request.content.decode()))


@pytest.fixture
def slack() -> ScriptedSlack:
    return ScriptedSlack(NOW, WEBHOOK)


@dataclass
class World:
    """A host of a few lines, its binding, and the simulator, joined without sockets."""

    events: list[Event] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    online: bool = True
    time: datetime = NOW

    def __post_init__(self) -> None:
        host = httpx.AsyncClient(transport=httpx.ASGITransport(self._host))
        self.simulator = SlackSimulator(Context(host, self.now, api_base_url=BASE))
        self.simulator.connect(WEBHOOK)
        self.api = httpx.AsyncClient(transport=httpx.ASGITransport(self.simulator.app), base_url=BASE)
        self.sockets = Sockets(lambda server: self.simulator.app if server == "slack.simulator" else None)
        self.ctx = Context(self.api, self.now, WEBHOOK, BASE, self.sockets)
        self.use(**self.simulator.settings())

    def use(self, **settings: str) -> None:
        """Bind with these settings."""
        app = self.simulator.installation
        facts = {"team_id": "T0SIM0001", "bot_id": app.bot_id, "user_id": app.user_id, "app_id": app.id}
        self.binding = Binding(
            SlackSettings.model_validate(settings),
            Account(f"T0SIM0001/{app.bot_id}", app.user_id, facts=facts),
            listens=app.socket_mode,
        )

    def now(self) -> datetime:
        return self.time

    @property
    def messages(self) -> list[MessageReceived]:
        """What a host keeps: every message once."""
        found = {one.event_id: one for one in self.events if isinstance(one, MessageReceived)}
        return list(found.values())

    async def send(self, to: str, text: str, delivery: str = "d-42") -> Receipt:
        return await plugin.send(self.binding, OutboundMessage(delivery, to, text), self.ctx)

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call the simulated Web API with a form."""
        headers = {"Authorization": f"Bearer {self.simulator.installation.token}"}
        answer: dict[str, Any] = (await self.api.post(f"/api/{method}", data=arguments, headers=headers)).json()
        return answer

    async def _host(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        request = Request(scope["method"], WEBHOOK, headers, body, self.now())
        self.requests.append(request)
        status, answer = 503, b""
        if self.online:
            try:
                inbound = plugin.receive(self.binding, request)
            except ChannelError:
                status = 403
            else:
                self.events.extend(inbound.events)
                status, answer = inbound.response.status, inbound.response.body
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": answer})


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.simulator.settle()
    await world.api.aclose()
