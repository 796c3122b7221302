from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from trinity_channels_whatsapp.simulator import Phone, TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api


@pytest.fixture
async def history(sim: TwilioSimulator, api: Api) -> tuple[Phone, Phone]:
    """A message in and out on each of three days: 22, 23 and 24 November."""
    zoe, sam = sim.phone("Zoe"), sim.phone("Sam")
    for day in range(3):
        await zoe.says(f"in {day}")
        await api.send(sam.address, f"out {day}")
        await sim.settle()
        sim.advance(timedelta(days=1))
    return zoe, sam


def bodies(listed: dict[str, Any]) -> list[str]:
    return [one["body"] for one in listed["messages"]]


@pytest.mark.usefixtures("history")
async def test_newest_come_first(api: Api) -> None:
    assert bodies(await api.messages()) == ["out 2", "in 2", "out 1", "in 1", "out 0", "in 0"]


async def test_filters_by_address(api: Api, history: tuple[Phone, Phone]) -> None:
    zoe, sam = history

    assert bodies(await api.messages(To=sam.address)) == ["out 2", "out 1", "out 0"]
    assert bodies(await api.messages(From=zoe.address)) == ["in 2", "in 1", "in 0"]
    assert bodies(await api.messages(To=api.sender, From=zoe.address)) == ["in 2", "in 1", "in 0"]
    assert bodies(await api.messages(To=zoe.address)) == []


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("DateSent", "2026-11-23", ["in 1"]),
        ("DateSent", "2026-11-23T00:00:00Z", ["in 1"]),  # a `date` of the official client
        ("DateSent", "2026-11-23T12:00:00Z", ["in 1"]),
        ("DateSent", "2026-11-23T12:00:01Z", []),
        ("DateSent>", "2026-11-23", ["in 2", "in 1"]),
        ("DateSent<", "2026-11-23", ["in 1", "in 0"]),
        ("DateSent>", "2026-11-23T12:00:01Z", ["in 2"]),
        ("DateSent<", "2026-11-23T12:00:00Z", ["in 1", "in 0"]),
        ("DateSent<", "2026-11-23T13:00:00+02:00", ["in 0"]),
        ("DateSent>", "2026-11-24T12:00:00", ["in 2"]),
    ],
)
async def test_filters_by_date(api: Api, name: str, value: str, found: list[str]) -> None:
    assert bodies(await api.messages(To=api.sender, **{name: value})) == found


@pytest.mark.usefixtures("history")
async def test_an_impossible_date_is_refused(api: Api) -> None:
    assert (await api.messages(DateSent="yesterday"))["code"] == 20001


async def test_pages_lead_on_until_the_last_and_keep_the_filters(api: Api, history: tuple[Phone, Phone]) -> None:
    zoe, _ = history
    page = await api.messages(From=zoe.address, PageSize="2")
    later = (await api.client.get(page["next_page_uri"])).json()

    assert bodies(page) == ["in 2", "in 1"]
    assert bodies(later) == ["in 0"]
    assert later["next_page_uri"] is None
    assert (later["page"], later["start"]) == (1, 2)


async def test_a_message_that_arrives_meanwhile_does_not_shift_the_pages(
    api: Api, history: tuple[Phone, Phone]
) -> None:
    zoe, _ = history
    page = await api.messages(PageSize="3")
    await zoe.says("new")

    assert bodies((await api.client.get(page["next_page_uri"])).json()) == ["in 1", "out 0", "in 0"]


@pytest.mark.usefixtures("history")
async def test_an_inbound_message_was_sent_when_the_webhook_was_called(api: Api) -> None:
    first = (await api.messages(To=api.sender))["messages"][-1]

    assert parsedate_to_datetime(first["date_sent"]).isoformat() == "2026-11-22T12:00:00+00:00"
    assert (first["direction"], first["status"]) == ("inbound", "received")


async def test_one_message_can_be_read_redacted_and_deleted(api: Api, history: tuple[Phone, Phone]) -> None:
    _, sam = history
    uri = (await api.messages(To=sam.address))["messages"][0]["uri"]

    assert (await api.client.get(uri)).json()["body"] == "out 2"
    assert (await api.client.post(uri, data={"Body": ""})).json()["body"] == ""
    assert sam.heard()[-1].text == "out 2"
    assert (await api.client.post(uri, data={"Body": "other"})).json()["code"] == 20001
    assert (await api.client.delete(uri)).status_code == 204
    assert (await api.client.get(uri)).json()["code"] == 20404
    assert len(bodies(await api.messages(To=sam.address))) == 2


async def test_a_message_on_its_way_cannot_be_deleted(sim: TwilioSimulator, api: Api) -> None:
    uri = f"{api.base}/Messages/{(await api.send(sim.phone('Zoe').address)).json()['sid']}.json"
    sim.phone("Zoe").bubbles[0].status = "queued"

    assert (await api.client.delete(uri)).json()["code"] == 20009


async def test_a_failed_message_tells_why(sim: TwilioSimulator, api: Api) -> None:
    uri = f"{api.base}/Messages/{(await api.send('whatsapp:+19995550123')).json()['sid']}.json"
    await sim.settle()

    failed = (await api.client.get(uri)).json()

    assert (failed["status"], failed["error_code"]) == ("undelivered", 63003)
    assert failed["error_message"]


@pytest.mark.parametrize(
    ("size", "code"), [("1000", None), ("1001", 20007), ("99999", 20007), ("0", 20001), ("x", 20001)]
)
async def test_a_page_has_at_most_a_thousand(api: Api, size: str, code: int | None) -> None:
    assert (await api.messages(PageSize=size)).get("code") == code


async def test_the_files_of_a_message_are_listed(sim: TwilioSimulator, api: Api) -> None:
    url = "https://host.test/cat.png?size=large"
    sent = (await api.send(sim.phone("Zoe").address, MediaUrl=url)).json()

    [medium] = (await api.client.get(sent["subresource_uris"]["media"])).json()["media_list"]
    redirect = await api.client.get(medium["uri"].removesuffix(".json"))

    assert (medium["content_type"], medium["parent_sid"]) == ("image/png", sent["sid"])
    assert redirect.headers["location"] == url
