from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trinity_channels_contract_tests.testing import loads_its_own_files_only
from trinity_channels_whatsapp.simulator import TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api
    from trinity_channels_contract_tests.testing import HostStandIn as Host


async def test_the_page_loads_its_own_files_only(api: Api) -> None:
    await loads_its_own_files_only(api.client, "WhatsApp")


async def test_people_are_added_and_talk(sim: TwilioSimulator, api: Api, host: Host) -> None:
    added = await api.client.post("/phones", json={"name": " Zoe / Sam "})
    said = await api.client.post("/phones/Zoe%20%2F%20Sam/say", json={"text": "hello"})
    await sim.settle()
    seen = (await api.client.get("/phones/Zoe%20%2F%20Sam/messages")).json()

    assert (added.status_code, said.status_code) == (201, 202)
    assert (await api.client.get("/phones")).json() == {"phones": [added.json()]}
    assert host.forms[0]["Body"] == "hello"
    assert [(one["text"], one["mine"], one["ticks"]) for one in seen["messages"]] == [("hello", True, 2)]


async def test_buttons_can_be_tapped(sim: TwilioSimulator, api: Api, host: Host) -> None:
    zoe = sim.phone("Zoe")
    template = sim.add_template("ask", "Courier?", buttons={"Yes": "y"}, kind="twilio/quick-reply")
    await api.send(zoe.address, body="", ContentSid=template.sid, StatusCallback="")
    await api.client.post("/phones/Zoe/say", json={"button": "Yes"})
    await sim.settle()

    assert host.forms[-1]["ButtonPayload"] == "y"


async def test_only_a_button_that_is_offered_can_be_tapped(sim: TwilioSimulator, api: Api) -> None:
    sim.phone("Zoe")

    assert (await api.client.post("/phones/Zoe/say", json={"button": "not offered"})).status_code == 400


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("photo", "MediaContentType0", "image/jpeg"),
        ("voice", "MediaContentType0", "audio/ogg"),
        ("file", "MediaContentType0", "application/pdf"),
        ("place", "Label", "Market Hall"),
    ],
)
async def test_what_people_send_reaches_the_host(
    sim: TwilioSimulator, api: Api, host: Host, kind: str, field: str, value: str
) -> None:
    sim.phone("Zoe")

    sent = await api.client.post("/phones/Zoe/send", json={"kind": kind})
    await sim.settle()

    assert sent.status_code == 202
    assert host.forms[0][field] == value


async def test_a_sent_photo_can_be_seen_and_never_runs(sim: TwilioSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    await zoe.sends_media(b"<script>alert(1)</script>", "text/html")

    file = await api.client.get(f"/phones/Zoe/files/{zoe.bubbles[0].sid}")

    assert file.content == b"<script>alert(1)</script>"
    assert file.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (await api.client.get("/phones/Zoe/files/MM0")).status_code == 404


async def test_a_fault_that_is_on_strikes_every_second_send(sim: TwilioSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hello")

    await api.client.post("/switches/rate_limited", json={"on": True})
    on = [(await api.send(zoe.address)).status_code for _ in range(4)]
    await api.client.post("/switches/rate_limited", json={"on": False})
    off = [(await api.send(zoe.address)).status_code for _ in range(2)]

    assert (on, off) == ([429, 201, 429, 201], [201, 201])
    assert {one["name"]: one["on"] for one in (await api.client.get("/switches")).json()["switches"]} == dict.fromkeys(
        ("rate_limited", "server_error", "cut_before", "cut_after", "duplicate", "disorder"), False
    )


async def test_duplicates_and_disorder_are_switches(sim: TwilioSimulator, api: Api, host: Host) -> None:
    zoe = sim.phone("Zoe")
    for name in ("duplicate", "disorder"):
        assert (await api.client.post(f"/switches/{name}", json={"on": True})).json()["on"] is True

    await zoe.says("hello")
    await api.send(zoe.address, StatusCallback="https://host.test/status")
    await sim.settle()

    assert [one["Body"] for one in host.forms if "Body" in one] == ["hello", "hello"]
    assert host.statuses == ["read", "read", "delivered", "delivered", "sent", "sent"]
