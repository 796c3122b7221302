"""The binding API: the guide's four endpoints, and everything that can be wrong with what they are given."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.world import ADMIN, OWNER, PUBLIC, Agent, Found, World
from trinity_channels import texts
from trinity_channels.api import Fault
from trinity_channels.store import audit
from trinity_channels.web.auth import Role

PATH = "/api/agents/support/whatsapp"
SHOWN = {
    "agent_name",
    "configured",
    "account_sid",
    "from_number",
    "messaging_service_sid",
    "display_name",
    "is_sandbox",
    "webhook_url",
    "warning",
}


@pytest.fixture
async def bare(found: Found) -> World:
    """A world whose agent is connected to nothing."""
    return await found(connected=False)


# --- the guide, word for word ---


async def test_an_agent_without_whatsapp_says_so(bare: World) -> None:
    answer = await bare.api("GET", PATH)

    assert answer.status_code == 200
    assert answer.json().keys() >= SHOWN
    assert (answer.json()["agent_name"], answer.json()["configured"]) == ("support", False)


async def test_the_guides_commands_work(bare: World) -> None:
    path = "/api/agents/my-agent/whatsapp"
    given = bare.twilio.settings(sandbox=True)
    tester = bare.person("Tester", "+15551234567")
    await tester.phone.joins_sandbox()

    connected = await bare.api("PUT", path, dict(given))
    status = await bare.api("GET", path)
    verified = await bare.api("POST", f"{path}/test", {})
    to = {"to_number": "whatsapp:+15551234567", "message": "Test from Trinity"}
    sent = await bare.api("POST", f"{path}/test", to)
    await bare.settle()
    removed = await bare.api("DELETE", path)

    assert [one.status_code for one in (connected, status, verified, sent, removed)] == [200] * 5
    assert status.json() == connected.json()
    assert status.json()["from_number"] == "whatsapp:+14155238886"
    assert status.json()["is_sandbox"] is True
    assert status.json()["webhook_url"].startswith(f"{PUBLIC}/api/whatsapp/webhook/")
    assert (verified.json()["ok"], sent.json()["ok"]) == (True, True)
    assert tester.last() == "Test from Trinity"


async def test_a_test_without_words_sends_a_hello(world: World) -> None:
    tester = world.person("Tester")
    await tester.says("hi")

    await world.api("POST", f"{PATH}/test", {"to_number": tester.phone.address})
    await world.settle()

    assert tester.last().startswith("Hello! This is a test message")


# --- what is given ---


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"account_sid": "AC123"}, "account_sid"),
        ({"account_sid": "SK" + "0" * 32}, "account_sid"),
        ({"account_sid": "AC" + "g" * 32}, "account_sid"),
        ({"account_sid": 5}, "account_sid"),
        ({"account_sid": None}, "account_sid"),
        ({"auth_token": ""}, "auth_token"),
        ({"auth_token": None}, "auth_token"),
        ({"auth_token": ["x"]}, "auth_token"),
        ({"from_number": "14155238886"}, "from_number"),
        ({"from_number": "whatsapp:+0123456789"}, "from_number"),
        ({"from_number": "whatsapp:+1415523888٦"}, "from_number"),
        ({"from_number": "sms:+14155238886"}, "from_number"),
        ({"messaging_service_sid": "MG1"}, "messaging_service_sid"),
        ({"colour": "blue"}, "colour"),
        ({"webhook_url": "https://example.org"}, "webhook_url"),
    ],
)
async def test_a_wrong_setting_is_named_and_nothing_is_saved(bare: World, change: dict[str, Any], field: str) -> None:
    answer = await bare.connect(**change)

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert set(answer.json()) == {"code", "message", "field"}
    assert (await bare.binding())["configured"] is False


@pytest.mark.parametrize("missing", ["account_sid", "auth_token", "from_number"])
async def test_a_missing_setting_is_named(bare: World, missing: str) -> None:
    given = {name: value for name, value in bare.twilio.settings().items() if name != missing}

    answer = await bare.api("PUT", PATH, given)

    assert (answer.status_code, answer.json()["field"]) == (422, missing)
    assert answer.json()["message"] == f"{missing} is missing."


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'"x"', b"null", b"\xff\xfe", b"[" * 5000])
async def test_what_is_no_json_object_is_refused(world: World, method: str, body: bytes) -> None:
    headers = {"Authorization": "Bearer fake-admin-token-for-tests", "Content-Type": "application/json"}
    path = PATH if method == "PUT" else f"{PATH}/test"

    answer = await world.http.request(method, f"{PUBLIC}{path}", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"].partition("_")[0]) == (422, "invalid")
    assert (await world.binding())["configured"] is True


@pytest.mark.parametrize("path", ["", "/test"])
@pytest.mark.parametrize("body", [b'{"\\ud800": 1}', b'{"auth_token": "\\ud800"}', b'{"message": ["\\udfff"]}'])
async def test_half_a_character_is_refused_before_anything_is_done_with_it(
    world: World, path: str, body: bytes
) -> None:
    headers = {"Authorization": "Bearer fake-admin-token-for-tests", "Content-Type": "application/json"}
    method = "POST" if path else "PUT"

    answer = await world.http.request(method, f"{PUBLIC}{PATH}{path}", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_spaces_around_what_is_pasted_do_not_matter(bare: World) -> None:
    padded = {name: f"  {value}\n" for name, value in bare.twilio.settings().items()}

    assert (await bare.connect(**padded)).status_code == 200


async def test_twilios_refusal_is_told_in_twilios_words(bare: World) -> None:
    answer = await bare.connect(auth_token="0" * 32)

    assert (answer.status_code, answer.json()["code"]) == (400, "refused_by_provider")
    assert "Authenticate" in answer.json()["message"]


async def test_a_suspended_account_is_refused(bare: World) -> None:
    account = bare.twilio.add_account("Closed", status="suspended")
    sender = bare.twilio.add_sender("+16285550122", account=account)

    assert (await bare.connect(**bare.twilio.settings(sender=sender))).status_code == 400


async def test_twilio_out_of_reach_is_not_the_owners_fault(bare: World) -> None:
    async def down(*_: object) -> None:
        raise httpx.ConnectError("no route to host")

    pattern = next(one for one in bare.http._mounts if one.matches(httpx.URL("http://twilio.simulator/x")))
    bare.http._mounts[pattern] = httpx.ASGITransport(down)

    answer = await bare.connect()

    assert (answer.status_code, answer.json()["code"]) == (502, "provider_unavailable")
    assert "Try again" in answer.json()["message"]
    assert (await bare.binding())["configured"] is False


# --- one account, one agent ---


async def test_an_account_belongs_to_one_agent(world: World) -> None:
    """The admin manages both, so the conflict is named; a stranger learns only that there is one."""
    by_admin = await world.connect("sales")
    stranger = await world.token(Role.USER, "sales@example.org")
    by_other = await world.api("PUT", "/api/agents/sales/whatsapp", dict(world.twilio.settings()), token=stranger)

    assert (by_admin.status_code, by_admin.json()["agent"]) == (409, "support")
    assert (by_other.status_code, by_other.json()["code"]) == (409, "account_in_use")
    assert "support" not in by_other.text
    assert (await world.binding("sales"))["configured"] is False


async def test_a_freed_account_can_move_to_another_agent(world: World) -> None:
    await world.api("DELETE", PATH)

    assert (await world.connect("sales")).status_code == 200
    back = await world.connect("support")
    assert (back.status_code, back.json()["agent"]) == (409, "sales")


# --- saving again ---


async def test_saving_again_keeps_the_token_and_the_webhook(world: World) -> None:
    before = await world.webhook()
    again = {name: value for name, value in world.twilio.settings().items() if name != "auth_token"}

    answer = await world.api("PUT", PATH, again)

    assert (answer.status_code, answer.json()["webhook_url"]) == (200, before)
    assert (await world.posts(before, world.inbound())).status_code == 200


async def test_an_empty_token_field_of_a_form_keeps_the_token(world: World) -> None:
    assert (await world.connect(auth_token="")).status_code == 200


@pytest.mark.parametrize(
    "change", [{"auth_token": "0" * 32}, {"from_number": "x"}, {"account_sid": "AC" + "f" * 32}, {"colour": 1}]
)
async def test_a_failed_change_leaves_everything_as_it_was(world: World, change: dict[str, Any]) -> None:
    await world.policy("open")
    before = await world.binding()

    assert (await world.connect(**change)).status_code in {400, 422}

    assert await world.binding() == before
    zoe = world.person("Zoe")
    await zoe.says("still there?")
    assert zoe.heard() == ["echo still there?"]


async def test_rotating_makes_the_old_address_unknown(world: World) -> None:
    await world.policy("open")
    old = await world.webhook()

    new = (await world.api("POST", f"{PATH}/rotate-webhook")).json()["webhook_url"]

    assert new != old
    assert (await world.posts(old, world.inbound("lost"))).status_code == 200  # as for any unknown key
    await world.posts(new, world.inbound("found"))
    clients = (await world.api("GET", "/api/agents/support/clients")).json()
    assert [one["message_count"] for one in clients] == [1]


async def test_disconnecting_keeps_people_and_history_and_says_so(found: Found, agent: Agent) -> None:
    world = await found(agents=agent)
    zoe = world.person("Zoe")
    await world.shares("zoe@example.org")
    await zoe.verifies("zoe@example.org")
    await zoe.says("remember swordfish")

    gone = await world.api("DELETE", PATH)
    again = await world.api("DELETE", PATH)
    assert "kept" in gone.json()["message"]
    assert (again.status_code, again.json()["code"]) == (404, "not_connected")
    await zoe.says("anybody?")
    assert len(agent.turns) == 1

    await world.connect()
    await zoe.says("what was it?")
    assert zoe.last() == "echo what was it?"
    assert [message.text for message in agent.turns[-1].history] == ["remember swordfish", "echo remember swordfish"]


async def test_after_disconnecting_the_token_is_forgotten(world: World) -> None:
    await world.api("DELETE", PATH)
    given = {name: value for name, value in world.twilio.settings().items() if name != "auth_token"}

    assert (await world.api("PUT", PATH, given)).json()["field"] == "auth_token"


@pytest.mark.parametrize(
    ("method", "path", "body"), [("DELETE", "", None), ("POST", "/test", {}), ("POST", "/rotate-webhook", None)]
)
async def test_what_is_not_connected_cannot_be_used(bare: World, method: str, path: str, body: object) -> None:
    answer = await bare.api(method, f"{PATH}{path}", body)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_connected")


# --- trying out ---


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"to_number": "+15551234567"}, "to_number"),
        ({"to_number": "whatsapp:+1"}, "to_number"),
        ({"to_number": ""}, "to_number"),
        ({"to_number": 15551234567}, "to_number"),
        ({"to_number": "whatsapp:+15551234567", "message": 5}, "message"),
        ({"to_number": "whatsapp:+15551234567", "message": False}, "message"),
        ({"to_number": "whatsapp:+15551234567", "message": []}, "message"),
        ({"to_number": "whatsapp:+15551234567", "message": "x" * 5000}, "message"),
        ({"to_nubmer": "whatsapp:+15551234567"}, "to_nubmer"),
        ({"message": "Test from Trinity"}, "to_number"),  # not "The credentials work."
    ],
)
async def test_a_test_that_cannot_be_meant_is_refused(world: World, body: dict[str, Any], field: str) -> None:
    answer = await world.api("POST", f"{PATH}/test", body)

    assert (answer.status_code, answer.json().get("field")) == (422, field)


@pytest.mark.parametrize("path", [PATH, "/api/agents/support/access-policy"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [('{"policy": "open"}', "application/x-www-form-urlencoded"), ("[]", "application/json"), ("", "application/json")],
)
async def test_a_body_that_is_no_json_object_is_explained(world: World, path: str, content: str, kind: str) -> None:
    """A curl without its Content-Type is what people try first."""
    headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": kind}

    answer = await world.http.put(f"{PUBLIC}{path}", content=content, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["message"] == "Send a JSON object, with Content-Type: application/json."


async def test_ten_test_messages_an_hour(world: World) -> None:
    tester = world.person("Tester")
    await tester.says("hi")
    body = {"to_number": tester.phone.address}
    for _ in range(10):
        assert (await world.api("POST", f"{PATH}/test", body)).json()["ok"] is True
    await world.later(minutes=15)

    refused = await world.api("POST", f"{PATH}/test", body)

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tests")
    assert refused.headers["retry-after"] == str(45 * 60)
    assert (await world.api("POST", f"{PATH}/test", {})).status_code == 200  # verifying writes to nobody

    await world.later(minutes=45)
    assert (await world.api("POST", f"{PATH}/test", body)).status_code == 200


@pytest.mark.parametrize(("fault", "status"), [(Fault.UNAUTHORIZED, 200), (Fault.RATE_LIMITED, 200), (Fault.SLOW, 502)])
async def test_a_test_message_that_fails_says_why(world: World, fault: Fault, status: int) -> None:
    world.fails(fault)

    answer = await world.api("POST", f"{PATH}/test", {"to_number": "whatsapp:+15551234567"})

    assert answer.status_code == status
    assert answer.json().get("ok", False) is False
    assert answer.json()["message"]


# --- secrets ---


async def test_no_secret_is_ever_answered_or_stored_in_clear(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("/login zoe@example.org")
    key = (await world.webhook()).rpartition("/")[2]
    secrets = [world.twilio.account.token, world.code("zoe@example.org"), "fake-admin-token-for-tests"]

    answers = [
        (await world.connect()).text,
        (await world.connect(auth_token="0" * 32)).text,
        (await world.connect(account_sid=world.twilio.account.token)).text,
        (await world.api("GET", PATH)).text,
        (await world.api("POST", f"{PATH}/test", {})).text,
        (await world.api("GET", "/api/channels")).text,
        (await world.http.get(f"{PUBLIC}/openapi.json")).text,
    ]
    await world.stops()
    at_rest = b"".join(file.read_bytes() for file in world.folder.iterdir() if file.is_file())

    assert [secret for secret in secrets if any(secret in answer for answer in answers)] == []
    assert [secret for secret in [*secrets, key] if secret.encode() in at_rest] == []
    assert b"zoe@example.org" in at_rest, "or this looked into the wrong files"


async def test_everything_is_on_record(world: World) -> None:
    owner = await world.token(Role.USER, OWNER)
    await world.api("PUT", PATH, dict(world.twilio.settings()), token=owner)
    await world.api("POST", f"{PATH}/rotate-webhook", token=owner)
    await world.api("POST", f"{PATH}/test", {"to_number": "whatsapp:+15551234567"}, token=owner)
    await world.api("POST", "/api/agents/support/share", {"email": "zoe@example.org"}, token=owner)
    await world.api("DELETE", PATH, token=owner)

    entries = await world.host.store.read(lambda tx: audit.entries(tx, "support"))

    done = [entry.action for entry in reversed(entries) if entry.actor == f"user:{OWNER}"]
    assert done == ["connect", "rotate_webhook", "test_send", "share", "disconnect"]
    assert "+1555" not in str(entries)


async def test_signing_in_is_on_record(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("/logout")

    entries = await world.host.store.read(lambda tx: audit.entries(tx, "support"))

    assert {"login", "logout"} <= {entry.action for entry in entries}
    assert zoe.last() == texts.LOGGED_OUT
