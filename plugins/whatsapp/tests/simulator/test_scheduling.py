from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from trinity_channels_whatsapp.simulator import Phone, TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api, Host


@pytest.fixture
async def zoe(sim: TwilioSimulator) -> Phone:
    phone = sim.phone("Zoe")
    await phone.says("hi")
    return phone


@pytest.fixture
async def scheduled(sim: TwilioSimulator, api: Api, zoe: Phone) -> dict[str, Any]:
    """A message for one o'clock, taken at twelve."""
    params = {"MessagingServiceSid": sim.add_service(), "ScheduleType": "fixed", "SendAt": "2026-11-22T13:00:00Z"}
    taken: dict[str, Any] = (await api.send(zoe.address, "lunch!", **params)).json()
    return taken


async def test_a_scheduled_message_leaves_when_its_time_has_come(
    sim: TwilioSimulator, api: Api, host: Host, zoe: Phone, scheduled: dict[str, Any]
) -> None:
    assert (scheduled["status"], scheduled["date_sent"]) == ("scheduled", None)
    sim.advance(timedelta(minutes=59))
    assert zoe.heard() == []

    sim.advance(timedelta(minutes=1))
    await sim.settle()

    assert [one.text for one in zoe.heard()] == ["lunch!"]
    assert host.statuses == ["queued", "sent", "delivered", "read"]
    assert (await api.client.get(scheduled["uri"])).json()["status"] == "read"


async def test_a_canceled_message_never_leaves(
    sim: TwilioSimulator, api: Api, host: Host, zoe: Phone, scheduled: dict[str, Any]
) -> None:
    canceled = await api.client.post(scheduled["uri"], data={"Status": "canceled"})
    sim.advance(timedelta(hours=2))
    await sim.settle()

    assert (canceled.status_code, canceled.json()["status"], canceled.json()["date_sent"]) == (200, "canceled", None)
    assert (zoe.heard(), host.statuses) == ([], [])


async def test_what_has_left_cannot_be_canceled(
    sim: TwilioSimulator, api: Api, zoe: Phone, scheduled: dict[str, Any]
) -> None:
    sim.advance(timedelta(hours=2))
    await sim.settle()
    now = (await api.send(zoe.address, "at once")).json()
    inbound = f"{api.base}/Messages/{zoe.bubbles[0].sid}.json"

    for uri in (scheduled["uri"], now["uri"], inbound):
        refused = await api.client.post(uri, data={"Status": "canceled"})
        assert (refused.status_code, refused.json()["code"]) == (409, 30409)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"ScheduleType": "fixed"}, 35111),
        ({"ScheduleType": "fixed", "SendAt": "soon"}, 35115),
        ({"ScheduleType": "fixed", "SendAt": "2026-11-22T13:00:00"}, 35115),
        ({"ScheduleType": "fixed", "SendAt": "2026-11-22T12:05:00Z"}, 35115),
        ({"ScheduleType": "fixed", "SendAt": "2026-11-21T13:00:00Z"}, 35115),
        ({"ScheduleType": "fixed", "SendAt": "2026-12-27T12:00:01Z"}, 35115),
        ({"ScheduleType": "optimal", "SendAt": "2026-11-22T13:00:00Z"}, 35126),
        ({"SendAt": "2026-11-22T13:00:00Z"}, 35126),
    ],
)
async def test_a_time_that_cannot_be_kept_is_refused(
    sim: TwilioSimulator, api: Api, zoe: Phone, params: dict[str, str], code: int
) -> None:
    refused = await api.send(zoe.address, MessagingServiceSid=sim.add_service(), **params)

    assert (refused.status_code, refused.json()["code"]) == (400, code)


@pytest.mark.parametrize("at", ["2026-11-22T12:05:01Z", "2026-12-27T12:00:00Z"])
async def test_five_minutes_to_thirty_five_days_ahead(sim: TwilioSimulator, api: Api, zoe: Phone, at: str) -> None:
    taken = await api.send(zoe.address, MessagingServiceSid=sim.add_service(), ScheduleType="fixed", SendAt=at)

    assert taken.json()["status"] == "scheduled"
