"""Tokens over the API: an administrator makes, lists and revokes them, and the database keeps no secret."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.world import ADMIN, OWNER, PUBLIC, START, World
from trinity_channels.access.tokens import Tokens
from trinity_channels.store import StoreError, Tx, audit, tokens
from trinity_channels.web.auth import Role

PATH = "/api/tokens"
LATER = (START + timedelta(days=30)).isoformat()


async def made(world: World, **wanted: Any) -> dict[str, Any]:
    answer = await world.api("POST", PATH, {"role": "user", "subject": OWNER, **wanted})
    assert answer.status_code == 200, answer.text
    token: dict[str, Any] = answer.json()
    return token


async def listed(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.api("GET", PATH)).json()
    return found


async def works(world: World, token: str) -> int:
    return (await world.api("GET", "/api/channels", token=token)).status_code


@pytest.mark.parametrize(
    ("wanted", "path", "status"),
    [
        ({"role": "admin", "subject": ""}, "/api/settings/public_chat_url", 200),
        ({"subject": " Owner@Example.org "}, "/api/agents/support/whatsapp", 200),
        ({"subject": OWNER}, "/api/agents/sales/whatsapp", 404),
        ({"role": "agent", "subject": "support"}, "/api/agents/support/whatsapp", 403),
    ],
)
async def test_a_token_is_for_whom_it_was_made(world: World, wanted: dict[str, str], path: str, status: int) -> None:
    token = (await made(world, **wanted))["token"]

    assert (await world.api("GET", path, token=token)).status_code == status


async def test_it_is_shown_once_and_kept_as_a_hash(world: World) -> None:
    token = (await made(world, label="  the \u202enightly\x1b[31m report ", expires_at=LATER))["token"]

    answer = await world.api("GET", PATH)
    (shown,) = answer.json()
    stored = world.everything()

    assert token not in answer.text
    assert token not in stored
    assert shown == {
        "id": 1,
        "role": "user",
        "subject": OWNER,
        "label": "the nightly report",
        "created_by": "admin",
        "created_at": "2026-03-02T09:00:00Z",
        "expires_at": "2026-04-01T09:00:00Z",
        "last_used_at": None,
    }


async def test_it_works_until_it_expires(world: World) -> None:
    token = (await made(world, expires_at=LATER))["token"]

    world.clock.tick(timedelta(days=30, seconds=-1))
    assert await works(world, token) == 200
    world.clock.tick(timedelta(seconds=1))
    answer = await world.api("GET", "/api/channels", token=token)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.json()["message"].startswith("This token has expired.")
    assert [one["id"] for one in await listed(world)] == [1]


async def test_its_last_use_is_noted_once_a_minute(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = (await made(world))["token"]
    writes = []
    used = tokens.used

    def counted(tx: Tx, token_id: int, now: datetime) -> None:
        writes.append(now)
        used(tx, token_id, now)

    monkeypatch.setattr(tokens, "used", counted)

    seen = []
    for seconds in (0, 1, 58, 1, 30, 30):
        world.clock.tick(timedelta(seconds=seconds))
        for _ in range(5):
            assert await works(world, token) == 200
        seen.append((await listed(world))[0]["last_used_at"])

    at = ["2026-03-02T09:00:00Z", "2026-03-02T09:01:00Z", "2026-03-02T09:02:00Z"]
    assert seen == [at[0], at[0], at[0], at[1], at[1], at[2]]
    assert len(writes) == 3


async def test_a_database_that_takes_no_writes_still_lets_a_token_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await made(world))["token"]

    async def full(_: object) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(world.host.store, "write", full)

    assert await works(world, token) == 200


async def test_a_revoked_token_stops_working_at_once(world: World) -> None:
    token = (await made(world, label="lost"))["token"]
    assert await works(world, token) == 200

    revoked = await world.api("DELETE", f"{PATH}/1")

    assert (revoked.status_code, revoked.json()["label"]) == (200, "lost")
    assert await works(world, token) == 401
    assert await listed(world) == []
    again = await world.api("DELETE", f"{PATH}/1")
    assert (again.status_code, again.json()["code"]) == (404, "token_not_found")


async def test_who_made_and_revoked_one_is_on_record(world: World) -> None:
    await made(world, role="agent", subject="support", label="desk")
    await world.api("DELETE", f"{PATH}/1")

    entries = await world.host.store.read(lambda tx: audit.entries(tx, "support"))

    assert [(one.actor, one.action, one.details) for one in entries][:2] == [
        ("admin", "revoke_token", {"token": 1, "role": "agent", "label": "desk"}),
        ("admin", "create_token", {"token": 1, "role": "agent", "label": "desk"}),
    ]


async def test_the_audit_log_tells_administrators_apart_by_label(world: World) -> None:
    plain = (await made(world, role="admin", subject=""))["token"]
    labelled = (await made(world, role="admin", subject="", label="deploy script"))["token"]
    for token in (plain, labelled):
        answer = await world.api("PUT", "/api/agents/support/access-policy", {"policy": "open"}, token=token)
        assert answer.status_code == 200

    entries = await world.host.store.read(lambda tx: audit.entries(tx, "support"))

    assert [one.actor for one in entries][:2] == ["admin:deploy script", "admin"]


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", PATH, None), ("POST", PATH, {"role": "admin"}), ("DELETE", f"{PATH}/1", None)],
)
async def test_only_administrators_may(world: World, role: Role, method: str, path: str, body: object) -> None:
    token = await world.token(role, OWNER if role is Role.USER else "support")

    answer = await world.api(method, path, body, token=token)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert len(await listed(world)) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "role"),
        ({"role": "owner"}, "role"),
        ({"role": "user"}, "subject"),
        ({"role": "user", "subject": "nobody"}, "subject"),
        ({"role": "user", "subject": "x" * 255}, "subject"),
        ({"role": "agent"}, "subject"),
        ({"role": "agent", "subject": "nobody"}, "subject"),
        ({"role": "admin", "subject": OWNER}, "subject"),
        ({"role": "admin", "label": "x" * 101}, "label"),
        ({"role": "admin", "label": 5}, "label"),
        ({"role": "admin", "expires_at": "tomorrow"}, "expires_at"),
        ({"role": "admin", "expires_at": "2026-03-02T09:00:00"}, "expires_at"),
        ({"role": "admin", "expires_at": "2026-03-02T09:00:00Z"}, "expires_at"),
        ({"role": "admin", "expires_at": "2026-03-02T10:30:00+02:00"}, "expires_at"),
        ({"role": "admin", "expires_at": "0001-01-01T00:00:00+14:00"}, "expires_at"),
        ({"role": "admin", "expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at"),
        ({"role": "admin", "expires_at": 1e400}, "expires_at"),
        ({"role": "admin", "expiry": LATER}, "expiry"),
    ],
)
async def test_a_wrong_request_is_named_and_makes_nothing(world: World, body: dict[str, Any], field: str) -> None:
    answer = await world.http.post(
        f"{PUBLIC}{PATH}",
        content=json.dumps(body),
        headers={"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"},
    )

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert await listed(world) == []


@pytest.mark.parametrize("token", ["0", "-1", "x", str(2**63)])
async def test_an_id_that_cannot_be_is_refused(world: World, token: str) -> None:
    assert (await world.api("DELETE", f"{PATH}/{token}")).status_code == 422


async def test_the_first_token_is_listed_and_a_token_in_the_settings_replaces_it(world: World) -> None:
    first = "tc_" + "f" * 43
    await Tokens(world.host.store, world.now).add_first(first)
    assert await works(world, first) == 200
    assert [one["created_by"] for one in await listed(world)] == ["first start"]

    await world.stops()
    await world.starts()

    assert await works(world, first) == 401
    assert await listed(world) == []
    assert await works(world, ADMIN) == 200
