"""Everything about one person as a file."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.world import ADMIN, OWNER, PUBLIC, Person, World
from trinity_channels.people import exports
from trinity_channels.web.auth import Role


async def export(world: World, person: Person, *, token: str | None = None) -> dict[str, Any]:
    """The file as the owner gets it."""
    client = (await world.client(person))["id"]
    token = token or await world.token(Role.USER, OWNER)
    answer = await world.api("GET", f"/api/agents/support/clients/{client}/export", token=token)
    assert answer.status_code == httpx.codes.OK, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="client-{client}.json"'
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = json.loads(answer.text)
    return found


async def test_the_file_has_both_sides_and_what_became_of_each_message(town: World) -> None:
    zoe = town.person("Zoe", "+15557770001")
    await zoe.verifies("zoe@example.org")
    await zoe.says("Where is my parcel?")
    await town.person("Yan").says("Not mine")

    found = await export(town, zoe)

    assert (found["agent"], found["person"]["name"], found["person"]["channel"]) == ("support", "Zoe", "whatsapp")
    assert found["person"]["verified_email"] == "zoe@example.org"
    assert {"address": "whatsapp:+15557770001", "stable": False} in found["addresses"]
    said = [(one["origin"], one["text"]) for one in found["messages"]]
    assert ("person", "Where is my parcel?") in said
    assert ("agent", "echo Where is my parcel?") in said
    (answer,) = (one for one in found["messages"] if one["origin"] == "agent")
    assert [one["state"] for one in answer["deliveries"]] == ["read"]
    assert "Not mine" not in json.dumps(found)


async def test_the_file_has_requests_and_the_audit_log_but_no_code(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("May I?")
    await zoe.verifies("zoe@example.org")
    code = world.code("zoe@example.org")

    found = await export(world, zoe)
    again = await export(world, zoe)

    assert [(one["email"], one["status"]) for one in found["access_requests"]] == [("zoe@example.org", "pending")]
    assert [one["email"] for one in found["codes_mailed"]] == ["zoe@example.org"]
    assert found["verified_mailboxes"] == ["zoe@example.org"]
    assert code not in json.dumps(found)
    assert "digest" not in json.dumps(found)
    assert [one["action"] for one in again["audit"]] == ["login", "export", "export"]


async def test_a_long_history_is_complete_and_in_order(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "BATCH", 4)
    zoe = town.person("Zoe")
    await zoe.says(*(f"line {number}" for number in range(10)))

    found = await export(town, zoe)

    assert [one["text"] for one in found["messages"] if one["origin"] == "person"] == [f"line {n}" for n in range(10)]
    assert len({one["id"] for one in found["messages"]}) == len(found["messages"])


async def test_a_failed_message_says_why(town: World) -> None:
    zoe = town.person("Zoe")
    zoe.phone.refuse_with = 63016
    await zoe.says("hello")

    found = await export(town, zoe)

    (sent,) = (sent for one in found["messages"] for sent in one["deliveries"])
    assert (sent["state"], sent["failure_code"]) == ("failed", "63016")


async def test_texts_past_their_retention_are_empty_and_say_since_when(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("a secret")
    await town.api("PUT", "/api/agents/support/retention", {"keep_bodies_days": 1})
    await town.later(days=2)
    await town.later(hours=2)

    found = await export(town, zoe)

    assert {one["text"] for one in found["messages"]} == {""}
    assert all(one["removed_at"] for one in found["messages"])


@pytest.mark.parametrize("hostile", ['"}]}', "\u2028</script>", "\U0001f600" * 500, "\u202etxt", "\\u0000\\"])
async def test_whatever_people_write_the_file_stays_json(town: World, hostile: str) -> None:
    zoe = town.person("Zoe")
    await zoe.says(hostile)

    found = await export(town, zoe)

    assert any(one["origin"] == "person" and one["text"] for one in found["messages"])


async def test_a_file_is_made_only_for_who_takes_it(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    client = (await town.client(zoe))["id"]

    asked = await town.http.head(
        f"{PUBLIC}/api/agents/support/clients/{client}/export", headers={"Authorization": f"Bearer {ADMIN}"}
    )

    assert (asked.status_code, asked.headers["allow"]) == (405, "GET")
    assert (await town.api("GET", "/api/agents/support/audit?action=export")).json() == []


async def test_an_erased_person_an_unknown_one_and_another_owner_are_refused(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    client = (await town.client(zoe))["id"]
    path = f"/api/agents/support/clients/{client}/export"
    stranger = await town.token(Role.USER, "other@example.org")
    agent = await town.token(Role.AGENT, "support")

    foreign = await town.api("GET", path, token=stranger)
    own_key = await town.api("GET", path, token=agent)
    unknown = await town.api("GET", "/api/agents/support/clients/4711/export")
    await town.api("DELETE", f"/api/agents/support/clients/{client}")
    erased = await town.api("GET", path)

    codes = [(one.status_code, one.json()["code"]) for one in (foreign, own_key, unknown, erased)]
    assert codes == [
        (404, "agent_not_found"),
        (403, "agent_key_not_allowed"),
        (404, "client_not_found"),
        (404, "client_not_found"),
    ]
    recorded = (await town.api("GET", "/api/agents/support/audit?action=export")).json()
    assert recorded == []
