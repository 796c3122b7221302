from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from trinity_channels_contract_tests.testing import HostStandIn
from trinity_channels_telegram.simulator import TelegramSimulator

WEBHOOK = "https://host.test/api/telegram/webhook/key"


class Host(HostStandIn):
    """The host as Telegram sees it."""

    @property
    def updates(self) -> list[dict[str, Any]]:
        return [json.loads(one.content) for one in self.requests]

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.updates if "text" in update.get("message", {})]


class Api:
    """The simulator's API in the hands of its bot."""

    def __init__(self, client: httpx.AsyncClient, sim: TelegramSimulator) -> None:
        self.client = client
        self.token = sim.settings()["bot_token"]

    async def __call__(self, method: str, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.post(method, **params)).json()
        return answer

    async def post(self, method: str, **params: Any) -> httpx.Response:
        return await self.client.post(f"/bot{self.token}/{method}", json=params)


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def make_sim(host: Host) -> Callable[[str | None], TelegramSimulator]:
    def make(base_url: str | None) -> TelegramSimulator:
        return TelegramSimulator(host.context(datetime(2026, 11, 22, 12, tzinfo=UTC), base_url))

    return make


@pytest.fixture
def sim(make_sim: Callable[[str | None], TelegramSimulator]) -> TelegramSimulator:
    return make_sim("http://telegram.test")


@pytest.fixture
async def api(sim: TelegramSimulator) -> AsyncIterator[Api]:
    transport = httpx.ASGITransport(sim.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://telegram.test") as client:
        yield Api(client, sim)
        await sim.settle()


@pytest.fixture
async def hooked(api: Api) -> Api:
    """The API of a bot whose webhook is the host."""
    await api("setWebhook", url=WEBHOOK, secret_token="fake-secret")
    return api
