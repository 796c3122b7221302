from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
from twilio.request_validator import RequestValidator

from trinity_channels_whatsapp.simulator import TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api, Host

XML = {"content-type": "text/xml"}


async def test_a_message_arrives_with_all_the_fields_of_the_real_webhook(sim: TwilioSimulator, host: Host) -> None:
    zoe = sim.phone("Zoë 👍", "+15557770002")
    await zoe.says("hello")

    form = host.forms[0]

    expected = {
        "AccountSid": sim.account.sid,
        "ApiVersion": "2010-04-01",
        "Body": "hello",
        "From": "whatsapp:+15557770002",
        "To": sim.sender.address,
        "ProfileName": "Zoë 👍",
        "WaId": "15557770002",
        "NumMedia": "0",
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "SmsStatus": "received",
        "MessageType": "text",
        "Forwarded": "false",
        "FrequentlyForwarded": "false",
    }
    assert expected.items() <= form.items()
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"]
    assert form["ExternalUserId"].startswith("whatsapp:US.")
    assert json.loads(form["ChannelMetadata"])["data"]["context"]["ProfileName"] == "Zoë 👍"
    assert host.requests[0].headers["I-Twilio-Idempotency-Token"]


@pytest.mark.parametrize(
    "url",
    [
        "http://host.test/hook",
        "http://host.test/hook?t=a%20b&x=ö",
        "http://host.test:8443/hook/#rc=2&rp=all",
    ],
)
async def test_twilios_library_accepts_the_signature(sim: TwilioSimulator, host: Host, url: str) -> None:
    sim.connect(url)
    await sim.phone("Zoë").says("line 1\nline 2 & ü 👍 ")

    signature = host.requests[0].headers["X-Twilio-Signature"]

    assert RequestValidator(sim.account.token).validate(url.partition("#")[0], host.forms[0], signature)
    assert not host.requests[0].url.fragment


async def test_a_hidden_number_shows_nowhere(sim: TwilioSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe", hidden=True)
    await zoe.says("hello")

    form = host.forms[0]

    assert form["From"] == form["ExternalUserId"] == zoe.address
    assert "WaId" not in form
    assert zoe.number.removeprefix("+") not in host.requests[0].content.decode()


async def test_somebody_who_takes_a_username_stays_the_same_user_id(sim: TwilioSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("with number")
    zoe.hides_number()
    await zoe.says("without")

    before, after = host.forms

    assert (before["From"], after["From"]) == (f"whatsapp:{zoe.number}", before["ExternalUserId"])
    assert before["ExternalUserId"] == after["ExternalUserId"] == zoe.address


async def test_locations_have_no_text(sim: TwilioSimulator, host: Host) -> None:
    await sim.phone("Zoe").shares_location(60.17, 24.94, label="Station")

    assert {"Latitude": "60.17", "Longitude": "24.94", "Label": "Station", "Body": ""}.items() <= host.forms[0].items()
    assert "Address" not in host.forms[0]


async def test_replies_name_the_message_they_answer(sim: TwilioSimulator, api: Api, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hi")
    sid = (await api.send(zoe.address, "which one?", StatusCallback="")).json()["sid"]
    await zoe.says("this one", replying_to=zoe.bubbles[-1])

    assert host.forms[-1]["OriginalRepliedMessageSid"] == sid
    assert host.forms[-1]["OriginalRepliedMessageSender"] == api.sender


async def test_a_tapped_button_reads_as_its_title_and_carries_its_payload(
    sim: TwilioSimulator, api: Api, host: Host
) -> None:
    zoe = sim.phone("Zoe")
    template = sim.add_template("ask", "Courier?", buttons={"Yes": "courier-yes"}, kind="twilio/quick-reply")
    await api.send(zoe.address, body="", ContentSid=template.sid, StatusCallback="")
    await zoe.taps("Yes")

    form = host.forms[-1]

    assert (form["Body"], form["ButtonText"], form["ButtonPayload"]) == ("Yes", "Yes", "courier-yes")
    assert (form["ButtonType"], form["MessageType"]) == ("REPLY", "interactive")
    assert form["OriginalRepliedMessageSid"]


async def test_nobody_taps_a_button_that_was_not_offered(sim: TwilioSimulator) -> None:
    with pytest.raises(LookupError, match="Yes"):
        await sim.phone("Zoe").taps("Yes")


async def test_a_repeated_webhook_has_the_same_sid_and_idempotency_token(sim: TwilioSimulator, host: Host) -> None:
    sim.behaviour.duplicate_webhooks = True
    await sim.phone("Zoe").says("hello")

    first, second = host.requests

    assert first.content == second.content
    assert first.headers["I-Twilio-Idempotency-Token"] == second.headers["I-Twilio-Idempotency-Token"]


async def test_the_last_webhook_can_be_brought_again(sim: TwilioSimulator, host: Host) -> None:
    with pytest.raises(LookupError):
        await sim.repeat_last_webhook()
    await sim.phone("Zoe").says("hello")

    status = await sim.repeat_last_webhook()

    first, second = host.requests
    assert status == 200
    assert first.content == second.content
    assert first.headers["I-Twilio-Idempotency-Token"] == second.headers["I-Twilio-Idempotency-Token"]


async def test_webhooks_can_come_late_and_in_the_wrong_order(sim: TwilioSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    sim.hold_webhooks()
    await zoe.says("first")
    await zoe.says("second")
    assert host.requests == []

    await sim.release_webhooks(backwards=True)

    assert [form["Body"] for form in host.forms] == ["second", "first"]


async def test_what_a_host_missed_while_down_can_be_listed(sim: TwilioSimulator, api: Api, host: Host) -> None:
    host.answers.extend([httpx.ConnectError("down")] * 2)
    await sim.phone("Zoe").says("anybody there?")

    assert [one["body"] for one in (await api.messages(To=api.sender))["messages"]] == ["anybody there?"]
    assert sim.webhook_calls[0].fault == "ct"
    assert sim.alerts[0].code == 11200


RETRIES = [
    ("", [httpx.ConnectError("x")] * 9, 2),
    ("", [httpx.Response(503)] * 9, 1),
    ("", [httpx.ReadTimeout("x")] * 9, 1),
    ("#rc=3", [httpx.ConnectError("x")] * 9, 4),
    ("#rc=2&rp=5xx", [httpx.Response(503)] * 9, 3),
    ("#rc=2&rp=5xx", [httpx.Response(404)] * 9, 1),
    ("#rc=2&rp=ct,rt,4xx", [httpx.Response(404), httpx.ReadTimeout("x")], 3),
    ("#rc=5&rp=all", [httpx.Response(500), httpx.ConnectError("x")], 3),
    ("#rc=99&rp=all", [httpx.Response(500)] * 9, 2),
    ("#rc=2&rp=ct", [httpx.ReadError("hung up")] * 9, 1),
]


@pytest.mark.parametrize(("fragment", "answers", "attempts"), RETRIES)
async def test_the_urls_fragment_decides_about_retries(
    sim: TwilioSimulator, host: Host, fragment: str, answers: list[httpx.Response | Exception], attempts: int
) -> None:
    sim.connect(f"http://host.test/hook{fragment}")
    host.answers.extend(answers)
    await sim.phone("Zoe").says("hello")

    assert len(host.requests) == sim.webhook_calls[0].attempts == attempts
    assert len({one.headers["I-Twilio-Idempotency-Token"] for one in host.requests}) == 1


async def test_time_outs_come_from_the_fragment(sim: TwilioSimulator, host: Host) -> None:
    sim.connect("http://host.test/hook#ct=700&rt=2500&tt=99")
    await sim.phone("Zoe").says("hello")

    timeout = host.requests[0].extensions["timeout"]

    assert (timeout["connect"], timeout["read"]) == (0.7, 2.5)


async def test_the_fallback_address_is_asked_when_the_first_fails(sim: TwilioSimulator, host: Host) -> None:
    sim.sender.webhook.fallback_url = "http://host.test/fallback"
    host.answers.append(httpx.Response(500))
    await sim.phone("Zoe").says("hello")

    assert str(host.requests[1].url) == "http://host.test/fallback"
    assert host.forms[1]["ErrorCode"] == "11200"


@pytest.mark.parametrize(
    ("answer", "heard", "alerts"),
    [
        (httpx.Response(204), [], []),
        (httpx.Response(200, text="<Response/>", headers=XML), [], []),
        (httpx.Response(200, text="<Response><Message>one</Message></Response>", headers=XML), ["one"], []),
        (
            httpx.Response(200, text="<Response><Message><Body>a &amp; b</Body></Message></Response>", headers=XML),
            ["a & b"],
            [],
        ),
        (httpx.Response(200, text="OK", headers={"content-type": "text/plain"}), ["OK"], []),
        (httpx.Response(200, json={"ok": True}), [], [12300]),
        (httpx.Response(200, text="<Response>", headers=XML), [], [12100]),
        (httpx.Response(200, text="<html/>", headers=XML), [], [12100]),
        (httpx.Response(200, text="<Response><Shout/></Response>", headers=XML), [], [12200]),
        (httpx.Response(200, text=f"<Response><!--{'x' * 65536}--></Response>", headers=XML), [], [11750]),
        (httpx.Response(403), [], [11200]),
    ],
)
async def test_the_webhooks_answer_is_read_as_twiml(
    sim: TwilioSimulator, host: Host, answer: httpx.Response, heard: list[str], alerts: list[int]
) -> None:
    zoe = sim.phone("Zoe")
    host.answers.append(answer)
    await zoe.says("hello")
    await sim.settle()

    assert [one.text for one in zoe.heard()] == heard
    assert [one.code for one in sim.alerts] == alerts


async def test_advanced_opt_out_answers_itself_and_blocks_sending(sim: TwilioSimulator, api: Api, host: Host) -> None:
    sim.sender.advanced_opt_out = True
    zoe = sim.phone("Zoe")
    await zoe.says("Stop")

    assert host.forms[-1]["OptOutType"] == "STOP"
    assert "unsubscribed" in zoe.heard()[-1].text
    assert (await api.send(zoe.address)).json()["code"] == 21610

    await zoe.says("START")

    assert (await api.send(zoe.address)).status_code == 201


async def test_two_accounts_with_one_person_keep_apart(sim: TwilioSimulator, host: Host) -> None:
    other = sim.add_sender("+16465550100", account=sim.add_account("Other"))
    sim.connect("http://other.test/hook", sender=other)
    zoe = sim.phone("Zoe")
    await zoe.says("to the first")
    zoe.writes_to(other)
    await zoe.says("to the other")

    assert [one.url.host for one in host.requests] == ["host.test", "other.test"]
    assert host.forms[0]["ExternalUserId"] != host.forms[1]["ExternalUserId"]
    assert RequestValidator(other.account.token).validate(
        "http://other.test/hook", host.forms[1], host.requests[1].headers["X-Twilio-Signature"]
    )


def test_phones_are_the_same_for_the_same_name_and_never_share_a_number(sim: TwilioSimulator) -> None:
    zoe = sim.phone("Zoe", "whatsapp:+12025550101")

    assert sim.phone("Zoe") is zoe
    assert len({sim.phone(f"Person {number}").number for number in range(1500)}) == 1500
    with pytest.raises(ValueError, match="belongs to Zoe"):
        sim.phone("Imposter", "+12025550101")
    with pytest.raises(ValueError, match="is not a phone number"):
        sim.phone("Sam", "sam")
