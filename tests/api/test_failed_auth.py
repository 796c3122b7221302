"""Wrong tokens: throttled by source, logged, and never in the way of a valid one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
import structlog
from starlette.requests import Request

from tests.world import ADMIN, LOCAL, OWNER, PUBLIC, World
from trinity_channels.cli import servers
from trinity_channels.observability.metrics import Metrics
from trinity_channels.store import Tx, tokens
from trinity_channels.web import failed_auth
from trinity_channels.web.auth import Role
from trinity_channels.web.failed_auth import LOGGED, MOST, SOURCES, FailedAuth

PATH = "/api/agents/support/shares"
WRONG = "tc_" + "x" * 43


async def ask(
    world: World, token: str | None = WRONG, *, peer: str = "192.0.2.7", path: str = PATH, **headers: str
) -> httpx.Response:
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(world.app, client=(peer, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        return await client.get(path, headers=headers)


async def fails(world: World, times: int, **options: Any) -> list[int]:
    return [(await ask(world, **options)).status_code for _ in range(times)]


async def test_a_source_of_wrong_tokens_is_throttled(world: World) -> None:
    assert await fails(world, MOST + 3) == [401] * MOST + [429] * 3
    answer = await ask(world)
    assert (answer.json()["code"], answer.headers["retry-after"]) == ("too_many_wrong_tokens", "60")

    world.clock.tick(timedelta(seconds=45))
    assert (await ask(world)).headers["retry-after"] == "15"
    world.clock.tick(timedelta(seconds=15))
    assert await fails(world, MOST + 1) == [401] * MOST + [429]


async def test_a_valid_token_works_all_the_same(world: World) -> None:
    owner = await world.token(Role.USER, OWNER)
    await fails(world, MOST + 5)

    answers = [await ask(world, token) for token in (ADMIN, owner, world.host.local_token)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert (await ask(world)).status_code == 429


@pytest.mark.parametrize(
    ("peer", "other", "together"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8::7", "2001:db8:0:1::7", False),
        ("2001:db8::7", "2001:db8::8:9:a:b", True),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("unix", "", True),
    ],
)
async def test_a_source_is_an_address_or_a_network(world: World, peer: str, other: str, together: bool) -> None:
    await fails(world, MOST, peer=peer)

    assert await fails(world, 1, peer=other) == [429 if together else 401]


async def test_what_a_client_says_of_its_address_does_not_count(world: World) -> None:
    statuses = [
        (
            await ask(world, **{"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=198.51.100.{number}"})
        ).status_code
        for number in range(MOST + 1)
    ]

    assert statuses[-1] == 429


async def test_the_server_does_not_take_the_peer_from_a_header_either(world: World) -> None:
    """Before, uvicorn did so for every peer on loopback."""
    with servers.bind("127.0.0.1", 0) as bound:
        async with (
            servers.serving(world.app, bound),
            httpx.AsyncClient(base_url=servers.address(bound), trust_env=False) as client,
        ):
            statuses = [
                (
                    await client.get(
                        PATH, headers={"Authorization": f"Bearer {WRONG}", "X-Forwarded-For": f"198.51.100.{number}"}
                    )
                ).status_code
                for number in range(MOST + 1)
            ]

    assert statuses == [401] * MOST + [429]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic Zm9vOmJhcg=="},
        {"Authorization": "Bearer"},
        {"Authorization": ""},
        {"Authorization": f"Bearer {'x' * 8000}"},
        {"Authorization": "Bearer caf\u00e9".encode("latin-1").decode("latin-1")},
        {"Authorization": f"Token {ADMIN}"},
        {"Authorization": f"Bearer {ADMIN} {ADMIN}"},
        {"Authorization": f"Bearer {ADMIN[:-1]}"},
    ],
)
async def test_every_kind_of_wrong_credentials_counts(world: World, headers: dict[str, str]) -> None:
    transport = httpx.ASGITransport(world.app, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        statuses = [(await client.get(PATH, headers=raw)).status_code for _ in range(MOST + 1)]  # type: ignore[arg-type]

    assert statuses == [401] * MOST + [429]


async def test_a_request_without_a_token_tries_none(world: World) -> None:
    with structlog.testing.capture_logs() as logged:
        assert await fails(world, MOST + 5, token=None) == [401] * (MOST + 5)

    assert logged == []
    assert await fails(world, 1) == [401]


@pytest.mark.alone("monitoring and the description of the API are the application's")
async def test_metrics_and_docs_count_too_and_readiness_stays_readable(world: World) -> None:
    await fails(world, MOST, path="/metrics")

    assert await fails(world, 1, path="/openapi.json") == [429]
    ready = await ask(world, path="/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_failures_are_logged_without_the_token_or_the_address_asked_for(world: World) -> None:
    with structlog.testing.capture_logs() as logged:
        await fails(world, MOST + 10, path="/api/agents/support/share/zoe%40example.org%0Aforged")

    assert len(logged) == 0  # there is no such route for GET
    with structlog.testing.capture_logs() as logged:
        await fails(world, MOST + 10, path="/api/agents/zoe%40example.org%0Aforged/shares")

    assert [one["event"] for one in logged] == ["api authentication failed"] * MOST + ["api authentication throttled"]
    assert logged[0] == {
        "event": "api authentication failed",
        "log_level": "warning",
        "source": "192.0.2.7",
        "reason": "unknown",
        "route": "/api/agents/{name}/shares",
        "failures": 1,
    }
    assert WRONG not in repr(logged)
    assert "zoe" not in repr(logged)


async def test_what_cannot_be_a_token_is_not_looked_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    find = tokens.find

    def counted(tx: Tx, digest: str) -> object:
        looked_up.append(digest)
        return find(tx, digest)

    monkeypatch.setattr(tokens, "find", counted)

    for token in ("x", "tc_", WRONG + "x", WRONG[:-1], WRONG[:-1] + "'", "x" * 46, "tc_" + "\u00e9".encode().hex()):
        assert (await ask(world, token)).status_code == 401

    assert looked_up == []
    await ask(world)
    assert len(looked_up) == 1


async def test_failures_are_counted_in_the_metrics(world: World) -> None:
    await fails(world, MOST + 2)

    metrics = (await world.http.get(f"{LOCAL}/metrics")).text

    assert f'trinity_channels_failed_auth_total{{reason="unknown"}} {MOST}.0' in metrics
    assert 'trinity_channels_failed_auth_total{reason="throttled"} 2.0' in metrics


def test_many_sources_take_bounded_memory_and_few_lines(world: World) -> None:
    failed = FailedAuth(Metrics(), world.now)

    with structlog.testing.capture_logs() as logged:
        for number in range(SOURCES * 3):
            failed.note(request(f"2001:db8:{number // 65536:x}:{number % 65536:x}::1"), "unknown")

    assert failed.known == SOURCES
    assert len(logged) == LOGGED


def test_a_clock_that_is_set_back_forgets(world: World) -> None:
    failed = FailedAuth(Metrics(), world.now)
    for _ in range(MOST + 1):
        wait = failed.note(request("192.0.2.7"), "unknown")
    world.clock.tick(-timedelta(days=1))

    assert wait == 60
    assert failed.note(request("192.0.2.7"), "unknown") is None


def request(peer: str) -> Request:
    return Request({"type": "http", "client": (peer, 1), "headers": []})


def test_the_source_of_a_request_without_a_peer_is_unknown() -> None:
    assert failed_auth.source_of(Request({"type": "http", "client": None, "headers": []})) == "unknown"
