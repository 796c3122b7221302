"""The public address, the channels, the policy in both its forms."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.world import ADMIN, PUBLIC, World
from trinity_channels.web.auth import Role

URL = "/api/settings/public_chat_url"
POLICY = "/api/agents/support/access-policy"
DISCLOSURE = "/api/agents/support/disclosure"


async def test_the_public_address_is_brought_to_one_spelling(world: World) -> None:
    answer = await world.api("PUT", URL, {"value": " HTTPS://Other.Example.ORG:443/ "})

    assert (answer.json()["value"], answer.json()["warning"]) == ("https://other.example.org", None)
    assert (await world.api("GET", URL)).json()["value"] == "https://other.example.org"


async def test_webhook_urls_follow_at_once(world: World) -> None:
    key = (await world.webhook()).rpartition("/")[2]

    await world.api("PUT", URL, {"value": "https://other.example.org/trinity"})

    assert await world.webhook() == f"https://other.example.org/trinity/api/whatsapp/webhook/{key}"


async def test_signatures_follow_at_once(world: World) -> None:
    old = await world.webhook()
    await world.api("PUT", URL, {"value": "https://other.example.org"})
    new = await world.webhook()

    answers = [await world.posts(old, world.inbound(), signed_for=signed) for signed in (old, new)]

    assert [answer.status_code for answer in answers] == [403, 200]


@pytest.mark.parametrize(
    "value",
    ["chat.example.org", "ftp://example.org", "https://", "https://u:p@example.org", "https://a b", "/x", "http"],
)
async def test_a_wrong_address_changes_nothing(world: World, value: str) -> None:
    answer = await world.api("PUT", URL, {"value": value})

    assert (answer.status_code, answer.json()["field"]) == (422, "value")
    assert (await world.api("GET", URL)).json()["value"] == PUBLIC


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": 5}, {"valeu": "x"}, []])
async def test_a_wrong_body_is_refused(world: World, body: object) -> None:
    answer = await world.api("PUT", URL, body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(("value", "warning"), [("", "public_chat_url is not set"), ("http://example.org", "https://")])
async def test_an_address_that_cannot_work_is_warned_about(world: World, value: str, warning: str) -> None:
    answer = await world.api("PUT", URL, {"value": value})

    assert answer.status_code == 200
    assert warning in answer.json()["warning"]


async def test_only_an_admin_changes_it(world: World) -> None:
    for role, subject in ((Role.USER, "owner@example.org"), (Role.AGENT, "support")):
        answer = await world.api("PUT", URL, {"value": ""}, token=await world.token(role, subject))
        assert answer.status_code == 403


async def test_it_survives_a_restart_and_wins_over_the_environment(world: World) -> None:
    await world.api("PUT", URL, {"value": "https://other.example.org"})
    await world.stops()
    await world.starts()

    assert (await world.webhook()).startswith("https://other.example.org/")


async def test_the_channels_are_listed(world: World) -> None:
    (whatsapp,) = (one for one in (await world.api("GET", "/api/channels")).json() if one["name"] == "whatsapp")

    assert (whatsapp["available"], whatsapp["auto"], whatsapp["reply_window_hours"]) == (True, False, 24)
    assert whatsapp["setup_steps"]


@pytest.mark.parametrize(
    ("given", "policy"),
    [
        ({"policy": "open"}, "open"),
        ({"require_email": False, "open_access": True}, "open"),
        ({"policy": "require_email"}, "require_email"),
        ({"require_email": True, "open_access": True}, "require_email"),
        ({"policy": "require_sharing"}, "require_sharing"),
        ({"require_email": True, "open_access": False}, "require_sharing"),
        ({"require_email": True, "open_access": False, "group_auth_mode": "none"}, "require_sharing"),
        ({"policy": "open_until_verified"}, "open_until_verified"),
        ({"require_email": False, "open_access": False}, "open_until_verified"),
    ],
)
async def test_the_policy_is_taken_and_shown_in_both_forms(world: World, given: dict[str, Any], policy: str) -> None:
    answer = (await world.api("PUT", POLICY, given)).json()

    booleans = {
        "open": (False, True),
        "open_until_verified": (False, False),
        "require_email": (True, True),
        "require_sharing": (True, False),
    }
    assert answer["policy"] == policy
    assert (answer["require_email"], answer["open_access"]) == booleans[policy]
    assert (await world.api("GET", POLICY)).json() == answer


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [
        ("require_sharing", {"open_access": True}, "require_email"),
        ("require_sharing", {"require_email": True}, "require_sharing"),
        ("require_email", {"require_email": False}, "open"),
        ("require_email", {"open_access": False}, "require_sharing"),
        ("open", {"require_email": True, "open_access": None}, "require_email"),
        ("require_sharing", {"require_email": False}, "open_until_verified"),
        ("open", {"open_access": False}, "open_until_verified"),
        ("open_until_verified", {"require_email": True}, "require_sharing"),
    ],
)
async def test_a_boolean_that_is_left_out_stays(world: World, before: str, given: dict[str, Any], after: str) -> None:
    await world.policy(before)

    assert (await world.api("PUT", POLICY, given)).json()["policy"] == after


@pytest.mark.parametrize(
    ("mode", "policy"), [("none", "open"), ("any_verified", "any_verified"), ("off", "off"), (None, "any_verified")]
)
async def test_the_policy_for_groups_is_taken_and_shown_in_both_forms(
    world: World, mode: str | None, policy: str
) -> None:
    answer = (await world.api("PUT", POLICY, {"require_email": True, "group_auth_mode": mode})).json()
    by_name = (await world.api("PUT", POLICY, {"group_policy": policy})).json()
    written_back = (await world.api("PUT", POLICY, {"group_auth_mode": answer["group_auth_mode"]})).json()

    assert (answer["group_policy"], answer["group_auth_mode"]) == (policy, mode or "any_verified")
    assert (await world.api("GET", POLICY)).json() == answer == by_name == written_back


async def test_the_policy_for_groups_stays_when_it_is_left_out(world: World) -> None:
    await world.api("PUT", POLICY, {"group_auth_mode": "none"})

    answer = await world.api("PUT", POLICY, {"require_email": True, "open_access": False})

    assert answer.json()["group_auth_mode"] == "none"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"polcy": "open"},
        {"policy": "closed"},
        {"policy": "open", "open_access": True},
        {"open_access": "?"},
        {"group_auth_mode": "all"},
        {"group_auth_mode": "none", "group_policy": "off"},
    ],
)
async def test_a_policy_that_is_none_is_refused(world: World, given: dict[str, Any]) -> None:
    answer = await world.api("PUT", POLICY, given)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert (await world.api("GET", POLICY)).json()["policy"] == "require_sharing"


@pytest.mark.parametrize("path", ["/nowhere", "/api/agents/support/carrier-pigeon", "/api/nothing"])
@pytest.mark.alone("what no one answers, the application refuses")
async def test_an_unknown_path_is_answered_in_the_one_shape(world: World, path: str) -> None:
    answer = await world.api("GET", path)

    assert (answer.status_code, answer.json().keys()) == (404, {"code", "message", "detail"})


async def test_a_fault_of_ours_is_answered_in_the_one_shape(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: object) -> None:
        raise RuntimeError("zoe@example.org is no number")

    monkeypatch.setattr(world.host.store, "lookup", broken)
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        answer = await client.get(DISCLOSURE, headers={"Authorization": f"Bearer {ADMIN}"})

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "zoe" not in answer.text


async def test_a_wrong_method_is_told_the_right_one(world: World) -> None:
    answer = await world.api("PATCH", DISCLOSURE)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"]


async def test_sharing_with_oneself_or_twice_is_refused(world: World) -> None:
    path = "/api/agents/support/share"
    await world.api("POST", path, {"email": "Zoe@example.org"})

    twice = await world.api("POST", path, {"email": "zoe@EXAMPLE.org"})
    self_share = await world.api("POST", path, {"email": "owner@example.org"})
    not_an_email = await world.api("POST", path, {"email": "zoe"})

    codes = [(one.status_code, one.json()["code"]) for one in (twice, self_share, not_an_email)]
    assert codes == [(409, "already_shared"), (400, "self_share"), (422, "invalid_input")]
