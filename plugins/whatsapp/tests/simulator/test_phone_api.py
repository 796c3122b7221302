from __future__ import annotations

from typing import TYPE_CHECKING

from trinity_channels_whatsapp.simulator import TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api, Host


async def test_the_page_loads_its_own_files_only(api: Api) -> None:
    page = await api.client.get("/")

    assert "Simulator — not WhatsApp" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert "<style" not in page.text
    assert "style=" not in page.text
    for file in ("phone.css", "phone.js", "format.js", "icon.svg"):
        assert (await api.client.get(f"/page/{file}")).status_code == 200
    assert (await api.client.get("/page/index.html")).status_code == 404


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
