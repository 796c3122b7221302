from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from trinity_channels_whatsapp.simulator import Phone, TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api

V2, V3 = "/v2/Indicators/Typing.json", "/v3/Indicators/Typing.json"


@pytest.fixture
async def zoe(sim: TwilioSimulator) -> Phone:
    phone = sim.phone("Zoe")
    await phone.says("hi")
    return phone


async def test_typing_shows_and_the_message_is_read(sim: TwilioSimulator, api: Api, zoe: Phone) -> None:
    sid = zoe.bubbles[0].sid
    answer = await api.client.post(V2, data={"messageId": sid, "channel": "whatsapp"})

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert zoe.typing
    assert zoe.bubbles[0].ticks == 3
    assert list(sim.typed) == [sid]


async def test_typing_ends_with_the_reply(sim: TwilioSimulator, api: Api, zoe: Phone) -> None:
    await api.client.post(V2, data={"messageId": zoe.bubbles[0].sid, "channel": "whatsapp"})
    await api.send(zoe.address)
    await sim.settle()

    assert not zoe.typing


async def test_typing_ends_after_25_seconds(sim: TwilioSimulator, api: Api, zoe: Phone) -> None:
    await api.client.post(V3, json={"messageId": zoe.bubbles[0].sid, "channel": "WHATSAPP"})
    sim.advance(timedelta(seconds=24))
    assert zoe.typing
    sim.advance(timedelta(seconds=1))
    assert not zoe.typing


async def test_the_number_of_a_message_may_be_somebody_elses_by_now(sim: TwilioSimulator, api: Api, zoe: Phone) -> None:
    sid, number = zoe.bubbles[0].sid, zoe.number
    sim.change_number(zoe, "+12125550199")
    sam = sim.phone("Sam", number)
    await sam.says("mine now")
    shown = await api.client.post(V2, data={"messageId": sid, "channel": "whatsapp"})

    assert shown.status_code == 200


async def test_only_messages_from_people_can_be_answered_with_typing(api: Api, zoe: Phone) -> None:
    ours = (await api.send(zoe.address)).json()["sid"]

    for sid in ("SM" + "0" * 32, ours, ""):
        assert (await api.client.post(V2, data={"messageId": sid, "channel": "whatsapp"})).json()["code"] == 20404
    assert (await api.client.post(V2, data={"messageId": zoe.bubbles[0].sid})).json()["code"] == 20001
