"""The simulator in the hands of Twilio's own library, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.rest.messaging.v2.channels_sender import ChannelsSenderContext, ChannelsSenderList

from trinity_channels_whatsapp.simulator import Phone, TwilioSimulator


@pytest.fixture
def client(served: tuple[TwilioSimulator, str]) -> Iterator[Client]:
    sim, base_url = served
    settings = sim.settings()
    client = Client(settings["account_sid"], settings["auth_token"], http_client=TwilioHttpClient(timeout=5))
    for host in (client.api, client.messaging, client.content, client.accounts):
        host.base_url = base_url
    yield client
    client.http_client.session.close()


@pytest.fixture
async def zoe(served: tuple[TwilioSimulator, str]) -> Phone:
    phone = served[0].phone("Zoe")
    await phone.says("hi")
    return phone


async def test_sends_reads_back_and_pages(served: tuple[TwilioSimulator, str], client: Client, zoe: Phone) -> None:
    sim, _ = served
    for number in range(5):
        await asyncio.to_thread(client.messages.create, to=zoe.address, from_=sim.sender.address, body=f"n{number}")
    await sim.settle()

    listed = await asyncio.to_thread(
        client.messages.list, to=zoe.address, date_sent_after=datetime(2026, 11, 22, tzinfo=UTC), page_size=2
    )

    assert [one.body for one in listed] == ["n4", "n3", "n2", "n1", "n0"]
    assert {one.status for one in listed} == {"read"}
    assert listed[0].date_sent == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.usefixtures("zoe")
async def test_lists_a_day(served: tuple[TwilioSimulator, str], client: Client) -> None:
    sim, _ = served

    found = await asyncio.to_thread(client.messages.list, to=sim.sender.address, date_sent=date(2026, 11, 22))
    other = await asyncio.to_thread(client.messages.list, to=sim.sender.address, date_sent=date(2026, 11, 21))

    assert ([one.body for one in found], other) == (["hi"], [])


async def test_schedules_and_cancels(served: tuple[TwilioSimulator, str], client: Client, zoe: Phone) -> None:
    sim, _ = served
    service = sim.add_service()
    taken = await asyncio.to_thread(
        client.messages.create,
        to=zoe.address,
        messaging_service_sid=service,
        body="later",
        schedule_type="fixed",
        send_at=datetime(2026, 11, 22, 13, tzinfo=UTC),
    )

    canceled = await asyncio.to_thread(client.messages(taken.sid).update, status="canceled")

    assert (taken.status, canceled.status) == ("scheduled", "canceled")


async def test_lists_services_and_their_senders(served: tuple[TwilioSimulator, str], client: Client) -> None:
    sim, _ = served
    sid = sim.add_service()

    [service] = await asyncio.to_thread(client.messaging.v1.services.list)
    fetched = await asyncio.to_thread(client.messaging.v1.services(sid).fetch)
    [sender] = await asyncio.to_thread(client.messaging.v1.services(sid).channel_senders.list)

    assert service.sid == fetched.sid == sid
    assert fetched.use_inbound_webhook_on_number
    assert sender.sender == sim.sender.address
    with pytest.raises(TwilioRestException, match="was not found"):
        await asyncio.to_thread(client.messaging.v1.services("MG" + "0" * 32).fetch)


async def test_lists_the_files_of_a_message(client: Client, zoe: Phone) -> None:
    await zoe.sends_media(b"%PDF", "application/pdf")
    sid = zoe.bubbles[-1].sid

    [medium] = await asyncio.to_thread(client.messages(sid).media.list)

    assert (medium.content_type, medium.parent_sid) == ("application/pdf", sid)


async def test_reads_the_error_code(client: Client) -> None:
    with pytest.raises(TwilioRestException) as error:
        await asyncio.to_thread(
            client.messages.create, to="whatsapp:+12025550100", from_="whatsapp:+19995550123", body="x"
        )

    assert (error.value.code, error.value.status) == (63007, 400)


async def test_shows_typing(client: Client, zoe: Phone) -> None:
    shown = await asyncio.to_thread(
        client.messaging.v2.typing_indicator.create, channel="whatsapp", message_id=zoe.bubbles[0].sid
    )

    assert shown.success
    assert zoe.typing


async def test_sets_a_senders_webhook(served: tuple[TwilioSimulator, str], client: Client) -> None:
    sim, _ = served
    senders = client.messaging.v2.channels_senders
    webhook = ChannelsSenderList.MessagingV2ChannelsSenderWebhook({"callback_url": "http://new.test/hook"})
    update = ChannelsSenderContext.MessagingV2ChannelsSenderRequestsUpdate({"webhook": webhook})

    await asyncio.to_thread(senders(sim.sender.sid).update, update)

    found = await asyncio.to_thread(senders.list, channel="whatsapp")
    assert [one.webhook["callback_url"] for one in found] == ["http://new.test/hook"]


async def test_lists_templates_and_their_approval(served: tuple[TwilioSimulator, str], client: Client) -> None:
    sim, _ = served
    template = sim.add_template("order", "Hi")

    listed = await asyncio.to_thread(client.content.v1.content_and_approvals.list)
    approval = await asyncio.to_thread(client.content.v1.contents(template.sid).approval_fetch().fetch)

    assert {one.friendly_name for one in listed} == {"sandbox_appointment_reminder", "order"}
    assert approval.whatsapp["status"] == "approved"


async def test_rotates_the_token(served: tuple[TwilioSimulator, str], client: Client) -> None:
    sim, _ = served
    secondary = await asyncio.to_thread(client.accounts.v1.secondary_auth_token().create)
    promoted = await asyncio.to_thread(client.accounts.v1.auth_token_promotion().update)

    assert secondary.secondary_auth_token == promoted.auth_token == sim.account.token


async def test_reads_the_account(served: tuple[TwilioSimulator, str], client: Client) -> None:
    sim, _ = served
    account = await asyncio.to_thread(client.api.accounts(sim.account.sid).fetch)

    assert (account.status, account.type) == ("active", "Full")
