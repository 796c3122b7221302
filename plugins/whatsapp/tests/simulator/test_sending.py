from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
import pytest
from twilio.request_validator import RequestValidator

from trinity_channels.api import Heard
from trinity_channels_whatsapp.simulator import TwilioSimulator
from trinity_channels_whatsapp.simulator.callbacks import is_local

if TYPE_CHECKING:
    from conftest import Api, Host


async def test_a_message_is_taken_then_sent_delivered_and_read(sim: TwilioSimulator, api: Api, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hi")

    taken = await api.send(zoe.address, "hello *Zoe*")
    await sim.settle()

    assert taken.status_code == 201
    assert taken.json()["status"] == "queued"
    assert host.statuses == ["sent", "delivered", "read"]
    assert zoe.heard() == [Heard("hello *Zoe*", ticks=3)]


async def test_the_answer_has_twilios_whole_shape(sim: TwilioSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe", "+15557770002")

    taken = (await api.send(zoe.address, "hello")).json()

    assert taken["sid"].startswith("SM")
    assert len(taken["sid"]) == 34
    assert parsedate_to_datetime(taken["date_created"]).year == 2026
    assert taken["to"] == "whatsapp:+15557770002"
    expected = {
        "account_sid": sim.account.sid,
        "api_version": "2010-04-01",
        "body": "hello",
        "date_sent": None,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": api.sender,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "uri": f"{api.base}/Messages/{taken['sid']}.json",
        "subresource_uris": {"media": f"{api.base}/Messages/{taken['sid']}/Media.json"},
    }
    assert expected.items() <= taken.items()


async def test_callbacks_carry_the_fields_and_a_signature_that_twilios_library_accepts(
    sim: TwilioSimulator, api: Api, host: Host
) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hi")
    await api.send(zoe.address)
    await sim.settle()

    request, form = host.requests[-1], host.forms[-1]

    assert RequestValidator(sim.account.token).validate(str(request.url), form, request.headers["X-Twilio-Signature"])
    assert str(request.url).endswith("?delivery=d1")
    assert form["EventType"] == "READ"
    assert form["ExternalUserId"].startswith("whatsapp:US.")
    assert form["SmsSid"] == form["MessageSid"]
    assert "ErrorCode" not in form


async def test_nobody_reads_without_read_receipts(sim: TwilioSimulator, api: Api, host: Host) -> None:
    zoe = sim.phone("Zoe")
    zoe.read_receipts = False
    await zoe.says("hi")

    await api.send(zoe.address)
    await sim.settle()

    assert host.statuses == ["sent", "delivered"]


REFUSED = [
    ({"To": ""}, 21604),
    ({"To": "whatsapp:zoe"}, 21211),
    ({"To": "whatsapp:+0123"}, 21211),
    ({"To": "+12025550100"}, 21910),
    ({"From": ""}, 21603),
    ({"From": "whatsapp:nobody"}, 21212),
    ({"From": "whatsapp:+19995550123"}, 63007),
    ({"From": "+19995550123"}, 21606),
    ({"Body": ""}, 21602),
    ({"Body": "x" * 1601}, 21617),
    ({"Body": "👍" * 801}, 21617),
    ({"StatusCallback": "no address"}, 21609),
    ({"StatusCallback": "https://under_score.test/x"}, 21626),
    ({"MediaUrl": "ftp://host.test/cat.png"}, 21620),
    ({"MessagingServiceSid": "MG" + "0" * 32}, 21705),
    ({"ContentVariables": "{}"}, 21654),
    ({"ContentSid": "HX" + "0" * 32}, 21655),
    ({"To": "whatsapp:+16285550100"}, 63031),
    ({"Body": " "}, 21602),
    ({"Body": "\n\t \u00a0"}, 21602),
    *(({"ValidityPeriod": value}, 21624) for value in ("0", "-1", "36001", "99999", "1.5", "x", "9" * 5000)),
    ({"StatusCallback": f"https://host.test/{'x' * 4500}"}, 21609),
    *(
        ({"StatusCallback": f"http://{host}/hook"}, 21609)
        for host in (
            *(
                "localhost",
                "localhost:8000",
                "LOCALHOST.",
                "bot.localhost",
                "bot",
                "bot.local",
                "bot.internal",
                "bot.invalid",
            ),
            *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0.0.0.0:80", "[::1]", "[::ffff:127.0.0.1]"),
            *("10.0.0.1", "192.168.1.1:8000", "172.16.0.1", "169.254.169.254", "[fe80::1]", "[fd00::1]"),
        )
    ),
    ({"StatusCallback": "https://host.test:port/hook"}, 21609),
    ({"ScheduleType": "fixed", "SendAt": "2026-11-22T13:00:00Z"}, 35118),
    ({"SendAt": "2026-11-22T13:00:00Z"}, 35118),
    ({"ScheduleType": "fixed"}, 35118),
]


@pytest.mark.parametrize(("params", "code"), REFUSED)
async def test_faulty_requests_get_twilios_code(
    sim: TwilioSimulator, api: Api, params: dict[str, str], code: int
) -> None:
    to = params.pop("To", sim.phone("Zoe").address)

    refused = await api.send(to, body=params.pop("Body", "hello"), **params)

    assert refused.status_code == 400
    assert refused.json().keys() == {"code", "message", "more_info", "status"}
    assert refused.json()["code"] == code
    assert refused.json()["more_info"] == f"https://www.twilio.com/docs/errors/{code}"


async def test_two_files_are_one_too_many(sim: TwilioSimulator, api: Api) -> None:
    form = {"To": sim.phone("Zoe").address, "From": api.sender, "Body": "look"}
    urls = {"MediaUrl": ["https://host.test/cat.png", "https://host.test/dog.png"]}

    refused = await api.client.post(f"{api.base}/Messages.json", data=form | urls)

    assert (refused.status_code, refused.json()["code"]) == (400, 21623)


@pytest.mark.parametrize("value", ["1", "36000"])
async def test_a_message_may_wait_for_ten_hours(sim: TwilioSimulator, api: Api, value: str) -> None:
    assert (await api.send(sim.phone("Zoe").address, ValidityPeriod=value)).status_code == 201


@pytest.mark.parametrize("name", ["host.test", "xn--bcher-kva.example", "bot.example:8443", "bot.example."])
async def test_receipts_go_to_public_hosts(sim: TwilioSimulator, api: Api, name: str) -> None:
    callback = f"https://{name}/{'x' * 3900}"

    assert (await api.send(sim.phone("Zoe").address, StatusCallback=callback)).status_code == 201


def test_a_public_number_is_a_public_host() -> None:
    assert not is_local("1.0.0.1")
    assert not is_local("2606:4700::1111")


async def test_receipts_stay_on_this_machine_where_the_provider_is(
    make_sim: Callable[[str], TwilioSimulator],
) -> None:
    for base_url, status in {
        "http://127.0.0.1:8001": 201,
        "http://localhost:8001": 201,
        "http://twilio.test": 400,
    }.items():
        sim = make_sim(base_url)
        settings = sim.settings()
        form = {"To": sim.phone("Zoe").address, "From": settings["from_number"], "Body": "hello"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(sim.app), base_url=base_url) as client:
            sent = await client.post(
                f"/2010-04-01/Accounts/{settings['account_sid']}/Messages.json",
                data=form | {"StatusCallback": "http://127.0.0.1:8000/hook"},
                auth=(settings["account_sid"], settings["auth_token"]),
            )
        assert sent.status_code == status


async def test_an_account_sends_eighty_messages_a_second(sim: TwilioSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    statuses = [(await api.send(zoe.address)).status_code for _ in range(100)]
    refused = await api.send(zoe.address)
    sim.advance(timedelta(seconds=1))

    assert statuses == [201] * 80 + [429] * 20
    assert refused.json()["code"] == 20429
    assert (await api.send(zoe.address)).status_code == 201
    sim.behaviour.sends_per_second = None
    assert {(await api.send(zoe.address)).status_code for _ in range(200)} == {201}


async def test_the_longest_text_is_taken(sim: TwilioSimulator, api: Api) -> None:
    assert (await api.send(sim.phone("Zoe").address, "x" * 1600)).status_code == 201


async def test_outside_the_window_the_failure_comes_by_callback(sim: TwilioSimulator, api: Api, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hi")
    sim.advance(timedelta(hours=25))

    taken = await api.send(zoe.address, "still there?")
    await sim.settle()

    assert taken.status_code == 201
    form = host.forms[-1]
    assert (form["MessageStatus"], form["ErrorCode"]) == ("undelivered", "63016")
    assert "window" in form["ErrorMessage"]
    assert form["ChannelStatusMessage"] == form["ErrorMessage"]
    assert zoe.heard() == [Heard("still there?", ticks=-1)]


async def test_the_window_is_open_for_24_hours_and_our_own_messages_do_not_extend_it(
    sim: TwilioSimulator, api: Api, host: Host
) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hi")
    sim.advance(timedelta(hours=23, minutes=59))
    await api.send(zoe.address)
    await sim.settle()
    sim.advance(timedelta(minutes=1))
    await api.send(zoe.address)
    await sim.settle()

    assert host.statuses == ["sent", "delivered", "read", "undelivered"]


async def test_a_number_without_whatsapp_fails_by_callback(sim: TwilioSimulator, api: Api, host: Host) -> None:
    await api.send("whatsapp:+19995550123")
    await sim.settle()

    assert host.forms[-1]["ErrorCode"] == "63003"


async def test_any_other_failure_can_be_had_from_a_phone(sim: TwilioSimulator, api: Api, host: Host) -> None:
    zoe = sim.phone("Zoe")
    zoe.refuse_with = 63049
    await api.send(zoe.address)
    await sim.settle()

    assert host.forms[-1]["ErrorCode"] == "63049"


async def test_a_messaging_service_accepts_then_queues(sim: TwilioSimulator, api: Api, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hi")

    taken = (await api.send(zoe.address, From="", MessagingServiceSid=sim.add_service())).json()
    await sim.settle()

    assert (taken["status"], taken["from"]) == ("accepted", None)
    assert host.statuses == ["queued", "sent", "delivered", "read"]
    assert host.forms[-1]["From"] == api.sender


async def test_callbacks_can_come_twice_and_in_the_wrong_order(sim: TwilioSimulator, api: Api, host: Host) -> None:
    sim.behaviour.duplicate_callbacks = True
    sim.behaviour.reverse_callbacks = True
    zoe = sim.phone("Zoe")
    await zoe.says("hi")

    await api.send(zoe.address)
    await sim.settle()

    assert host.statuses == ["read", "read", "delivered", "delivered", "sent", "sent"]


async def test_callbacks_can_come_before_the_answer(sim: TwilioSimulator, api: Api, host: Host) -> None:
    sim.behaviour.callbacks_before_answer = True
    zoe = sim.phone("Zoe")
    await zoe.says("hi")

    taken = await api.send(zoe.address)

    assert host.statuses == ["sent", "delivered", "read"]
    assert taken.json()["status"] == "queued"


async def test_the_senders_callback_address_serves_messages_without_one(
    sim: TwilioSimulator, api: Api, host: Host
) -> None:
    sim.sender.webhook.status_callback_url = "http://host.test/status"
    zoe = sim.phone("Zoe")
    await zoe.says("hi")

    await api.send(zoe.address, StatusCallback="")
    await sim.settle()

    assert str(host.requests[-1].url) == "http://host.test/status"


async def test_somebody_with_a_hidden_number_is_reached_by_user_id_only_by_whom_they_wrote_to(
    sim: TwilioSimulator, api: Api, host: Host
) -> None:
    zoe = sim.phone("Zoe", hidden=True)
    assert zoe.address.startswith("whatsapp:US.")
    await api.send(zoe.address, "before")
    await sim.settle()
    await zoe.says("hi")
    await api.send(zoe.address, "after")
    await sim.settle()

    assert [one.text for one in zoe.heard()] == ["after"]
    assert host.forms[0]["ErrorCode"] == "63003"
    assert host.forms[-1]["To"] == zoe.address


async def test_user_ids_are_refused_where_the_account_does_not_have_them_yet(sim: TwilioSimulator, api: Api) -> None:
    sim.behaviour.bsuid_sending = False

    refused = await api.send("whatsapp:US.12345678901234567")

    assert refused.json()["code"] == 21211


async def test_a_new_number_is_a_new_user_id_and_the_old_ones_reach_nobody(
    sim: TwilioSimulator, api: Api, host: Host
) -> None:
    zoe = sim.phone("Zoe", hidden=True)
    await zoe.says("hi")
    old = zoe.address
    sim.change_number(zoe, "+12125550199")

    await api.send(old)
    await sim.settle()

    assert zoe.address != old
    assert host.forms[-1]["ErrorCode"] == "63003"
