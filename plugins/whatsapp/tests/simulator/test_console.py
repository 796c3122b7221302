"""Twilio's console beside the phone: credentials to copy, webhooks to enter, and what phones offer for each sender."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trinity_channels_whatsapp.simulator import TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api, Host

OWN, SANDBOX = "whatsapp:+16285550100", "whatsapp:+14155238886"
URL = "http://host.test/api/whatsapp/webhook/other"


async def test_the_console_has_what_the_guide_says_to_copy(sim: TwilioSimulator, api: Api) -> None:
    pages = (await api.client.get("/console")).json()["pages"]

    assert {one["title"]: one["values"] for one in pages} == {
        "Account: Simulated business": {"Account SID": sim.account.sid, "Auth Token": sim.account.token},
        "Sender +16285550100": {"WhatsApp From Number": OWN},
        "Sandbox": {"WhatsApp From Number": SANDBOX, "What testers send first": "join silver-otter"},
    }


@pytest.mark.parametrize(
    ("connected", "chat", "joined", "offered"),
    [
        ((OWN,), OWN, False, {}),
        ((OWN,), OWN, True, {}),
        ((), OWN, False, {}),
        ((SANDBOX,), OWN, False, {"join_sandbox": "Join the sandbox"}),
        ((OWN, SANDBOX), OWN, False, {"join_sandbox": "Join the sandbox"}),
        ((OWN, SANDBOX), OWN, True, {"write_to:+14155238886": "Write to +14155238886"}),
        ((SANDBOX,), SANDBOX, False, {"join_sandbox": "Join the sandbox"}),
        ((SANDBOX,), SANDBOX, True, {"leave_sandbox": "Leave the sandbox"}),
        (
            (OWN, SANDBOX),
            SANDBOX,
            True,
            {"leave_sandbox": "Leave the sandbox", "write_to:+16285550100": "Write to +16285550100"},
        ),
        (
            (OWN,),
            SANDBOX,
            False,
            {"join_sandbox": "Join the sandbox", "write_to:+16285550100": "Write to +16285550100"},
        ),
    ],
)
async def test_a_phone_offers_what_a_sender_with_a_webhook_can_do(
    sim: TwilioSimulator, api: Api, connected: tuple[str, ...], chat: str, joined: bool, offered: dict[str, str]
) -> None:
    zoe = sim.phone("Zoe")
    if joined:
        await zoe.joins_sandbox()
    zoe.writes_to(sim.account.senders[chat])
    sim.connect("")
    for address in connected:
        sim.connect(URL, sender=sim.account.senders[address])

    seen = (await api.client.get("/phones/Zoe/messages")).json()

    assert seen["actions"] == offered
    assert seen["with"]["address"] == chat.removeprefix("whatsapp:")


async def test_people_join_the_sandbox_leave_it_and_come_back(sim: TwilioSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    sim.connect(URL, sender=sim.account.sandbox)
    states = []
    for action in ("join_sandbox", "leave_sandbox", "write_to:+16285550100"):
        assert (await api.client.post("/phones/Zoe/act", json={"action": action})).status_code == 202
        await sim.settle()
        states.append((await api.client.get("/phones/Zoe/messages")).json()["state"])

    assert states == ["joined the sandbox", "not in the sandbox", ""]
    assert zoe.chat is sim.sender
    for action in ("leave_sandbox", "write_to:+16285550100", "write_to:", "write_to:+1"):
        assert (await api.client.post("/phones/Zoe/act", json={"action": action})).status_code == 400


async def test_new_people_write_to_the_sender_that_is_connected(sim: TwilioSimulator) -> None:
    before = sim.phone("Ann")
    sim.connect("")
    sim.connect(URL, sender=sim.account.sandbox)

    assert (before.chat, sim.phone("Zoe").chat) == (sim.sender, sim.account.sandbox)


async def test_an_entered_webhook_gets_the_messages(sim: TwilioSimulator, api: Api, host: Host) -> None:
    page = f"/console/{sim.account.sandbox.sid}"

    entered = await api.client.post(page, json={"url": f" {URL} "})
    await sim.phone("Zoe").joins_sandbox()
    await sim.phone("Zoe").says("hello")
    removed = await api.client.post(page, json={"url": ""})
    await sim.phone("Zoe").says("again")

    assert (entered.json()["webhook_url"], removed.json()["webhook_url"]) == (URL, "")
    assert [(str(one.url), form["Body"]) for one, form in zip(host.requests, host.forms, strict=True)] == [
        (URL, "hello")
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"url": "host.test/hook"},
        {"url": "ftp://host.test/"},
        {"url": "https://"},
        {"url": "https://[::1/"},
        {"url": "https://host.test:0/"},
        {"url": "https://host.test:x/"},
        {"url": "https://host.test/a b"},
        {"url": "https://host.test/a\nb"},
        {"url": "https://höst.test/"},
        {"url": "https://host.test/" + "a" * 2_000},
        {"url": None},
        {"url": ["https://host.test/"]},
        {},
        {"action": "regenerate"},
        {"action": ["regenerate"]},
    ],
)
async def test_what_is_no_webhook_url_is_refused(sim: TwilioSimulator, api: Api, given: dict[str, object]) -> None:
    before = sim.sender.webhook.callback_url

    answer = await api.client.post(f"/console/{sim.sender.sid}", json=given)

    assert answer.status_code == 400
    assert answer.json()["message"]
    assert sim.sender.webhook.callback_url == before


async def test_a_regenerated_token_replaces_the_old_one(sim: TwilioSimulator, api: Api) -> None:
    old = sim.account.token

    answer = await api.client.post(f"/console/{sim.account.sid}", json={"action": "regenerate"})

    assert answer.json()["values"]["Auth Token"] == sim.account.token != old
    assert (await api.send("whatsapp:+15550001111")).status_code == 401
    assert (await api.client.post(f"/console/{sim.account.sid}", json={"url": URL})).status_code == 400
    assert (await api.client.post("/console/XE0", json={"url": URL})).status_code == 404


async def test_a_wrong_webhook_url_is_told_in_the_console(sim: TwilioSimulator, api: Api) -> None:
    sim.phone("Zoe")
    form = {"as": "Zoe", "url": "chat.example.org"}
    name = next(
        one["name"] for one in (await api.client.get("/console")).json()["pages"] if one["webhook_url"] is not None
    )

    page = await api.client.post(f"/console/{name}", data=form, headers={"Sec-Fetch-Site": "same-origin"})

    assert page.status_code == 400
    before, _, console = page.text.partition('class="card console"')
    assert "Enter the whole webhook URL" in console
    assert "Enter the whole webhook URL" not in before
    assert page.text.count('hx-target="#console-') > 0
