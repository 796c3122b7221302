"""Socket Mode: what comes over the connection, what is acknowledged when, and how connections end and begin."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from trinity_channels.api import (
    Account,
    Binding,
    CheckState,
    ConfigurationError,
    Ignored,
    Inbound,
    Malformed,
    MessageReceived,
    NotStored,
    ProviderUnavailable,
)
from trinity_channels_slack import inbound, listening, plugin, socket_mode

if TYPE_CHECKING:
    from conftest import World


class Listener:
    """The plugin while it listens, and what it delivers; `failing` is raised in place of storing."""

    def __init__(self, world: World) -> None:
        self.delivered: list[Inbound] = []
        self.failing: Exception | None = None
        self.held = asyncio.Event()
        self.held.set()
        self._changed = asyncio.Event()
        self.task = asyncio.create_task(plugin.listen(world.binding, world.ctx, self._deliver))
        self.task.add_done_callback(lambda _: self._changed.set())

    async def _deliver(self, inbound: Inbound) -> None:
        await self.held.wait()
        if self.failing:
            raise self.failing
        self.delivered.append(inbound)
        self._changed.set()

    @property
    def events(self) -> list[Any]:
        return [event for inbound in self.delivered for event in inbound.events]

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, MessageReceived)]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition() and not self.task.done():  # noqa: ASYNC110  what the simulator does tells no one
                await asyncio.sleep(0)
        if self.task.done():
            self.task.result()

    async def goes_on(self) -> None:
        """Leave time to end to what has failed in the plugin."""
        for _ in range(50):
            await asyncio.sleep(0)
        assert not self.task.done()


@pytest.fixture
async def listens(world: World) -> AsyncIterator[Callable[[], Any]]:
    world.simulator.prepare_listening()
    world.simulator.behaviour.patience = 0.2
    world.use(**world.simulator.settings())

    @asynccontextmanager
    async def listen() -> AsyncIterator[Listener]:
        listener = Listener(world)
        await listener.until(lambda: bool(listener.delivered))
        yield listener
        listener.task.cancel()
        await asyncio.wait([listener.task])

    return listen


async def test_what_people_write_is_delivered_and_then_acknowledged(world: World, listens: Callable[[], Any]) -> None:
    async with listens() as listener:
        assert listener.delivered == [Inbound()]
        listener.held.clear()
        writing = asyncio.create_task(world.simulator.phone("Zoë").says("hello"))
        await asyncio.sleep(0.05)
        assert not world.simulator.webhook_calls
        listener.held.set()
        await writing

    assert listener.texts == ["hello"]
    assert [call.status for call in world.simulator.webhook_calls] == [200]
    assert world.simulator.sockets.count == 0


async def test_what_could_not_be_stored_comes_again(world: World, listens: Callable[[], Any]) -> None:
    async with listens() as listener:
        listener.failing = NotStored("The events could not be stored.")
        writing = asyncio.create_task(world.simulator.phone("Zoë").says("hello"))
        await listener.until(lambda: bool(world.simulator.webhook_calls))
        listener.failing = None
        await writing
        assert listener.texts == ["hello"]

    # Over the same connection, as soon as Slack has waited for the acknowledgement.
    assert [(call.status, call.retry) for call in world.simulator.webhook_calls] == [(0, 0), (200, 1)]
    assert world.simulator.api_calls["apps.connections.open"] == 1


async def test_what_cannot_be_read_is_acknowledged_and_ends_no_connection(
    world: World, listens: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listens() as listener:
        with monkeypatch.context() as broken:
            broken.setattr(inbound, "events", Mock(side_effect=KeyError("x")))
            await world.simulator.phone("Zoë").says("odd")
        await world.simulator.phone("Zoë").says("hello")

        assert listener.texts == ["hello"]
        assert [type(event) for event in listener.events] == [Malformed, MessageReceived]
    assert [call.status for call in world.simulator.webhook_calls] == [200, 200]


async def test_what_was_stored_but_not_acknowledged_comes_again_under_the_same_id(
    world: World, listens: Callable[[], Any]
) -> None:
    world.simulator.behaviour.lost_acknowledgements = 1
    async with listens() as listener:
        await world.simulator.phone("Zoë").says("hello")
        with pytest.raises(ProviderUnavailable, match="broke"):
            await listener.task
        first = listener.events
    world.simulator.advance(timedelta(minutes=1))
    async with listens() as listener:
        await world.simulator.settle()
        assert [one.event_id for one in listener.events] == [one.event_id for one in first]


@pytest.mark.parametrize(("reason", "close"), [("warning", False), ("refresh_requested", True), ("of tomorrow", False)])
async def test_the_next_connection_is_open_before_the_old_one_ends(
    world: World, listens: Callable[[], Any], reason: str, close: bool
) -> None:
    sockets = world.simulator.sockets
    async with listens() as listener:
        await sockets.refresh(reason, close=close)
        await listener.until(lambda: len(listener.delivered) == 2)
        assert sockets.count == (1 if close else 2)
        for number in range(3):
            await world.simulator.phone("Zoë").says(str(number))

        assert sorted(listener.texts) == ["0", "1", "2"]
        assert not listener.task.done()


async def test_an_old_connection_is_left_although_slack_does_not_end_it(
    world: World, listens: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "LEAVING", 0.02)
    async with listens() as listener:
        await world.simulator.sockets.refresh("warning", close=False)
        await listener.until(lambda: len(listener.delivered) == 2)
        await listener.until(lambda: world.simulator.sockets.count == 1)
        await world.simulator.phone("Zoë").says("hello")
        assert listener.texts == ["hello"]


async def test_the_old_connection_goes_on_while_there_can_be_no_new_one(
    world: World, listens: Callable[[], Any]
) -> None:
    async with listens() as listener:
        world.sockets.reachable = False
        await world.simulator.sockets.refresh("warning", close=False)
        await listener.until(lambda: world.simulator.api_calls["apps.connections.open"] == 2)
        await world.simulator.phone("Zoë").says("hello")
        assert listener.texts == ["hello"]
        await world.simulator.sockets.drop()
        with pytest.raises(ProviderUnavailable, match="could not be connected to"):
            await listener.task


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConfigurationError("Slack refused the app-level token (invalid_auth).", refused=True), ConfigurationError),
        (KeyError("url"), KeyError),
        (asyncio.CancelledError(), ProviderUnavailable),
    ],
)
async def test_no_failure_of_a_new_connection_ends_the_old_one(
    world: World,
    listens: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    told: type[Exception],
) -> None:
    async def fails(*_: object) -> str:
        tried.set()
        raise error

    tried = asyncio.Event()
    async with listens() as listener:
        monkeypatch.setattr(socket_mode, "link", fails)
        await world.simulator.sockets.refresh("warning", close=False)
        await listener.until(tried.is_set)
        await listener.goes_on()
        await world.simulator.phone("Zoë").says("hello")
        assert listener.texts == ["hello"]
        await world.simulator.sockets.drop()
        with pytest.raises(told):
            await listener.task


async def test_a_connection_that_cannot_be_replaced_yet_is_kept(
    world: World, listens: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "OFTEN", 1)
    async with listens() as listener:
        await world.simulator.sockets.refresh("warning", close=False)
        await listener.goes_on()
        await world.simulator.phone("Zoë").says("hello")
        assert listener.texts == ["hello"]
        await world.simulator.sockets.drop()
        with pytest.raises(ProviderUnavailable, match="soon after"):
            await listener.task


async def test_a_cut_connection_says_so_without_its_ticket(
    world: World, listens: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with listens() as listener:
        world.sockets.cut()
        with pytest.raises(ProviderUnavailable, match=r"broke \(1006\)") as cut:
            await listener.task

    assert "simulated-ticket" not in caplog.text + "".join(traceback.format_exception(cut.value))


def _wrong(world: World, what: str) -> None:
    app = world.simulator.installation
    match what:
        case "revoked":
            world.simulator.revoke_app_token()
        case "scope":
            app.app_scopes.clear()
        case "off":
            world.simulator.switch_socket_mode(on=False)
        case "another app":
            world.binding = Binding(world.binding.settings, Account("k", "U0SIMBOT1", facts={"app_id": "A0OTHER01"}))
        case "missing":
            world.use(bot_token=app.token)
        case "a bot's token":
            settings = world.binding.settings.model_copy(update={"app_token": world.binding.settings.bot_token})
            world.binding = Binding(settings, world.binding.account)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("revoked", "invalid_auth"),
        ("scope", "missing_scope.*connections:write"),
        ("off", "Socket Mode is switched off"),
        ("another app", "another app"),
        ("missing", "app-level token is missing"),
        ("a bot's token", "not_allowed_token_type"),
    ],
)
async def test_what_only_the_owner_can_put_right(
    world: World, listens: Callable[[], Any], what: str, words: str
) -> None:
    _wrong(world, what)
    with pytest.raises(ConfigurationError, match=words):
        async with listens():
            pass
    world.simulator.switch_socket_mode(on=True)


async def test_too_many_connections_are_not_the_owners_mistake_alone(
    listens: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trinity_channels_slack.simulator.sockets.MOST", 0)
    with pytest.raises(ProviderUnavailable, match="as many connections"):
        async with listens():
            pass


async def test_a_connection_that_ends_again_and_again_is_left_to_the_host(
    world: World, listens: Callable[[], Any]
) -> None:
    async with listens() as listener:
        for number in range(1, listening.OFTEN + 1):
            await listener.until(lambda number=number: len(listener.delivered) == number)
            await world.simulator.sockets.refresh("refresh_requested", close=True)
        with pytest.raises(ProviderUnavailable, match="soon after"):
            await listener.task


async def test_commands_and_interactions_are_answered_on_the_connection(
    world: World, listens: Callable[[], Any]
) -> None:
    zoe = world.simulator.phone("Zoë")
    async with listens() as listener:
        assert "no slash commands" in await zoe.commands("/ask", "why?")
        await zoe.submits({"callback_id": "form"})
        await world.simulator.interact({"type": "block_suggestion", "team": {"id": "T0SIM0001"}})

    assert [type(one) for one in listener.events] == [Ignored, MessageReceived, Ignored]
    assert json.loads(world.simulator.webhook_calls[-1].text) == {"options": []}


async def test_what_is_for_another_workspace_is_left_to_its_connection(
    world: World, listens: Callable[[], Any]
) -> None:
    async with listens() as listener:
        sockets = world.simulator.sockets
        for team, acknowledged in (("T0OTHER01", False), ("T0SIM0001", True)):
            body = {"type": "event_callback", "team_id": team, "event": {"type": "app_home_opened"}}
            assert (await sockets.hand_over("events_api", body, 0) is not None) is acknowledged
        assert not listener.task.done()


async def test_connecting_checks_the_app_level_token(world: World, listens: Callable[[], Any]) -> None:
    assert listens
    settings = world.binding.settings
    account = await plugin.configure(settings, world.ctx, listens=True)
    assert account.facts["app_id"] == "A0SIM0001"
    verification = await plugin.verify(Binding(settings, account, listens=True), world.ctx)
    assert [(one.code, one.state) for one in verification.checks][-1] == ("socket_mode", CheckState.OK)
