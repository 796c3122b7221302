"""The plugin against a Twilio that behaves: the same code that owners run, nothing scripted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from trinity_channels.api import (
    Account,
    Binding,
    CheckState,
    ConfigurationError,
    Context,
    DeliveryState,
    Event,
    Fault,
    MessageReceived,
    OutboundMessage,
    Receipt,
    ReceiptReceived,
    Request,
    SendDeferred,
    SendUnknown,
)
from trinity_channels_whatsapp import plugin
from trinity_channels_whatsapp.settings import WhatsAppSettings
from trinity_channels_whatsapp.simulator import TwilioSimulator

BASE = "http://twilio.simulator"
WEBHOOK = "https://bot.example/api/whatsapp/webhook/fake-key"


@dataclass
class World:
    """A host of three lines, its binding, and the simulator, joined without sockets."""

    events: list[Event] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    online: bool = True

    def __post_init__(self) -> None:
        host = httpx.AsyncClient(transport=httpx.ASGITransport(self._host))
        self.simulator = TwilioSimulator(Context(host, self.now, api_base_url=BASE))
        self.simulator.connect(WEBHOOK)
        self.ctx = Context(
            httpx.AsyncClient(transport=httpx.ASGITransport(self.simulator.app)), self.now, WEBHOOK, BASE
        )
        settings = WhatsAppSettings.model_validate(dict(self.simulator.settings()))
        self.binding = Binding(settings, Account(settings.account_sid, settings.from_number))

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def send(self, to: str, text: str) -> Receipt:
        return await plugin.send(self.binding, OutboundMessage("d-42", to, text), self.ctx)

    async def _host(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        query = scope["query_string"].decode()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status = 503
        if self.online:
            url = f"{WEBHOOK}?{query}" if query else WEBHOOK
            self.events.extend(plugin.receive(self.binding, Request(scope["method"], url, headers, body)).events)
            status = 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/xml")]})
        await send({"type": "http.response.body", "body": b"<Response/>"})


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.simulator.settle()


async def test_a_conversation_with_receipts(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.says("what is 6 x 7?")
    await world.simulator.settle()
    [question] = world.events
    assert isinstance(question, MessageReceived)
    assert (question.text, question.sender.name) == ("what is 6 x 7?", "Zoë")

    receipt = await world.send(question.sender.address, "*42*")
    await world.simulator.settle()

    assert [heard.text for heard in zoe.heard()] == ["*42*"]
    receipts = [event for event in world.events if isinstance(event, ReceiptReceived)]
    assert {(one.provider_id, one.delivery) for one in receipts} == {(receipt.provider_id, "d-42")}
    assert DeliveryState.DELIVERED in {one.state for one in receipts}


async def test_a_send_that_was_cut_off_is_found_or_surely_absent(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.says("hello")
    attempted_at = world.now()
    for fault, taken in ((Fault.CUT_AFTER, True), (Fault.CUT_BEFORE, False)):
        text = f"answer after {fault}"
        world.simulator.inject(fault)
        with pytest.raises(SendUnknown):
            await world.send(zoe.address, text)

        message = OutboundMessage("d-42", zoe.address, text)
        found = await plugin.find_sent(world.binding, message, attempted_at, (), world.ctx)

        assert (found is not None) is taken


async def test_a_rate_limit_is_a_pause(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.says("hello")
    world.simulator.inject(Fault.RATE_LIMITED)

    with pytest.raises(SendDeferred) as pause:
        await world.send(zoe.address, "hello")

    assert pause.value.retry_after is not None


async def test_messages_written_during_an_outage_are_listed(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    since = world.now() - timedelta(seconds=1)
    world.online = False
    await zoe.says("is anybody there?")
    await zoe.says("hello?")

    missed = await plugin.list_missed(world.binding, since, world.ctx)

    assert [one.text for one in missed] == ["is anybody there?", "hello?"]
    assert missed[0].sender.address == zoe.address


async def test_the_console_agrees_with_verify(world: World) -> None:
    opened = await plugin.configure(world.binding.settings, world.ctx)
    verification = await plugin.verify(Binding(world.binding.settings, opened), world.ctx)

    assert {check.code: check.state for check in verification.checks} == {
        "credentials": CheckState.OK,
        "sender": CheckState.OK,
        "webhook": CheckState.OK,
    }


async def test_a_regenerated_token_is_refused(world: World) -> None:
    entered = dict(world.simulator.settings()) | {"auth_token": "fake-old-token"}

    with pytest.raises(ConfigurationError, match="Auth Token"):
        await plugin.configure(WhatsAppSettings.model_validate(entered), world.ctx)


async def test_typing_shows(world: World) -> None:
    await world.simulator.phone("Zoë").says("hello")
    [message] = world.events
    assert isinstance(message, MessageReceived)

    await plugin.indicate(world.binding, message.provider_id, world.ctx)

    assert message.provider_id in world.simulator.typed
