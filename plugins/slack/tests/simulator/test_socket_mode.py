"""Socket Mode of the simulated Slack, with an app that is played by hand, and with Slack's own client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from trinity_channels.api import WebSocket, WebSocketClosed
from trinity_channels.api.http import Refused
from trinity_channels_contract_tests.testing import Serve, Sockets
from trinity_channels_slack.simulator import SlackSimulator

if TYPE_CHECKING:
    from conftest import Api


class App:
    """The app's side of one connection; it acknowledges what it hears as long as `acknowledges`."""

    def __init__(self, socket: WebSocket) -> None:
        self.heard: list[dict[str, Any]] = []
        self.acknowledges = True
        self.payload: dict[str, Any] | None = None
        self._socket = socket

    async def next(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(await self._socket.receive())
        return said

    async def run(self) -> None:
        with suppress(WebSocketClosed):
            while True:
                self.heard.append(one := await self.next())
                if "envelope_id" in one and self.acknowledges:
                    answer = {"envelope_id": one["envelope_id"]} | ({"payload": self.payload} if self.payload else {})
                    await self._socket.send(json.dumps(answer))

    @property
    def texts(self) -> list[str]:
        return [one["payload"]["event"]["text"] for one in self.heard if one["type"] == "events_api"]


@pytest.fixture
def connected(sim: SlackSimulator, api: Api) -> Callable[..., Any]:
    sim.switch_socket_mode(on=True)
    sockets = Sockets(lambda server: sim.app if server == "slack.test" else None)
    sim.behaviour.patience = 0.05

    @asynccontextmanager
    async def connect(*, runs: bool = True) -> AsyncIterator[App]:
        async with sockets((await opened(sim, api))["url"]) as socket:
            app = App(socket)
            hello = await app.next()
            assert (hello["type"], hello["connection_info"]["app_id"]) == ("hello", "A0SIM0001")
            assert hello["num_connections"] == sim.sockets.count
            running = asyncio.create_task(app.run()) if runs else None
            yield app
            if running:
                running.cancel()

    return connect


async def opened(sim: SlackSimulator, api: Api, token: str = "") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token or sim.installation.app_token}"}
    answer: dict[str, Any] = (await api.client.post("/api/apps.connections.open", headers=headers)).json()
    return answer


async def test_an_event_comes_over_the_connection_and_is_acknowledged(
    sim: SlackSimulator, connected: Callable[..., Any]
) -> None:
    async with connected() as app:
        await sim.phone("Zoe").says("hello")

    assert app.texts == ["hello"]
    assert app.heard[0]["payload"]["type"] == "event_callback"
    assert (app.heard[0]["retry_attempt"], app.heard[0]["accepts_response_payload"]) == (0, False)
    assert [call.status for call in sim.webhook_calls] == [200]


async def test_what_is_not_acknowledged_comes_again(sim: SlackSimulator, connected: Callable[..., Any]) -> None:
    async with connected() as app:
        app.acknowledges = False
        await sim.phone("Zoe").says("hello")
        app.acknowledges = True
        sim.advance(timedelta(minutes=1))
        await sim.settle()

    assert app.texts == ["hello"] * 3
    assert [one["retry_attempt"] for one in app.heard] == [0, 1, 2]
    assert [one["retry_reason"] for one in app.heard] == ["", "timeout", "timeout"]
    assert len({one["payload"]["event_id"] for one in app.heard}) == 1


async def test_what_came_while_nothing_was_connected_comes_later(
    sim: SlackSimulator, connected: Callable[..., Any]
) -> None:
    await sim.phone("Zoe").says("hello")
    async with connected() as app:
        sim.advance(timedelta(minutes=1))
        await sim.settle()

    assert app.texts == ["hello"]


async def test_an_acknowledgement_that_is_lost_ends_its_connection(
    sim: SlackSimulator, connected: Callable[..., Any]
) -> None:
    sim.behaviour.lost_acknowledgements = 1
    async with connected() as first, connected() as second:
        await sim.phone("Zoe").says("hello")

        assert sorted(first.texts + second.texts) == ["hello", "hello"]
        assert sim.sockets.count == 1


async def test_each_event_goes_to_one_of_the_connections(sim: SlackSimulator, connected: Callable[..., Any]) -> None:
    async with connected() as first, connected() as second:
        for number in range(4):
            await sim.phone("Zoe").says(str(number))

    assert sorted(first.texts + second.texts) == ["0", "1", "2", "3"]
    assert first.texts
    assert second.texts


@pytest.mark.parametrize(
    ("reason", "close"), [("warning", False), ("refresh_requested", True), ("link_disabled", True)]
)
async def test_the_end_of_a_connection_is_announced(
    sim: SlackSimulator, connected: Callable[..., Any], reason: str, close: bool
) -> None:
    async with connected(runs=False) as app:
        if reason == "link_disabled":
            sim.switch_socket_mode(on=False)
            await sim.settle()
        else:
            await sim.sockets.refresh(reason, close=close)
        assert (await app.next())["reason"] == reason
        if close:
            with pytest.raises(WebSocketClosed):
                await app.next()
        assert sim.sockets.count == int(not close)


async def test_the_eleventh_connection_is_refused(sim: SlackSimulator, connected: Callable[..., Any], api: Api) -> None:
    sockets = Sockets(lambda _: sim.app)
    async with (
        connected(), connected(), connected(), connected(), connected(),
        connected(), connected(), connected(), connected(), connected(),
        sockets((await opened(sim, api))["url"]) as eleventh,
    ):  # fmt: skip
        assert json.loads(await eleventh.receive())["reason"] == "too_many_websockets"


async def test_a_ticket_is_good_once(sim: SlackSimulator, connected: Callable[..., Any], api: Api) -> None:
    assert connected
    sockets = Sockets(lambda _: sim.app)
    url = (await opened(sim, api))["url"]
    async with sockets(url):
        pass
    with pytest.raises(Refused):
        async with sockets(url):
            pass


@pytest.mark.parametrize(
    ("token", "code"),
    [("xoxb-simulated-token-1", "not_allowed_token_type"), ("xapp-1-A0SIM0001-1-another", "invalid_auth")],
)
async def test_only_the_apps_own_token_opens_one(sim: SlackSimulator, api: Api, token: str, code: str) -> None:
    assert (await opened(sim, api, token))["error"] == code
    sim.installation.app_scopes.clear()
    assert (await opened(sim, api))["error"] == "missing_scope"


async def test_commands_and_interactions_come_too_and_are_answered(
    sim: SlackSimulator, connected: Callable[..., Any]
) -> None:
    async with connected() as app:
        app.payload = {"text": "only you see this"}
        assert await sim.phone("Zoe").commands("/ask", "why?") == "only you see this"
        await sim.phone("Zoe").submits({"callback_id": "form"})

    assert [(one["type"], one["accepts_response_payload"]) for one in app.heard] == [
        ("slash_commands", True),
        ("interactive", True),
    ]
    assert (app.heard[0]["payload"]["command"], app.heard[0]["payload"]["text"]) == ("/ask", "why?")


@pytest.mark.filterwarnings("ignore:ssl=None is deprecated:DeprecationWarning")  # what the oldest one tells aiohttp
async def test_slacks_own_client_understands_it(serve: Serve, make_sim: Callable[[str], SlackSimulator]) -> None:
    made: list[SlackSimulator] = []

    def simulated(base_url: str) -> Any:
        made.append(make_sim(base_url))
        made[0].switch_socket_mode(on=True)
        return made[0].app

    heard: list[SocketModeRequest] = []

    async def hear(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    async with serve(simulated) as base_url:
        web = AsyncWebClient(base_url=f"{base_url}/api/")
        client = SocketModeClient(made[0].installation.app_token, web_client=web)
        client.socket_mode_request_listeners.append(hear)
        await client.connect()
        await made[0].phone("Zoe").says("hello")
        await client.disconnect()
        await client.close()

    assert [(one.type, one.payload["event"]["text"]) for one in heard] == [("events_api", "hello")]
    assert [call.status for call in made[0].webhook_calls] == [200]
