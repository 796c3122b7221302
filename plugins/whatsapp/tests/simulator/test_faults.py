from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from trinity_channels.api import Fault
from trinity_channels_whatsapp.simulator import Phone, TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api

ANSWERED = [
    (Fault.RATE_LIMITED, 429, 20429),
    (Fault.SERVER_ERROR, 503, 20503),
    (Fault.UNAUTHORIZED, 401, 20003),
    (Fault.REFUSED, 400, 21610),
    (Fault.EXHAUSTED, 429, 63038),
]
BROKEN = [(Fault.CUT_BEFORE, 0), (Fault.CUT_AFTER, 1)]


@pytest.mark.parametrize(("fault", "status", "code"), ANSWERED)
async def test_a_refused_send_is_not_taken_and_the_next_one_is(
    sim: TwilioSimulator, api: Api, fault: Fault, status: int, code: int
) -> None:
    zoe = sim.phone("Zoe")
    sim.inject(fault, times=2)

    answers = [await api.send(zoe.address) for _ in range(3)]

    assert [one.status_code for one in answers] == [status, status, 201]
    assert answers[0].json()["code"] == code
    assert len(zoe.heard()) == 1


async def test_a_refusal_by_rate_says_when_to_come_back(sim: TwilioSimulator, api: Api) -> None:
    sim.inject(Fault.RATE_LIMITED)

    assert (await api.send(sim.phone("Zoe").address)).headers["Retry-After"] == "1"


async def test_a_proxy_answers_with_its_own_page(sim: TwilioSimulator, api: Api) -> None:
    sim.inject(Fault.HTML_ERROR)

    answer = await api.send(sim.phone("Zoe").address)

    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")


async def test_only_sends_meet_a_fault(sim: TwilioSimulator, api: Api) -> None:
    sim.inject(Fault.SERVER_ERROR)

    assert (await api.messages())["messages"] == []
    assert (await api.send(sim.phone("Zoe").address)).status_code == 503


@pytest.mark.parametrize(("fault", "taken"), BROKEN)
async def test_a_cut_connection_in_process(sim: TwilioSimulator, api: Api, fault: Fault, taken: int) -> None:
    zoe = sim.phone("Zoe")
    sim.inject(fault)

    with pytest.raises(httpx.RemoteProtocolError):
        await api.send(zoe.address)
    assert len((await api.messages(To=zoe.address))["messages"]) == taken


async def test_a_slow_answer_in_process_is_a_time_out_at_once(sim: TwilioSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    sim.inject(Fault.SLOW)

    with pytest.raises(httpx.ReadTimeout):
        await api.send(zoe.address)
    assert len(zoe.heard()) == 1


@pytest.mark.parametrize(("fault", "taken"), BROKEN)
async def test_a_cut_connection_over_a_socket(served: tuple[TwilioSimulator, str], fault: Fault, taken: int) -> None:
    sim, base_url = served
    zoe = sim.phone("Zoe")
    sim.inject(fault)
    settings = sim.settings()
    url = f"{base_url}/2010-04-01/Accounts/{settings['account_sid']}/Messages.json"
    form = {"To": zoe.address, "From": settings["from_number"], "Body": "hello"}

    async with httpx.AsyncClient(auth=(settings["account_sid"], settings["auth_token"])) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(url, data=form)
        assert len((await client.get(url)).json()["messages"]) == taken
    await sim.settle()


async def test_a_slow_answer_over_a_socket_outlasts_the_clients_patience(served: tuple[TwilioSimulator, str]) -> None:
    sim, base_url = served
    zoe = sim.phone("Zoe")
    sim.inject(Fault.SLOW)
    client = official(sim, base_url, timeout=0.2)

    with pytest.raises(requests.exceptions.ReadTimeout):
        await asyncio.to_thread(send, client, sim, zoe)
    await sim.settle()
    assert len(zoe.heard()) == 1


async def test_a_slow_answer_comes_in_the_end_for_the_patient(served: tuple[TwilioSimulator, str]) -> None:
    sim, base_url = served
    sim.behaviour.slow_answer = timedelta(milliseconds=1)
    sim.inject(Fault.SLOW)

    taken = await asyncio.to_thread(send, official(sim, base_url), sim, sim.phone("Zoe"))
    await sim.settle()

    assert taken.status == "queued"


async def test_the_official_client_meets_the_same_faults(served: tuple[TwilioSimulator, str]) -> None:
    sim, base_url = served
    zoe = sim.phone("Zoe")
    client = official(sim, base_url)
    sim.inject(Fault.RATE_LIMITED)
    sim.inject(Fault.HTML_ERROR)
    sim.inject(Fault.CUT_AFTER)

    with pytest.raises(TwilioRestException) as limited:
        await asyncio.to_thread(send, client, sim, zoe)
    with pytest.raises(TwilioRestException) as page:
        await asyncio.to_thread(send, client, sim, zoe)
    with pytest.raises(requests.exceptions.RequestException):
        await asyncio.to_thread(send, client, sim, zoe)
    await sim.settle()

    assert (limited.value.code, limited.value.status) == (20429, 429)
    assert (page.value.code, page.value.status) == (502, 502)
    assert len(zoe.heard()) == 1


def official(sim: TwilioSimulator, base_url: str, timeout: float = 5.0) -> Client:
    settings = sim.settings()
    http_client = TwilioHttpClient(timeout=timeout)
    client = Client(settings["account_sid"], settings["auth_token"], http_client=http_client)
    client.api.base_url = base_url
    return client


def send(client: Client, sim: TwilioSimulator, phone: Phone) -> MessageInstance:
    return client.messages.create(to=phone.address, from_=sim.sender.address, body="hello")
