from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from trinity_channels_whatsapp.simulator import Phone, TwilioSimulator
from trinity_channels_whatsapp.simulator.templates import Template

if TYPE_CHECKING:
    from conftest import Api, Host

NEW = {
    "friendly_name": "order",
    "language": "en",
    "variables": {"1": "name"},
    "types": {"twilio/text": {"body": "Hi {{1}}, your order has come."}},
}


async def send(api: Api, phone: Phone, template: Template, variables: dict[str, str] | None = None) -> httpx.Response:
    extra = {} if variables is None else {"ContentVariables": json.dumps(variables)}
    return await api.send(phone.address, body="", ContentSid=template.sid, **extra)


async def test_an_approved_template_arrives_outside_the_window(sim: TwilioSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    await send(api, zoe, sim.add_template("order", "Hi {{1}}, all of {{2}}."), {"1": "Zoe", "2": "it"})
    await sim.settle()

    assert [(one.text, one.ticks) for one in zoe.heard()] == [("Hi Zoe, all of it.", 3)]


async def test_a_missing_value_shows_the_templates_sample(sim: TwilioSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    await send(api, zoe, sim.add_template("order", "Hi {{1}} {{2}}", variables={"1": "name"}))

    assert zoe.heard()[0].text == "Hi name {{2}}"


@pytest.mark.parametrize(
    ("status", "code"),
    [("unsubmitted", "63016"), ("pending", "63016"), ("rejected", "63040"), ("paused", "63041"), ("disabled", "63042")],
)
async def test_without_approval_it_arrives_inside_the_window_only(
    sim: TwilioSimulator, api: Api, host: Host, status: str, code: str
) -> None:
    zoe = sim.phone("Zoe")
    template = sim.add_template("order", "Hello", status=status)
    await send(api, zoe, template)
    await sim.settle()
    assert host.forms[-1]["ErrorCode"] == code

    await zoe.says("hi")
    await send(api, zoe, template)
    await sim.settle()
    assert host.statuses[-1] == "read"


async def test_a_list_cannot_start_a_conversation(sim: TwilioSimulator, api: Api, host: Host) -> None:
    await send(api, sim.phone("Zoe"), sim.add_template("menu", "Choose", kind="twilio/list-picker"))
    await sim.settle()

    assert host.forms[-1]["ErrorCode"] == "63016"


@pytest.mark.parametrize(("value", "code"), [("a\nb", "63013"), ("a     b", "63013"), ("x" * 1100, "63021")])
async def test_values_that_whatsapp_does_not_take(
    sim: TwilioSimulator, api: Api, host: Host, value: str, code: str
) -> None:
    await send(api, sim.phone("Zoe"), sim.add_template("order", "Hi {{1}}"), {"1": value})
    await sim.settle()

    assert host.forms[-1]["ErrorCode"] == code


@pytest.mark.parametrize("variables", ["no json", '["x"]', '{"1": 1}'])
async def test_variables_are_an_object_of_strings(sim: TwilioSimulator, api: Api, variables: str) -> None:
    template = sim.add_template("order", "Hi {{1}}")

    refused = await api.send(sim.phone("Zoe").address, body="", ContentSid=template.sid, ContentVariables=variables)

    assert refused.json()["code"] == 21656


async def test_a_template_is_made_submitted_and_then_approved(sim: TwilioSimulator, api: Api) -> None:
    made = (await api.client.post("/v1/Content", json=NEW)).json()
    before = (await api.client.get(made["links"]["approval_fetch"])).json()["whatsapp"]
    asked = await api.client.post(made["links"]["approval_create"], json={"name": "order", "category": "UTILITY"})
    sim.account.templates[made["sid"]].approval.status = "approved"
    after = (await api.client.get(made["links"]["approval_fetch"])).json()["whatsapp"]

    assert (made["date_created"], made["types"]) == ("2026-11-22T12:00:00Z", NEW["types"])
    assert before["status"] == "unsubmitted"
    assert (asked.status_code, asked.json()["status"]) == (201, "received")
    assert (after["status"], after["name"], after["content_type"]) == ("approved", "order", "twilio/text")


async def test_templates_are_listed_in_pages_with_their_approval(sim: TwilioSimulator, api: Api) -> None:
    for number in range(3):
        sim.add_template(f"t{number}", "x")
    first = (await api.client.get("/v1/ContentAndApprovals", params={"PageSize": 3})).json()
    second = (await api.client.get(first["meta"]["next_page_url"])).json()
    plain = (await api.client.get("/v1/Content")).json()

    names = [one["friendly_name"] for one in (*first["contents"], *second["contents"])]
    assert names == ["sandbox_appointment_reminder", "t0", "t1", "t2"]
    assert first["contents"][0]["approval_requests"]["status"] == "approved"
    assert second["meta"]["next_page_url"] is None
    assert "approval_requests" not in plain["contents"][0]


async def test_a_deleted_template_is_gone(sim: TwilioSimulator, api: Api) -> None:
    template = sim.add_template("order", "x")

    assert (await api.client.get(f"/v1/Content/{template.sid}")).json()["sid"] == template.sid
    assert (await api.client.delete(f"/v1/Content/{template.sid}")).status_code == 204
    assert (await api.client.get(f"/v1/Content/{template.sid}")).json()["code"] == 20404


@pytest.mark.parametrize("body", [{}, {"types": {}, "language": "en"}, {"types": {"twilio/text": {}}}])
async def test_a_template_needs_types_and_a_language(api: Api, body: dict[str, object]) -> None:
    assert (await api.client.post("/v1/Content", json=body)).json()["code"] == 20422


async def test_approval_needs_a_name_and_a_known_category(sim: TwilioSimulator, api: Api) -> None:
    template = sim.add_template("order", "x", status="unsubmitted")
    url = f"/v1/Content/{template.sid}/ApprovalRequests/whatsapp"

    assert (await api.client.post(url, json={"name": "order", "category": "FUN"})).json()["code"] == 20422
