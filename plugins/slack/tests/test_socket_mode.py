"""Socket Mode without the simulator: what a connection may say, where a ticket goes, and what an owner must enter."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from trinity_channels.api import (
    Binding,
    ChannelError,
    ConfigurationError,
    Context,
    Ignored,
    Inbound,
    Malformed,
    ProviderUnavailable,
    Request,
)
from trinity_channels_contract_tests.testing import Recorded, Sockets
from trinity_channels_slack import plugin, socket_mode
from trinity_channels_slack.envelope import OTHER_INSTALLATION
from trinity_channels_slack.settings import SlackSettings

if TYPE_CHECKING:
    from conftest import ScriptedSlack, World


RECORDED = Recorded(Path(__file__).parent.parent / "payloads", received_at=datetime(2026, 1, 1, tzinfo=UTC))
LAST = {"envelope_id": "2", "type": "slash_commands", "accepts_response_payload": True}


@pytest.mark.parametrize(
    "envelope",
    [
        {"type": "events_api"},
        {"type": "events_api", "payload": None},
        {"type": "events_api", "payload": []},
        {"type": "events_api", "payload": {"type": "event_callback"}},
        {
            "type": "events_api",
            "payload": {"type": "event_callback", "team_id": "T0FAKE001", "event": {"type": "message"}},
        },
        {"type": "interactive", "payload": {"type": "block_actions", "team": {"id": "T0FAKE001"}}},
        {"type": "slash_commands"},
        {"type": "of_tomorrow", "payload": {"type": "of_tomorrow"}},
        {"type": ["events_api"], "payload": "x" * 1000, "accepts_response_payload": "yes"},
        {},
    ],
)
async def test_what_cannot_be_read_is_acknowledged_and_takes_nothing_along(
    envelope: dict[str, Any], make_binding: Callable[..., Binding]
) -> None:
    said = [
        {"type": "hello"}, {"envelope_id": "1", **envelope}, "[1, 2]", "{", "[" * 100_000, "7", {"type": "hello"},
        {"envelope_id": 7}, LAST,
    ]  # fmt: skip
    acknowledged, delivered = await _held(said, make_binding)

    assert [one["envelope_id"] for one in acknowledged] == ["1", "2"]
    assert acknowledged[0].keys() == {"envelope_id"}
    assert acknowledged[1]["payload"]["text"].startswith("This app has no slash commands")
    assert sum(isinstance(event, Malformed) for event in delivered) >= 4


async def test_what_slack_posts_to_webhooks_is_read_alike(make_binding: Callable[..., Binding]) -> None:
    said: list[Any] = [{"type": "hello"}]
    expected: list[Any] = []
    for name in RECORDED.names():
        binding = make_binding(signing_secret_secondary="fake-signing-secret-for-tests-02")
        with suppress(ChannelError):
            inbound = plugin.receive(binding, RECORDED.request(name))
            if OTHER_INSTALLATION not in inbound.events and (envelope := _envelope(RECORDED.request(name))):
                said.append({"envelope_id": name, **envelope})
                expected += inbound.events

    acknowledged, delivered = await _held([*said, LAST], make_binding)

    assert delivered == [*expected, Ignored("slash_command")]
    assert len(acknowledged) == len(said) > 100


def _envelope(request: Request) -> dict[str, Any] | None:
    """A recorded request as it comes over a connection; None for what does not come over any."""
    body = request.body.decode()
    if "json" in request.headers["content-type"]:
        payload = json.loads(body)
        return {"type": "events_api", "payload": payload} if payload["type"] != "url_verification" else None
    form = parse_qs(body)
    if "payload" in form:
        return {"type": "interactive", "payload": json.loads(form["payload"][0])}
    return {"type": "slash_commands", "payload": {}} if "command" in form else None


async def _held(said: list[Any], make_binding: Callable[..., Binding]) -> tuple[list[dict[str, Any]], list[Any]]:
    """What is acknowledged and delivered of what a Slack says that follows a script, and then ends the connection."""
    acknowledged: list[dict[str, Any]] = []

    async def link(socket: WebSocket) -> None:
        await socket.accept()
        for one in said:
            await socket.send_text(one if isinstance(one, str) else json.dumps(one))
        while not acknowledged or acknowledged[-1]["envelope_id"] != "2":
            acknowledged.append(json.loads(await socket.receive_text()))
        await socket.close()

    async def opened(_: Any) -> JSONResponse:
        return JSONResponse({"ok": True, "url": "ws://slack.test/link"})

    app = Starlette(
        routes=[Route("/api/apps.connections.open", opened, methods=["POST"]), WebSocketRoute("/link", link)]
    )
    delivered: list[Any] = []

    async def deliver(inbound: Inbound) -> None:
        delivered.extend(inbound.events)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        ctx = Context(
            client, lambda: datetime.now(UTC), api_base_url="http://slack.test", websocket=Sockets(lambda _: app)
        )
        with pytest.raises(ProviderUnavailable):
            await plugin.listen(make_binding(app_token="xapp-1-fake"), ctx, deliver)
    return acknowledged, delivered


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("wss://wss-primary.slack.com/link/?ticket=fake", True),
        ("wss://wss.slack-gov.com/link/?ticket=fake", True),
        ("wss://slack.com.evil.example/link", False),
        ("wss://evilslack.com/link", False),
        ("wss://[/", False),
        ("", False),
        (7, False),
    ],
)
async def test_a_ticket_goes_to_slack_only(slack: ScriptedSlack, url: object, good: bool) -> None:
    slack.answers({"ok": True, "url": url})
    settings = SlackSettings.model_validate({"bot_token": "xoxb-fake", "app_token": "xapp-1-fake"})
    if good:
        assert await socket_mode.link(settings, slack.ctx) == url
    else:
        with pytest.raises(ProviderUnavailable):
            await socket_mode.link(settings, slack.ctx)
    [request] = slack.requests
    assert request.headers["authorization"] == "Bearer xapp-1-fake"
    assert b"xapp" not in request.content


async def test_tokens_of_two_apps_are_noticed(slack: ScriptedSlack) -> None:
    slack.answers(
        {"ok": True, "url": "wss://wss-primary.slack.com/link/?ticket=fake&app_id=A0OTHER01"},
        {"ok": True, "team_id": "T0FAKE001", "user_id": "U0FAKEBOT", "bot_id": "B0FAKE001"},
        {"ok": True, "bot": {"id": "B0FAKE001", "app_id": "A0FAKE001"}},
    )
    settings = SlackSettings.model_validate({"bot_token": "xoxb-fake", "app_token": "xapp-1-fake"})
    with pytest.raises(ConfigurationError, match="another app") as refused:
        await plugin.configure(settings, slack.ctx, listens=True)
    assert refused.value.field == "app_token"


@pytest.mark.parametrize(("listens", "field"), [(True, "app_token"), (False, "signing_secret")])
async def test_each_way_wants_its_own_secret(world: World, listens: bool, field: str) -> None:
    settings = SlackSettings.model_validate({"bot_token": world.simulator.installation.token})
    with pytest.raises(ConfigurationError, match="missing") as refused:
        await plugin.configure(settings, world.ctx, listens=listens)
    assert (refused.value.field, refused.value.refused) == (field, False)
