from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.types import ASGIApp

from trinity_channels.api import Binding, Context, Fault, OutboundMessage
from trinity_channels_telegram import plugin
from trinity_channels_telegram.settings import TelegramSettings
from trinity_channels_telegram.simulator import TelegramSimulator

if TYPE_CHECKING:
    from conftest import Api
    from trinity_channels_contract_tests.testing import Serve

ANSWERED = [(Fault.RATE_LIMITED, 429), (Fault.SERVER_ERROR, 500), (Fault.UNAUTHORIZED, 401), (Fault.REFUSED, 403)]
BROKEN = [(Fault.CUT_BEFORE, 0), (Fault.CUT_AFTER, 1)]
Make = Callable[[str], TelegramSimulator]


@pytest.mark.parametrize(("fault", "status"), ANSWERED)
async def test_a_refused_send_is_not_taken_and_the_next_one_is(
    sim: TelegramSimulator, api: Api, fault: Fault, status: int
) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hello")
    sim.inject(fault, times=2)
    assert (await api("getMe"))["ok"]  # only sends meet a fault

    answers = [await api.post("sendMessage", chat_id=zoe.id, text="x") for _ in range(3)]

    assert [one.status_code for one in answers] == [status, status, 200]
    assert answers[0].json()["error_code"] == status
    assert len(zoe.heard()) == 1


async def test_a_proxy_answers_with_its_own_page(sim: TelegramSimulator, api: Api) -> None:
    sim.inject(Fault.HTML_ERROR)

    answer = await api.post("sendMessage", chat_id=1, text="x")

    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(("fault", "taken"), BROKEN)
async def test_a_cut_connection_in_process(sim: TelegramSimulator, api: Api, fault: Fault, taken: int) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hello")
    sim.inject(fault)

    with pytest.raises(httpx.RemoteProtocolError):
        await api.post("sendMessage", chat_id=zoe.id, text="x")
    assert len(zoe.heard()) == taken


@pytest.mark.parametrize(
    ("fault", "taken", "error"),
    [
        (Fault.CUT_BEFORE, 0, httpx.RemoteProtocolError),
        (Fault.CUT_AFTER, 1, httpx.RemoteProtocolError),
        (Fault.SLOW, 1, httpx.ReadTimeout),
        (None, 1, None),
    ],
)
async def test_faults_over_a_socket(
    make_sim: Make, serve: Serve, fault: Fault | None, taken: int, error: type[Exception] | None
) -> None:
    made: list[TelegramSimulator] = []

    def make(base_url: str) -> ASGIApp:
        made.append(make_sim(base_url))
        return made[0].app

    async with serve(make) as base_url, httpx.AsyncClient(base_url=base_url, timeout=0.3) as client:
        zoe = made[0].phone("Zoe")
        await zoe.says("hello")
        if fault is not None:
            made[0].inject(fault)
        url = f"/bot{made[0].bot.token}/sendMessage"
        if error is None:
            assert (await client.post(url, json={"chat_id": zoe.id, "text": "x"})).json()["ok"]
        else:
            with pytest.raises(error):
                await client.post(url, json={"chat_id": zoe.id, "text": "x"})
        assert len(zoe.heard()) == taken


async def test_a_slow_answer_comes_in_the_end_for_the_patient(make_sim: Make, serve: Serve) -> None:
    made: list[TelegramSimulator] = []

    def make(base_url: str) -> ASGIApp:
        made.append(make_sim(base_url))
        made[0].behaviour.slow_answer = timedelta(milliseconds=1)
        return made[0].app

    async with serve(make) as base_url, httpx.AsyncClient(base_url=base_url) as client:
        zoe = made[0].phone("Zoe")
        await zoe.says("hello")
        made[0].inject(Fault.SLOW)

        answer = await client.post(f"/bot{made[0].bot.token}/sendMessage", json={"chat_id": zoe.id, "text": "x"})

    assert answer.json()["ok"]


async def test_the_plugin_over_a_socket(make_sim: Make, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A real transport reads the address that does not show its token."""
    caplog.set_level(logging.DEBUG, "httpx")
    made: list[TelegramSimulator] = []

    def make(base_url: str) -> ASGIApp:
        made.append(make_sim(base_url))
        return made[0].app

    async with serve(make) as base_url, httpx.AsyncClient() as client:
        ctx = Context(client, lambda: datetime.now(UTC), None, base_url)
        settings = TelegramSettings.model_validate(dict(made[0].settings()))
        zoe = made[0].phone("Zoe")
        await zoe.says("hello")

        account = await plugin.configure(settings, ctx)
        await plugin.send(Binding(settings, account), OutboundMessage("d-42", zoe.address, "<b>hi</b>"), ctx)

    assert [one.text for one in zoe.heard()] == ["hi"]
    assert "/bot…/sendMessage" in caplog.text
    assert "FakeToken" not in caplog.text
