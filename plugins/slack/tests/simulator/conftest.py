from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from trinity_channels_contract_tests.testing import HostStandIn
from trinity_channels_slack.simulator import SlackSimulator

WEBHOOK = "http://host.test/api/slack/webhook/key"


@dataclass
class Host(HostStandIn):
    """The host as Slack sees it: it also does the handshake, with `handshake` if that is set."""

    handshake: httpx.Response | Exception | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if body["type"] == "url_verification":
            return self.answer(self.handshake or httpx.Response(200, text=body["challenge"]))
        return super().__call__(request)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(one.content)["event"] for one in self.requests]

    @property
    def retries(self) -> list[str | None]:
        return [one.headers.get("x-slack-retry-num") for one in self.requests]


class Api:
    """The Web API in the hands of the app."""

    def __init__(self, client: httpx.AsyncClient, sim: SlackSimulator) -> None:
        self.client = client
        self.client.headers["Authorization"] = f"Bearer {sim.settings()['bot_token']}"

    async def form(self, method: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.client.post(f"/api/{method}", data=arguments)).json()
        return answer

    async def json(self, method: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.client.post(f"/api/{method}", json=arguments)).json()
        return answer

    async def direct(self, user: str) -> str:
        opened = await self.form("conversations.open", users=user)
        return str(opened["channel"]["id"])

    async def post(self, channel: str, text: str = "hello", **arguments: Any) -> dict[str, Any]:
        return await self.json("chat.postMessage", channel=channel, text=text, **arguments)


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def make_sim(host: Host) -> Callable[[str], SlackSimulator]:
    def make(base_url: str) -> SlackSimulator:
        sim = SlackSimulator(host.context(datetime(2026, 1, 1, tzinfo=UTC), base_url))
        sim.connect(WEBHOOK)
        return sim

    return make


@pytest.fixture
def sim(make_sim: Callable[[str], SlackSimulator]) -> SlackSimulator:
    return make_sim("http://slack.test")


@pytest.fixture
async def api(sim: SlackSimulator) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sim.app), base_url="http://slack.test") as client:
        yield Api(client, sim)
