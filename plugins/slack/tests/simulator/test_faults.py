from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from trinity_channels.api import Fault
from trinity_channels_slack.simulator import SlackSimulator

if TYPE_CHECKING:
    from conftest import Api

REFUSED = [
    (Fault.RATE_LIMITED, 429, "ratelimited"),
    (Fault.SERVER_ERROR, 503, "service_unavailable"),
    (Fault.UNAUTHORIZED, 200, "invalid_auth"),
    (Fault.REFUSED, 200, "channel_not_found"),
]
BROKEN = [(Fault.CUT_BEFORE, 0), (Fault.CUT_AFTER, 1)]


@pytest.mark.parametrize(("fault", "status", "code"), REFUSED)
async def test_a_refused_post_is_not_taken_and_the_next_one_is(
    sim: SlackSimulator, api: Api, fault: Fault, status: int, code: str
) -> None:
    zoe = sim.phone("Zoe")
    body = {"channel": await api.direct(zoe.address), "text": "hello"}
    sim.inject(fault, times=2)

    answers = [await api.client.post("/api/chat.postMessage", json=body) for _ in range(3)]

    assert [one.status_code for one in answers] == [status, status, 200]
    assert answers[0].json()["error"] == code
    assert ("Retry-After" in answers[0].headers) is (fault is Fault.RATE_LIMITED)
    assert len(zoe.heard()) == 1


async def test_a_proxy_answers_with_its_own_page(sim: SlackSimulator, api: Api) -> None:
    body = {"channel": await api.direct(sim.phone("Zoe").address), "text": "hello"}
    sim.inject(Fault.HTML_ERROR)

    answer = await api.client.post("/api/chat.postMessage", json=body)

    assert (answer.status_code, sim.phone("Zoe").heard()) == (502, [])
    assert answer.headers["content-type"].startswith("text/html")


async def test_only_posts_meet_a_fault(sim: SlackSimulator, api: Api) -> None:
    sim.inject(Fault.SERVER_ERROR)

    assert (await api.form("auth.test"))["ok"]
    assert not (await api.post(await api.direct(sim.phone("Zoe").address)))["ok"]


async def test_an_internal_error_can_come_after_storing(sim: SlackSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    sim.behaviour.internal_errors_after_storing = 1

    assert (await api.post(await api.direct(zoe.address)))["error"] == "internal_error"
    assert len(zoe.heard()) == 1


@pytest.mark.parametrize(("fault", "taken"), BROKEN)
async def test_a_cut_connection_in_process(sim: SlackSimulator, api: Api, fault: Fault, taken: int) -> None:
    zoe = sim.phone("Zoe")
    channel = await api.direct(zoe.address)
    sim.inject(fault)

    with pytest.raises(httpx.RemoteProtocolError):
        await api.post(channel)
    assert len(zoe.heard()) == taken


async def test_a_slow_answer_in_process_is_a_time_out_at_once(sim: SlackSimulator, api: Api) -> None:
    channel = await api.direct(sim.phone("Zoe").address)
    sim.inject(Fault.SLOW)

    with pytest.raises(httpx.ReadTimeout):
        await api.post(channel)
    assert len(sim.phone("Zoe").heard()) == 1


@pytest.mark.parametrize(("fault", "taken"), BROKEN)
async def test_a_cut_connection_over_a_socket(served: tuple[SlackSimulator, str], fault: Fault, taken: int) -> None:
    sim, base_url = served
    zoe = sim.phone("Zoe")
    headers = {"Authorization": f"Bearer {sim.settings()['bot_token']}"}
    async with httpx.AsyncClient(base_url=f"{base_url}/api/", headers=headers) as client:
        opened = (await client.post("conversations.open", data={"users": zoe.address})).json()
        sim.inject(fault)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("chat.postMessage", json={"channel": opened["channel"]["id"], "text": "hello"})
    await sim.settle()

    assert len(zoe.heard()) == taken


@pytest.mark.parametrize(("patience", "slow"), [(0.2, timedelta(seconds=20)), (5, timedelta(milliseconds=1))])
async def test_a_slow_answer_over_a_socket(
    served: tuple[SlackSimulator, str], patience: float, slow: timedelta
) -> None:
    sim, base_url = served
    zoe = sim.phone("Zoe")
    sim.behaviour.slow_answer = slow
    headers = {"Authorization": f"Bearer {sim.settings()['bot_token']}"}
    answered = True
    async with httpx.AsyncClient(base_url=f"{base_url}/api/", headers=headers, timeout=patience) as client:
        opened = (await client.post("conversations.open", data={"users": zoe.address})).json()
        sim.inject(Fault.SLOW)
        try:
            await client.post("chat.postMessage", json={"channel": opened["channel"]["id"], "text": "hello"})
        except httpx.ReadTimeout:
            answered = False
    await sim.settle()

    assert answered is (patience > slow.total_seconds())
    assert len(zoe.heard()) == 1
