from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trinity_channels_whatsapp.simulator import TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api, Host


@pytest.fixture
def sender_url(sim: TwilioSimulator) -> str:
    return f"/v2/Channels/Senders/{sim.sender.sid}"


async def test_senders_are_listed_without_the_sandbox(sim: TwilioSimulator, api: Api) -> None:
    listed = (await api.client.get("/v2/Channels/Senders", params={"Channel": "whatsapp"})).json()

    assert [one["sender_id"] for one in listed["senders"]] == [sim.sender.address]
    assert listed["senders"][0]["webhook"]["callback_url"] == sim.sender.webhook.callback_url
    assert listed["meta"]["key"] == "senders"


async def test_the_channel_must_be_named(api: Api) -> None:
    assert (await api.client.get("/v2/Channels/Senders")).json()["code"] == 20001


async def test_the_webhook_can_be_set_and_takes_effect(
    sim: TwilioSimulator, api: Api, host: Host, sender_url: str
) -> None:
    updated = await api.client.post(sender_url, json={"webhook": {"callback_url": "http://new.test/hook"}})
    await sim.phone("Zoe").says("hello")

    assert (updated.status_code, updated.json()["status"]) == (202, "ONLINE:UPDATING")
    assert host.requests[0].url.host == "new.test"
    statuses = [(await api.client.get(sender_url)).json()["status"] for _ in range(2)]
    assert statuses == ["ONLINE:UPDATING", "ONLINE"]


async def test_put_is_used_where_it_was_asked_for(sim: TwilioSimulator, api: Api, host: Host, sender_url: str) -> None:
    await api.client.post(sender_url, json={"webhook": {"callback_method": "PUT"}})
    await sim.phone("Zoe").says("hello")

    assert host.requests[0].method == "PUT"


@pytest.mark.parametrize(
    "body", [{"webhook": {"callback_method": "GET"}}, {"webhook": {"unknown": "x"}}, {"webhook": {"callback_url": 1}}]
)
async def test_a_faulty_webhook_is_refused(api: Api, sender_url: str, body: dict[str, object]) -> None:
    assert (await api.client.post(sender_url, json=body)).json()["code"] == 20001


async def test_forms_and_garbage_are_refused(api: Api, sender_url: str) -> None:
    json_type = {"Content-Type": "application/json"}

    assert (await api.client.post(sender_url, data={"webhook": "x"})).json()["code"] == 20001
    assert (await api.client.post(sender_url, content="{", headers=json_type)).json()["code"] == 20001
    assert (await api.client.post(sender_url, content="[]", headers=json_type)).json()["code"] == 20001


async def test_an_offline_sender_does_not_send(sim: TwilioSimulator, api: Api) -> None:
    sim.sender.status = "OFFLINE"

    assert (await api.send(sim.phone("Zoe").address)).json()["code"] == 63007


async def test_the_sandbox_cannot_be_fetched(sim: TwilioSimulator, api: Api) -> None:
    assert (await api.client.get(f"/v2/Channels/Senders/{sim.account.sandbox.sid}")).json()["code"] == 20404
