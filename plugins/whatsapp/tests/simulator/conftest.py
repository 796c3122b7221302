from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from trinity_channels_contract_tests.testing import HostStandIn
from trinity_channels_whatsapp.simulator import TwilioSimulator

WEBHOOK = "http://host.test/api/whatsapp/webhook/key"
EMPTY_TWIML = httpx.Response(
    200, text='<?xml version="1.0" encoding="UTF-8"?><Response />', headers={"content-type": "text/xml"}
)


@dataclass
class Host(HostStandIn):
    """The host as the network sees it."""

    usual: httpx.Response = field(default_factory=lambda: EMPTY_TWIML)

    @property
    def forms(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(one.content.decode(), keep_blank_values=True)) for one in self.requests]

    @property
    def statuses(self) -> list[str]:
        return [form["MessageStatus"] for form in self.forms if "MessageStatus" in form]


class Api:
    """The simulator's API in the hands of one account."""

    def __init__(self, client: httpx.AsyncClient, sim: TwilioSimulator) -> None:
        settings = sim.settings()
        self.client = client
        self.sender = settings["from_number"]
        self.base = f"/2010-04-01/Accounts/{settings['account_sid']}"
        self.client.auth = (settings["account_sid"], settings["auth_token"])

    async def send(self, to: str, body: str = "hello", **params: str) -> httpx.Response:
        form = {"To": to, "From": self.sender, "Body": body, "StatusCallback": f"{WEBHOOK}?delivery=d1", **params}
        form = {name: value for name, value in form.items() if value}
        return await self.client.post(f"{self.base}/Messages.json", data=form)

    async def messages(self, **params: str) -> dict[str, Any]:
        listed: dict[str, Any] = (await self.client.get(f"{self.base}/Messages.json", params=params)).json()
        return listed


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def make_sim(host: Host) -> Callable[[str], TwilioSimulator]:
    def make(base_url: str) -> TwilioSimulator:
        sim = TwilioSimulator(host.context(datetime(2026, 11, 22, 12, tzinfo=UTC), base_url))
        sim.connect(WEBHOOK)
        return sim

    return make


@pytest.fixture
def sim(make_sim: Callable[[str], TwilioSimulator]) -> TwilioSimulator:
    return make_sim("http://twilio.test")


@pytest.fixture
async def api(sim: TwilioSimulator) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sim.app), base_url="http://twilio.test") as client:
        yield Api(client, sim)
