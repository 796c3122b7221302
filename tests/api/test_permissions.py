"""Who may use the API: owners and admins, never strangers, and agents with their own key only where they must."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.world import LOCAL, OWNER, World
from trinity_channels.web.auth import Role

PATH = "/api/agents/support/whatsapp"


@pytest.mark.parametrize("token", ["", "nonsense", "tc_nonsense"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_without_a_valid_token_nothing_is_told(world: World, method: str, token: str) -> None:
    answer = await world.api(method, PATH, {} if method == "PUT" else None, token=token)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


CALLS = [
    ("GET", "/whatsapp", None),
    ("PUT", "/whatsapp", {}),
    ("DELETE", "/whatsapp", None),
    ("POST", "/whatsapp/test", {}),
    ("POST", "/whatsapp/rotate-webhook", None),
    ("GET", "/access-policy", None),
    ("PUT", "/access-policy", {"policy": "open"}),
    ("GET", "/escalation-contact", None),
    ("PUT", "/escalation-contact", {"contact": "help@example.org"}),
    ("GET", "/disclosure", None),
    ("PUT", "/disclosure", {"enabled": False, "reason": "a trial"}),
    ("GET", "/retention", None),
    ("PUT", "/retention", {"keep_bodies_days": 7}),
    ("GET", "/public-prompt", None),
    ("PUT", "/public-prompt", {"public_channel_system_prompt": "Be brief."}),
    ("GET", "/public-channel-model", None),
    ("PUT", "/public-channel-model", {"model": "opus"}),
    ("GET", "/access-requests", None),
    ("POST", "/access-requests/1/decide", {"approve": True}),
    ("GET", "/shares", None),
    ("POST", "/share", {"email": "zoe@example.org"}),
    ("DELETE", "/share/zoe@example.org", None),
    ("GET", "/shares/proactive", None),
    ("GET", "/access", None),
    ("PUT", "/shares/proactive", {"email": "zoe@example.org", "allow_proactive": True}),
    ("GET", "/clients", None),
    ("PUT", "/clients/1/block", {"blocked": True}),
    ("POST", "/clients/1/unlink", None),
    ("DELETE", "/clients/1", None),
    ("GET", "/deliveries", None),
    ("GET", "/deliveries/1", None),
    ("POST", "/deliveries/1/resend", None),
    ("POST", "/deliveries/resend", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_a_foreign_agent_and_a_missing_one_are_the_same(
    world: World, method: str, path: str, body: object
) -> None:
    stranger = await world.token(Role.USER, "stranger@example.org")

    foreign = await world.api(method, f"/api/agents/support{path}", body, token=stranger)
    missing = await world.api(method, f"/api/agents/nobody{path}", body, token=stranger)
    for_admin = await world.api(method, f"/api/agents/nobody{path}", body)

    assert (foreign.status_code, foreign.json()["code"]) == (404, "agent_not_found")
    assert (missing.status_code, missing.json()) == (foreign.status_code, foreign.json())
    assert for_admin.json() == foreign.json()


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_an_agents_own_key_may_not_manage_it(world: World, method: str, path: str, body: object) -> None:
    key = await world.token(Role.AGENT, "support")

    answer = await world.api(method, f"/api/agents/support{path}", body, token=key)

    assert (answer.status_code, answer.json()["code"]) == (403, "agent_key_not_allowed")


async def test_the_owner_may(world: World) -> None:
    answer = await world.api("GET", PATH, token=await world.token(Role.USER, OWNER))

    assert answer.json()["configured"] is True


async def test_a_stranger_learns_nothing_about_what_a_good_request_is(world: World) -> None:
    answer = await world.api("PUT", "/api/agents/support/access-policy", {"policy": "nonsense"}, token="")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def operations(world: World) -> list[tuple[str, str]]:
    """Every method and path of the JSON API."""
    described = (await world.http.get(f"{LOCAL}/openapi.json")).json()
    return [
        (method.upper(), path)
        for path, methods in described["paths"].items()
        for method in methods
        if path.startswith("/api/") and "{key}" not in path
    ]


NONSENSE = ("not JSON", "[1]", '{"policy": 7, "approve": "perhaps", "email": 1, "ids": [], "role": {}, "value": []}')
"""Bodies that no route takes."""


async def answers(world: World, token: str, agent: str, wanted: str) -> Iterator[tuple[str, Any]]:
    """What each route with `wanted` in its path answers about an agent to nonsense in every place."""
    found = []
    for method, path in await operations(world):
        if wanted not in path:
            continue
        filled = re.sub("{[^}]*}", "no-id", path.replace("{name}", agent))
        for body in NONSENSE if method in ("POST", "PUT") else ("",):
            answer = await world.http.request(
                method,
                f"{LOCAL}{filled}?limit=x&before=x&status=x&state=x&after=x&since=x",
                content=body,
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
            found.append((f"{method} {path} {body}", (answer.status_code, answer.json())))
    assert found
    return iter(found)


async def test_no_route_tells_a_foreign_agent_from_a_missing_one_whatever_is_sent(world: World) -> None:
    """Before: fields were checked first, so that an agent's existence showed in a 422."""
    stranger = await world.token(Role.USER, "stranger@example.org")

    foreign = dict(await answers(world, stranger, "support", "{name}"))
    missing = dict(await answers(world, stranger, "none", "{name}"))

    assert {name: answer for name, answer in foreign.items() if answer[0] != 404} == {}
    assert {answer[1]["code"] for answer in foreign.values()} == {"agent_not_found"}
    assert missing == foreign


@pytest.mark.alone("the description has the platform's routes in place of ours")
async def test_no_route_of_an_agents_owner_looks_at_what_the_agents_own_key_sends(world: World) -> None:
    key = await world.token(Role.AGENT, "support")

    found = dict(await answers(world, key, "support", "{name}"))

    open_to_it = {" ".join(name.split()[:2]) for name, answer in found.items() if answer[0] != 403}
    assert open_to_it == {"POST /api/agents/{name}/messages", "GET /api/agents/{name}/messages/{message_id}"}


@pytest.mark.parametrize("path", ["/api/settings", "/api/tokens", "/api/setup", "/api/audit"])
async def test_no_route_of_administrators_looks_at_what_others_send(world: World, path: str) -> None:
    owner = await world.token(Role.USER, OWNER)

    found = dict(await answers(world, owner, "support", path))

    assert {(name, answer[0], answer[1]["code"]) for name, answer in found.items()} == {
        (name, 403, "forbidden") for name in found
    }
