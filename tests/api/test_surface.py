"""What the host shows without a token, to whom, and what an answer of the API says about itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.world import ADMIN, LOCAL, OWNER, PUBLIC, Found, World
from trinity_channels.cli import servers
from trinity_channels.web.auth import Role

POLICY = "/api/agents/support/access-policy"
GATED = ["/metrics", "/docs", "/docs/start.js", "/docs/swagger-ui.css", "/openapi.json"]
BEARER = {"Authorization": f"Bearer {ADMIN}"}
TOKEN_LINE = f"Authorization: Bearer {ADMIN}\r\n"


async def ask(
    world: World,
    path: str,
    *,
    peer: str = "127.0.0.1",
    headers: dict[str, str] | None = None,
    http_version: str = "1.1",
    host: str = "127.0.0.1:8000",
) -> httpx.Response:
    """Ask as a server would hand it on: from this peer, with these headers."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await world.app({**scope, "http_version": http_version}, receive, send)

    transport = httpx.ASGITransport(app, client=(peer, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=LOCAL) as client:
        return await client.get(path, headers={"Host": host, **(headers or {})})


@pytest.mark.parametrize("path", GATED)
@pytest.mark.alone("monitoring and the description of the API are the application's")
async def test_this_machine_needs_no_token(world: World, path: str) -> None:
    assert (await world.http.get(f"{LOCAL}{path}")).status_code == 200


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.0.0.1", "localhost", "LOCALHOST:8000", "[::1]", "[::1]:8000"])
@pytest.mark.alone("monitoring and the description of the API are the application's")
async def test_loopback_has_many_spellings(world: World, peer: str, host: str) -> None:
    assert (await ask(world, "/metrics", peer=peer, host=host)).status_code == 200


FOREIGN: dict[str, dict[str, Any]] = {
    "another machine": {"peer": "192.0.2.7"},
    "another machine by IPv6": {"peer": "2001:db8::7"},
    "the same network": {"peer": "10.0.0.7"},
    "a machine that says it is this one": {"peer": "192.0.2.7", "host": "localhost"},
    "no address at all": {"peer": "testclient"},
    "a tunnel that keeps Host": {"host": "chat.example.org"},
    "a page that rebinds a name": {"host": "rebound.example.org:8000"},
    "a Host that only begins like it": {"host": "127.0.0.1.example.org"},
    "a Host that only begins like localhost": {"host": "localhost.example.org"},
    "an empty Host": {"host": ""},
    "nginx as it comes": {"http_version": "1.0"},
    "nginx with X-Real-IP": {"headers": {"X-Real-IP": "198.51.100.7"}},
    "X-Forwarded-For": {"headers": {"X-Forwarded-For": "198.51.100.7"}},
    "an X-Forwarded-For that says loopback": {"headers": {"X-Forwarded-For": "127.0.0.1"}},
    "an empty X-Forwarded-For": {"headers": {"X-Forwarded-For": ""}},
    "only X-Forwarded-Proto": {"headers": {"x-forwarded-proto": "https"}},
    "Forwarded": {"headers": {"Forwarded": "for=198.51.100.7"}},
    "Via": {"headers": {"Via": "1.1 proxy"}},
    "Cloudflare": {"headers": {"CF-Connecting-IP": "198.51.100.7"}},
    "a wrong scheme of credentials": {"peer": "192.0.2.7", "headers": {"Authorization": "Basic YTpi"}},
    "a wrong token": {"peer": "192.0.2.7", "headers": {"Authorization": "Bearer nonsense"}},
}


@pytest.mark.alone("monitoring and the description of the API are the application's")
async def test_everybody_else_needs_one(world: World) -> None:
    answers = {name: [await ask(world, path, **given) for path in GATED] for name, given in FOREIGN.items()}
    ready = {name: await ask(world, "/readyz", **given) for name, given in FOREIGN.items()}

    refused = {name: {(one.status_code, one.json()["code"]) for one in asked} for name, asked in answers.items()}
    assert refused == {name: {(401, "unauthorized")} for name in FOREIGN}
    told = {name: (one.status_code, one.json()) for name, one in ready.items()}
    assert told == dict.fromkeys(FOREIGN, (200, {"status": "ready"}))


@pytest.mark.alone("monitoring and the description of the API are the application's")
async def test_two_hosts_must_both_be_local(world: World) -> None:
    transport = httpx.ASGITransport(world.app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url=LOCAL) as client:
        answer = await client.get("/metrics", headers=[("Host", "localhost"), ("Host", "chat.example.org")])

    assert answer.status_code == 401


@pytest.mark.alone("monitoring and the description of the API are the application's")
async def test_an_admins_token_is_enough_from_anywhere(world: World) -> None:
    foreign = {name: {**given, "headers": {**given.get("headers", {}), **BEARER}} for name, given in FOREIGN.items()}

    answers = {name: [await ask(world, path, **given) for path in GATED] for name, given in foreign.items()}
    ready = {name: await ask(world, "/readyz", **given) for name, given in foreign.items()}

    taken = {name: {one.status_code for one in asked} for name, asked in answers.items()}
    assert taken == {name: {200} for name in FOREIGN}
    told = {name: one.json()["plugins"]["whatsapp"] for name, one in ready.items()}
    assert told == dict.fromkeys(FOREIGN, "ready")


@pytest.mark.alone("monitoring and the description of the API are the application's")
async def test_an_owners_token_is_not(world: World) -> None:
    token = {"Authorization": f"Bearer {await world.token(Role.USER, OWNER)}"}

    answers = [await world.http.get(f"{PUBLIC}{path}", headers=token) for path in GATED]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "forbidden")}


@pytest.mark.parametrize(
    ("open_to", "here", "elsewhere"), [("loopback", 200, 401), ("all", 200, 200), ("none", 401, 401)]
)
@pytest.mark.alone("monitoring and the description of the API are the application's")
async def test_a_setting_opens_or_closes_them(found: Found, open_to: str, here: int, elsewhere: int) -> None:
    docs = await found(connected=False, trinity_channels_open_docs=open_to)
    status = {path: (await ask(docs, path)).status_code for path in GATED}
    assert status == {path: 200 if path == "/metrics" else here for path in GATED}
    assert (await ask(docs, "/docs", peer="192.0.2.7")).status_code == elsewhere
    await docs.stops()

    monitoring = await found(connected=False, trinity_channels_open_monitoring=open_to)
    assert (await ask(monitoring, "/metrics")).status_code == here
    assert (await ask(monitoring, "/metrics", peer="192.0.2.7")).status_code == elsewhere
    assert ("plugins" in (await ask(monitoring, "/readyz")).json()) is (here == 200)
    assert (await ask(monitoring, "/openapi.json", peer="192.0.2.7")).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/api/channels", "/api/agents/nobody/shares", "/api/nowhere", "/healthz", "/readyz", "/metrics", "/openapi.json"],
)
@pytest.mark.parametrize("token", ["", ADMIN])
@pytest.mark.alone("monitoring and the description of the API are the application's")
async def test_answers_are_neither_kept_nor_guessed_at(world: World, path: str, token: str) -> None:
    answer = await world.api("GET", path, token=token)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_so_are_answers_about_our_own_faults(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.host.plugins, "unavailable", None)
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        answer = await client.get("/api/channels", headers=BEARER)

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")


class Body:
    """A request body that tells how much of it was read."""

    def __init__(self, size: int, piece: bytes = b"{" * 10_000) -> None:
        self.read = 0
        self._size = size
        self._piece = piece

    async def __aiter__(self) -> Any:
        while self.read < self._size:
            self.read += len(self._piece)
            yield self._piece


def lazily(app: Any) -> httpx.AsyncBaseTransport:
    """httpx's own transport collects the body before it asks the application."""

    class Lazy(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            pieces = aiter(request.stream)  # type: ignore[arg-type]  # it is an asynchronous one
            answered: dict[str, Any] = {"content": b""}

            async def receive() -> dict[str, Any]:
                piece = await anext(pieces, None)
                return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

            async def send(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    answered.update(status_code=message["status"], headers=message["headers"])
                answered["content"] += message.get("body", b"")

            scope = {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": request.method,
                "path": request.url.path,
                "raw_path": request.url.raw_path,
                "query_string": request.url.query,
                "headers": [(name.lower(), value) for name, value in request.headers.raw],
                "client": ("192.0.2.7", 50_000),
                "server": ("chat.example.org", 443),
                "scheme": "https",
                "root_path": "",
            }
            await app(scope, receive, send)
            return httpx.Response(**answered)

    return Lazy()


async def put(world: World, body: Body, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=lazily(world.app), base_url=PUBLIC) as client:
        return await client.put(POLICY, content=body, headers={"Content-Type": "application/json", **headers})


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "100000"}, {"Authorization": "Bearer nonsense"}])
async def test_nothing_is_read_for_a_stranger(world: World, headers: dict[str, str]) -> None:
    """Before: 100 kB were read and parsed, and the stranger learned that they were not JSON (422)."""
    body = Body(100_000)

    answer = await put(world, body, **headers)

    assert (answer.status_code, answer.json()["code"], body.read) == (401, "unauthorized", 0)


async def test_a_client_that_asks_first_is_not_even_told_to_go_on(world: World) -> None:
    """Over a socket: 100 kB that are announced with `Expect: 100-continue` are refused without being fetched."""
    head = f"PUT {POLICY} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {{}}\r\nExpect: 100-continue\r\n{{}}\r\n"
    said = {}
    with servers.bind("127.0.0.1", 0) as bound:
        async with servers.serving(world.app, bound):
            for case, (length, token) in {"stranger": (100_000, ""), "admin": (2, TOKEN_LINE)}.items():
                reader, writer = await asyncio.open_connection(*bound.getsockname())
                writer.write(head.format(length, token).encode())
                said[case] = await reader.readline()
                writer.close()

    assert said["stranger"] == b"HTTP/1.1 401 Unauthorized\r\n"
    assert said["admin"] == b"HTTP/1.1 100 Continue\r\n"


@pytest.mark.parametrize("length", ["1000000", "262145", "9" * 18, "9" * 5000])
@pytest.mark.parametrize("token", [{}, {"Authorization": "Bearer nonsense"}, BEARER])
async def test_an_announced_size_is_refused_before_anything_else(
    world: World, monkeypatch: pytest.MonkeyPatch, length: str, token: dict[str, str]
) -> None:
    body = Body(1_000_000)
    asked: list[object] = []
    monkeypatch.setattr(world.host.guard, "principal", asked.append)

    answer = await put(world, body, **token, **{"Content-Length": length})

    assert (answer.status_code, answer.json()["code"], body.read, asked) == (413, "body_too_large", 0, [])


async def test_an_unannounced_size_ends_at_the_limit(world: World) -> None:
    body = Body(1_000_000, b" " * 10_000)

    answer = await put(world, body, **BEARER)

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert body.read == 270_000


@pytest.mark.alone("monitoring and the description of the API are the application's")
async def test_the_description_declares_the_token(world: World) -> None:
    described = (await world.http.get(f"{LOCAL}/openapi.json")).json()

    (name,) = described["components"]["securitySchemes"]
    assert described["components"]["securitySchemes"][name]["scheme"] == "bearer"
    assert [path for path, operation in operations(described) if operation["security"] != [{name: []}]] == []


def operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for operation in methods.values():
            yield path, operation
