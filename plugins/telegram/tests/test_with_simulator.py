"""The plugin against a Telegram that behaves: the same code that owners run, nothing scripted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from trinity_channels.api import (
    Account,
    Binding,
    CheckState,
    ConfigurationError,
    Context,
    Event,
    Fault,
    Ignored,
    MessageReceived,
    OutboundMessage,
    Receipt,
    Request,
    SendDeferred,
    SendRejected,
    SendUnknown,
    SignatureError,
)
from trinity_channels_telegram import plugin
from trinity_channels_telegram.settings import TelegramSettings
from trinity_channels_telegram.simulator import TelegramSimulator

BASE = "http://telegram.simulator"
WEBHOOK = "https://bot.example/api/telegram/webhook/fake-key"


@dataclass
class World:
    """A host of ten lines, its binding, and the simulator, joined without sockets."""

    events: list[Event] = field(default_factory=list)
    online: bool = True

    def __post_init__(self) -> None:
        host = httpx.AsyncClient(transport=httpx.MockTransport(self._host))
        self.simulator = TelegramSimulator(Context(host, self.now, api_base_url=BASE))
        client = httpx.AsyncClient(transport=httpx.ASGITransport(self.simulator.app))
        self.ctx = Context(client, self.now, WEBHOOK, BASE)
        settings = TelegramSettings.model_validate(dict(self.simulator.settings()))
        self.binding = Binding(settings, Account("", ""), SecretStr("fake-secret"))

    async def connect(self) -> None:
        account = await plugin.configure(self.binding.settings, self.ctx)
        self.binding = replace(self.binding, account=account)
        await plugin.register_webhook(self.binding, self.ctx)

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, tzinfo=UTC)

    @property
    def heard(self) -> list[MessageReceived]:
        """What reached the host for the agent."""
        return [event for event in self.events if isinstance(event, MessageReceived)]

    async def answers(self, text: str) -> Receipt:
        """Answer the latest message, where it was written."""
        latest = self.heard[-1]
        return await self.send(latest.conversation or latest.sender.address, text)

    async def send(self, to: str, text: str) -> Receipt:
        return await plugin.send(self.binding, OutboundMessage("d-42", to, text), self.ctx)

    def _host(self, request: httpx.Request) -> httpx.Response:
        if not self.online:
            return httpx.Response(503, headers={"Retry-After": "5"})
        raw = Request(request.method, WEBHOOK, dict(request.headers), request.content)
        try:
            inbound = plugin.receive(self.binding, raw)
        except SignatureError:
            return httpx.Response(403)
        self.events.extend(inbound.events)
        return httpx.Response(inbound.response.status, content=inbound.response.body)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.connect()
    world.simulator.advance(timedelta(seconds=1))
    yield world
    await world.simulator.settle()


async def test_a_conversation(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.presses_start("team-42")
    await zoe.says("what is 6 x 7? 👍")

    await plugin.indicate(world.binding, world.heard[-1].provider_id, world.ctx)
    assert zoe.typing
    receipt = await world.answers("<b>42</b> &amp; more")

    assert [one.text for one in world.heard] == ["/start team-42", "what is 6 x 7? 👍"]
    assert [one.text for one in zoe.heard()] == ["42 & more"]
    assert zoe.chat.messages[-1].source == "<b>42</b> &amp; more"
    assert receipt.provider_id == f"{zoe.address}:3"
    assert not zoe.typing

    await zoe.replies("sure?", zoe.chat.messages[-1])
    assert world.heard[-1].quoted.provider_id == receipt.provider_id


async def test_a_group_talks_with_the_bot(world: World) -> None:
    zoe, sam = world.simulator.phone("Zoe"), world.simulator.phone("Sam")
    team = await world.simulator.group("Team", zoe, sam)
    await sam.writes("lunch?", chat=team)
    await zoe.mentions("what is 6 x 7?", team)
    await world.answers("42")
    await sam.replies("sure?", team.messages[-1])

    assert [(one.text, one.sender.name, one.conversation) for one in world.heard] == [
        ("what is 6 x 7?", "Zoe", str(team.id)),
        ("sure?", "Sam", str(team.id)),
    ]
    assert [one.text for one in team.heard()] == ["42"]
    assert zoe.heard() == []


async def test_a_bot_that_sees_everything_still_answers_only_when_called(world: World) -> None:
    world.simulator.bot.privacy = False
    zoe = world.simulator.phone("Zoe")
    team = await world.simulator.group("Team", zoe, forum=True)
    billing = world.simulator.topic(team, "Billing")
    await zoe.writes("not for the bot", chat=team, topic=billing)
    await zoe.mentions("what is due?", team, topic=billing)
    await world.answers("nothing")

    assert [one.text for one in world.heard] == ["what is due?"]
    assert world.heard[0].conversation == f"{team.id}/{billing.root.number}"
    assert team.messages[-1].topic == billing.root.number


async def test_an_admin_without_a_name_is_the_group(world: World) -> None:
    zoe = world.simulator.phone("Zoe")
    team = await world.simulator.group("Team", zoe)
    await zoe.writes(f"{world.simulator.bot.mention} hi", chat=team, as_chat=team)

    assert world.heard[0].sender.address == str(team.id)


async def test_a_topic_that_closes_does_not_swallow_the_answer(world: World) -> None:
    zoe = world.simulator.phone("Zoe")
    team = await world.simulator.group("Team", zoe, forum=True)
    billing = world.simulator.topic(team, "Billing")
    await zoe.mentions("what is due?", team, topic=billing)
    billing.closed = True

    await world.answers("nothing")

    assert [one.text for one in team.heard()] == ["nothing"]


async def test_a_group_that_moves_is_found_again(world: World) -> None:
    zoe = world.simulator.phone("Zoe")
    team = await world.simulator.group("Team", zoe, kind="group")
    await zoe.mentions("what is 6 x 7?", team)
    moved = await world.simulator.migrate(team)

    await world.answers("42")
    await zoe.mentions("and 6 x 8?", moved)

    assert [one.text for one in moved.heard()] == ["42"]
    assert world.heard[-1].conversation == str(moved.id)
    assert Ignored("migration") in world.events


async def test_markup_that_telegram_does_not_know_arrives_as_text(world: World) -> None:
    zoe = world.simulator.phone("Zoe")
    await zoe.says("hello")

    await world.send(zoe.address, "1 < 2, <b>really</b>")

    assert [one.text for one in zoe.heard()] == ["1 < 2, really"]


async def test_a_tapped_button_comes_with_its_title_and_stops_spinning(world: World) -> None:
    zoe = world.simulator.phone("Zoe")
    await zoe.says("hello")
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes:7f3a"}]]}
    ask = {"chat_id": zoe.id, "text": "Continue?", "reply_markup": keyboard}
    await world.ctx.http.post(f"{BASE}/bot{world.simulator.bot.token}/sendMessage", json=ask)
    await zoe.taps("Yes")

    button = world.heard[-1].button
    assert button is not None
    assert (world.heard[-1].text, button.payload) == ("Yes", "yes:7f3a")
    assert world.simulator.bot.queries == {}


@pytest.mark.parametrize(("fault", "taken"), [(Fault.CUT_AFTER, 1), (Fault.CUT_BEFORE, 0), (Fault.SLOW, 1)])
async def test_a_send_that_was_cut_off_is_unknown(world: World, fault: Fault, taken: int) -> None:
    zoe = world.simulator.phone("Zoe")
    await zoe.says("hello")
    world.simulator.inject(fault)

    with pytest.raises(SendUnknown):
        await world.send(zoe.address, "hi")

    assert len(zoe.heard()) == taken


async def test_a_rate_limit_is_a_pause(world: World) -> None:
    zoe = world.simulator.phone("Zoe")
    await zoe.says("hello")
    await world.send(zoe.address, "one")

    with pytest.raises(SendDeferred) as pause:
        await world.send(zoe.address, "two")
    world.simulator.advance(timedelta(seconds=pause.value.retry_after or 0))
    await world.send(zoe.address, "two")

    assert [one.text for one in zoe.heard()] == ["one", "two"]


async def test_people_are_reached_from_start_until_they_block(world: World) -> None:
    zoe = world.simulator.phone("Zoe")
    reasons = []
    for act in (None, zoe.blocks):
        if act is not None:
            await zoe.says("hello")
            await act()
        with pytest.raises(SendRejected) as refused:
            await world.send(zoe.address, "hi")
        reasons.append(refused.value.failure.code)
    await zoe.unblocks()

    assert reasons == ["not_started", "blocked"]
    assert await world.send(zoe.address, "hi")


async def test_what_was_written_during_an_outage_arrives_in_order(world: World) -> None:
    zoe, sam = world.simulator.phone("Zoe"), world.simulator.phone("Sam")
    world.online = False
    await zoe.says("is anybody there?")
    await zoe.says("hello?")
    world.online = True
    await sam.says("hi")
    assert [one.text for one in world.heard] == ["hi"]

    world.simulator.advance(timedelta(seconds=5))
    await world.simulator.settle()

    assert [one.text for one in world.heard] == ["hi", "is anybody there?", "hello?"]


async def test_a_repeated_webhook_is_the_same_event(world: World) -> None:
    world.simulator.behaviour.duplicate_webhooks = True
    await world.simulator.phone("Zoe").says("hello")
    assert await world.simulator.repeat_last_webhook() == 200

    assert len({one.event_id for one in world.heard}) == 1
    assert len(world.heard) == 3


async def test_verify_agrees_with_what_telegram_knows(world: World) -> None:
    verification = await plugin.verify(world.binding, world.ctx)
    assert {check.state for check in verification.checks} == {CheckState.OK}

    world.online = False
    await world.simulator.phone("Zoe").says("hello")
    failing = {check.code: check for check in (await plugin.verify(world.binding, world.ctx)).checks}

    assert failing["delivery"].state is CheckState.FAILED
    assert "503" in failing["delivery"].message


async def test_a_secret_that_has_changed_is_told(world: World) -> None:
    world.binding = replace(world.binding, webhook_secret=SecretStr("fake-new-secret"))
    await world.simulator.phone("Zoe").says("hello")
    assert world.heard == []

    await plugin.register_webhook(world.binding, world.ctx)
    world.simulator.advance(timedelta(seconds=5))
    await world.simulator.settle()

    assert [one.text for one in world.heard] == ["hello"]


async def test_a_revoked_token_is_refused(world: World) -> None:
    world.simulator.revoke_token()

    with pytest.raises(ConfigurationError, match="BotFather"):
        await plugin.configure(world.binding.settings, world.ctx)
    with pytest.raises(SendRejected) as refused:
        await world.send("5550001", "hi")
    assert refused.value.failure.code == "token_refused"


async def test_what_api_telegram_org_refuses_is_said_in_its_words(world: World) -> None:
    with pytest.raises(ConfigurationError, match="An HTTPS URL must be provided"):
        await plugin.register_webhook(world.binding, replace(world.ctx, webhook_url="http://bot.example/x"))
