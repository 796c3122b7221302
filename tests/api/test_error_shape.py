"""Every error has one shape, with its sentence also as `detail`: clients and panels of the platform show that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import httpx
import pytest

from tests.world import ADMIN, PUBLIC, World
from trinity_channels.store import StoreError
from trinity_channels.web.auth import Role
from trinity_channels.web.route import BODY_LIMIT

POLICY = "/api/agents/support/access-policy"
DISCLOSURE = "/api/agents/support/disclosure"
Ask = Callable[[World], Awaitable[httpx.Response]]


async def too_large(world: World) -> httpx.Response:
    return await world.api("PUT", POLICY, {"policy": "x" * BODY_LIMIT})


async def no_json(world: World) -> httpx.Response:
    headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
    return await world.http.put(f"{PUBLIC}{POLICY}", content=b"{", headers=headers)


async def too_often(world: World) -> httpx.Response:
    for _ in range(20):
        await world.api("GET", POLICY, token="wrong")
    return await world.api("GET", POLICY, token="wrong")


async def forged(world: World) -> httpx.Response:
    return await world.http.post(await world.webhook(), data=world.inbound(), headers={"X-Twilio-Signature": "x"})


async def retired(world: World) -> httpx.Response:
    before = await world.webhook()
    await world.api("POST", "/api/agents/support/whatsapp/rotate-webhook")
    await world.later(hours=25)
    return await world.http.post(before, data=world.inbound())


async def as_agent(world: World) -> httpx.Response:
    return await world.api("GET", POLICY, token=await world.token(Role.AGENT, "support"))


async def shared_twice(world: World) -> httpx.Response:
    await world.shares("zoe@example.org")
    return await world.api("POST", "/api/agents/support/share", {"email": "zoe@example.org"})


CASES: Mapping[str, tuple[int, Ask]] = {
    "no token": (401, lambda world: world.api("GET", POLICY, token="")),
    "an agent's key": (403, as_agent),
    "an unknown agent": (404, lambda world: world.api("GET", "/api/agents/nobody/access-policy")),
    "a wrong method": (405, lambda world: world.api("PATCH", DISCLOSURE)),
    "a refused state": (409, shared_twice),
    "a large body": (413, too_large),
    "a wrong value": (422, lambda world: world.api("PUT", POLICY, {"policy": "nonsense"})),
    "no JSON": (422, no_json),
    "a wrong setting": (422, lambda world: world.connect(account_sid="AC1")),
    "wrong tokens": (429, too_often),
    "a forged webhook": (403, forged),
    "a retired webhook": (410, retired),
}


@pytest.mark.parametrize(("status", "ask"), CASES.values(), ids=CASES)
async def test_detail_is_the_sentence(world: World, status: int, ask: Ask) -> None:
    answer = await ask(world)

    assert answer.status_code == status
    told = answer.json()
    assert isinstance(told["code"], str)
    assert told["detail"] == told["message"] != ""


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("broken"), 500), (StoreError("locked"), 503)])
async def test_so_it_is_where_the_host_is_at_fault(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    async def broken(_: object) -> None:
        raise error

    monkeypatch.setattr(world.host.store, "lookup", broken)

    # The server answers what nothing has caught; in a test it would be raised.
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        answer = await client.get(DISCLOSURE, headers={"Authorization": f"Bearer {ADMIN}"})

    assert (answer.status_code, answer.json()["detail"]) == (status, answer.json()["message"])
