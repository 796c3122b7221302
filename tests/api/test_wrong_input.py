"""What a binding cannot be connected with is named, by us or in the words of the provider, and changes nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.world import ADMIN, PUBLIC, TWILIO, World

PATH = "/api/agents/support/whatsapp"


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
    assert set(answer.json()) == {"code", "message", "detail", "field"}
    assert (await bare.binding())["configured"] is False


@pytest.mark.parametrize("name", ["12:fake-token-as-a-name", "auth_tokn", "x" * 500, ""])
async def test_the_message_about_an_unknown_setting_tells_the_known_ones(bare: World, name: str) -> None:
    answer = await bare.connect(**{name: "blue", f"{name}2": "blue"})

    known = "account_sid, auth_token, from_number, messaging_service_sid, sandbox_keyword, auth_token_secondary"
    assert answer.status_code == 422
    assert answer.json()["message"] == f"There is an unknown field. Known are: {known}."


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

    bare.network.serve({TWILIO: down})

    answer = await bare.connect()

    assert (answer.status_code, answer.json()["code"]) == (502, "provider_unavailable")
    assert "Try again" in answer.json()["message"]
    assert (await bare.binding())["configured"] is False
