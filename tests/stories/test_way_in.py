"""The way in is proven by a request that the host sends itself, and the leg that fails is named with its fix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.probing import PROBE, failed, probe
from tests.world import PUBLIC, Found, World
from trinity_channels.store import StoreError
from trinity_channels.web.auth import Role

LEGS = ["dns", "connection", "tls", "reached", "unchanged", "signature", "stored"]


def fronted(world: World, front: ASGIApp, address: str = PUBLIC) -> None:
    """Put something in front of the public address."""
    world.network.serve({address: front})


class Proxy:
    """Passes requests on to the host, after a change."""

    def __init__(self, world: World, change: Callable[[dict[str, Any]], None]) -> None:
        self._app = world.app
        self._change = change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        changed = dict(scope)
        self._change(changed)
        await self._app(changed, receive, send)


def headers(scope: dict[str, Any], **changes: str | None) -> None:
    """Replace headers, or take them away."""
    names = {name.replace("_", "-").encode(): value for name, value in changes.items()}
    kept = [(name, value) for name, value in scope["headers"] if name not in names]
    scope["headers"] = kept + [(name, value.encode()) for name, value in names.items() if value is not None]


async def test_an_address_that_leads_to_the_host_is_proven(world: World) -> None:
    found = await probe(world)

    assert found["works"] is True
    assert found["url"] == f"{PUBLIC}/api/whatsapp/webhook/"
    assert [(one["code"], one["state"]) for one in found["checks"]] == [(leg, "ok") for leg in LEGS]
    assert await probe(world, "GET") == found


async def test_a_probe_is_counted_as_one_and_leaves_nothing_behind(world: World) -> None:
    await probe(world)

    assert 'outcome="probe"} 1.0' in world.host.metrics.render().decode()
    assert await world.host.unknown_webhooks.last_day() == 0
    assert world.host.unknown_webhooks.probes.expected == 0


async def test_every_installed_channel_is_probed_before_an_account_is_connected(found: Found) -> None:
    world = await found(connected=False)

    answer = await world.api("POST", PROBE)

    assert [one["channel"] for one in answer.json()] == list(world.host.plugins)
    assert all(one["works"] for one in answer.json())


async def test_without_an_address_there_is_nothing_to_probe(world: World) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": ""})

    answer = await world.api("POST", PROBE)

    assert (answer.status_code, answer.json()["code"]) == (409, "no_public_url")


async def test_another_address_makes_the_old_proof_void(world: World) -> None:
    await probe(world)

    await world.api("PUT", "/api/settings/public_chat_url", {"value": "https://other.example.org"})

    assert (await world.api("GET", PROBE)).json() == []


async def test_only_an_administrator_probes(world: World) -> None:
    token = await world.token(Role.USER, "owner@example.org")

    answers = [await world.api(method, PROBE, token=token) for method in ("GET", "POST")]

    assert [one.status_code for one in answers] == [403, 403]


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda scope: headers(scope, host="10.0.0.7:8000"), "host 10.0.0.7:8000"),
        (lambda scope: headers(scope, x_forwarded_proto="http"), "scheme http"),
        (lambda scope: headers(scope, x_forwarded_proto="http, https"), "scheme http"),
        (lambda scope: scope.update(scheme="http"), "scheme http"),
        (lambda scope: headers(scope, host="inner", x_forwarded_proto="http"), "scheme http and host inner"),
        (lambda scope: headers(scope, host=None), "host  "),
    ],
)
async def test_another_host_or_scheme_does_no_harm_and_is_told(
    world: World, change: Callable[[dict[str, Any]], None], note: str
) -> None:
    fronted(world, Proxy(world, change))

    found = await probe(world)

    assert found["works"] is True
    assert note.strip() in found["checks"][LEGS.index("unchanged")]["message"]


@pytest.mark.parametrize(
    ("change", "leg", "said", "fix"),
    [
        (lambda scope: scope.update(query_string=b""), "unchanged", "changed the query", "pass the query on"),
        (
            lambda scope: scope.update(query_string=b"probe=1&probe=2&text=a%20b%2Bc"),
            "unchanged",
            "?probe=1&probe=2&text=a%20b%2Bc arrived",
            "pass the query on",
        ),
        (
            lambda scope: scope.update(query_string=scope["query_string"].replace(b"%20", b"+")),
            "unchanged",
            "text=a+b%2Bc arrived",
            "pass the query on",
        ),
        (lambda scope: scope.update(method="GET"), "unchanged", "from POST to GET", "without redirecting"),
        (lambda scope: scope.update(path="/"), "reached", "changed the path", "/api/whatsapp/webhook/* on"),
        (
            lambda scope: scope.update(path=scope["path"].removeprefix("/api")),
            "reached",
            "/api/whatsapp/webhook/… was sent, /whatsapp/webhook/… arrived",
            "with its path unchanged",
        ),
        (
            lambda scope: scope.update(path="/trinity" + scope["path"]),
            "reached",
            "/trinity/api/whatsapp/webhook/… arrived",
            "with its path unchanged",
        ),
        (
            lambda scope: scope.update(path=scope["path"].lower()),
            "reached",
            "capital letters of the path",
            "with its path unchanged",
        ),
        (
            lambda scope: scope.update(path=scope["path"][:-5]),
            "reached",
            "A proxy changed the path",
            "with its path unchanged",
        ),
        (
            lambda scope: scope.update(path="/nowhere", method="GET"),
            "reached",
            "from POST to GET",
            "without redirecting",
        ),
        (
            lambda scope: headers(scope, x_trinity_channels_signature=None),
            "signature",
            "without its signature",
            "pass all request headers on",
        ),
        (
            lambda scope: headers(scope, x_trinity_channels_signature="x" * 64),
            "signature",
            "without its signature",
            "pass all request headers on",
        ),
    ],
)
async def test_a_proxy_that_changes_a_request_is_told_what_it_changed(
    world: World, change: Callable[[dict[str, Any]], None], leg: str, said: str, fix: str
) -> None:
    fronted(world, Proxy(world, change))

    found = failed(await probe(world))

    assert (found[0], said in found[1], fix in found[2]) == (leg, True, True), found


async def test_a_prefix_that_the_proxy_does_not_strip_is_named(world: World) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": f"{PUBLIC}/trinity"})

    leg, message, fix = failed(await probe(world))

    assert (leg, "arrives with /trinity in front" in message, "strip /trinity" in fix) == ("reached", True, True)


async def test_a_prefix_that_the_proxy_strips_is_fine(world: World) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": f"{PUBLIC}/trinity"})
    fronted(world, Proxy(world, lambda scope: scope.update(path=scope["path"].removeprefix("/trinity"))))

    assert (await probe(world))["works"] is True


async def test_a_body_that_is_changed_is_told(world: World) -> None:
    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        async def other() -> Any:
            return {**await receive(), "body": b'{"probe":   "x"}', "more_body": False}

        await world.app(scope, other, send)

    fronted(world, proxy)

    assert failed(await probe(world))[:2] == ("unchanged", "A proxy changed the body of the request.")


async def test_an_answer_that_a_proxy_replaces_is_told(world: World) -> None:
    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        async def nothing(_: Any) -> None: ...

        await world.app(scope, receive, nothing)
        await PlainTextResponse("Gateway Timeout", 504)(scope, receive, send)

    fronted(world, proxy)

    leg, message, _ = failed(await probe(world))
    assert (leg, "a proxy answered in place of this host (504)" in message) == ("reached", True)


@pytest.mark.parametrize(
    ("response", "said", "fix"),
    [
        (
            PlainTextResponse("Not Found", 404, {"Server": "cloudflare"}),
            "this host (cloudflare) answers 404",
            "ingress rule",
        ),
        (PlainTextResponse("", 404), "answers 404", "/api/whatsapp/webhook/* on"),
        (
            PlainTextResponse("It works!"),
            "Something else answers at the public address (200)",
            "/api/whatsapp/webhook/*",
        ),
        (PlainTextResponse("Sign in", 401), "asks for a sign-in", "Exempt /api/whatsapp/webhook/*"),
        (PlainTextResponse("Access", 403, {"Server": "a\x1b[31mb"}), "asks for a sign-in (403 by ab)", "Exempt"),
        (PlainTextResponse("Bad Gateway", 502), "does not reach this host (502)", "that `serve` prints"),
        (PlainTextResponse("Tunnel error", 530), "does not reach this host (530)", "that `serve` prints"),
        (RedirectResponse("https://www.example.org/"), "redirects (307) to https://www.example.org", "Remove"),
        (RedirectResponse("/login", 302), "with another path", "Remove"),
        (PlainTextResponse("", 301, {"Location": "http://["}), "answers with a redirect (301)", "itself"),
        (JSONResponse({"code": "not_found", "message": ""}, 404), "Another trinity_channels host", "the other one"),
        (
            Response("<?xml version='1.0' encoding='UTF-8'?><Response></Response>", media_type="text/xml"),
            "Something else answers",
            "pass",
        ),
        (JSONResponse([1, 2]), "Something else answers", "pass"),
        (PlainTextResponse("x" * 1_000_000), "Something else answers", "pass"),
    ],
)
async def test_what_answers_in_place_of_the_host_is_told(world: World, response: Response, said: str, fix: str) -> None:
    fronted(world, response)

    leg, message, shown = failed(await probe(world))

    assert (leg, said in message, fix in shown) == ("reached", True, True), (message, shown)


async def test_another_host_is_known_by_how_it_acknowledges_unknown_addresses(world: World) -> None:
    body = world.host.plugins["whatsapp"].manifest.acknowledgement.body
    fronted(world, Response(body, media_type="text/xml"))

    assert "Another trinity_channels host answers" in failed(await probe(world))[1]


async def test_a_redirect_to_the_same_address_over_https_is_a_change_of_scheme(world: World) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": "http://edge.example.org"})

    async def edge(scope: Scope, receive: Receive, send: Send) -> None:
        path = f"{scope['path']}?{scope['query_string'].decode()}"
        await RedirectResponse(f"https://edge.example.org{path}", 308)(scope, receive, send)

    fronted(world, edge, "http://edge.example.org")

    leg, message, fix = failed(await probe(world))

    assert (leg, "with another scheme;" in message) == ("reached", True)
    assert "set public_chat_url to the address that it leads to" in fix


# --- the database ---


async def test_a_database_that_takes_nothing_is_the_leg_that_fails(world: World) -> None:
    with world.database.unusable(world.folder):
        leg, message, fix = failed(await probe(world))

    assert (leg, "cannot be used: " in message, "data folder" in fix) == ("stored", True, True)


async def test_a_database_that_cannot_be_asked_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def by_key(*_: Any) -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(world.host.bindings, "by_key", by_key)

    leg, message, _ = failed(await probe(world))

    assert (leg, "the database could not be asked" in message) == ("stored", True)


async def test_an_answer_that_is_lost_on_its_way_back_is_told(world: World) -> None:
    async def proxy(scope: Scope, receive: Receive, _: Send) -> None:
        async def nothing(_: Any) -> None: ...

        await world.app(scope, receive, nothing)
        raise httpx.ReadError("reset")

    fronted(world, proxy)

    leg, message, _ = failed(await probe(world))
    assert (leg, "arrived at this host, but its answer did not come back (ReadError)" in message) == ("reached", True)
