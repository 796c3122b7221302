"""The channels in a platform that has channels of its own: it keeps every route, and ours work beside them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from freezegun.api import FrozenDateTimeFactory

from tests import database
from tests.installed import installed
from tests.network import Network
from tests.stand_in import EMPTY_TWIML, ROUTES, TELEGRAM_SECRET, WHATSAPP_SECRET, StandIn
from tests.world import KEY, OWNER, PUBLIC, TWILIO, Agent
from trinity_channels.access.gate import GroupPolicy, Policy
from trinity_channels.api import Context
from trinity_channels.app import Host, Ports, mount_channels
from trinity_channels.ports import utc_now
from trinity_channels.principal import Principal, Role
from trinity_channels.settings import Settings
from trinity_channels.store import StoreError
from trinity_channels.testing import HostDriver
from trinity_channels_whatsapp.simulator import TwilioSimulator

BOSS = {"Authorization": "Bearer fake-boss", "X-Twilio-Signature": "fake"}
ADMIN = Principal(Role.ADMIN, "a test")
PARAMETERS = {"agent_name": "support", "request_id": "7", "email": "zoe@example.org"}


class Users:
    """The holder of the boss's token."""

    async def principal(self, request: Any) -> Principal | None:
        boss = request.headers.get("authorization") == "Bearer fake-boss"
        return Principal(Role.USER, OWNER) if boss else None


@dataclass
class Mounted:
    """A platform with the channels in it."""

    app: FastAPI
    host: Host
    platform: StandIn
    twilio: TwilioSimulator
    client: httpx.AsyncClient
    agent: Agent


@contextlib.asynccontextmanager
async def mounted(folder: Path, *, first: bool, opened_by_caller: bool = False) -> AsyncIterator[Mounted]:
    """The channels mounted first or last in the platform, with its lifespan running, or opened by who has mounted them."""
    database.found(folder)
    network, platform, agent = Network(), StandIn(), Agent()
    http = network.client()
    settings = Settings.load(
        trinity_channels_home=folder,
        public_chat_url=PUBLIC,
        credential_encryption_key=KEY,
        trinity_channels_gather_seconds=0,
        api_base_urls={"twilio_api_base_url": TWILIO},
        agents={"support": {"owner": OWNER, "runtime": "echo"}},
    )
    twilio = TwilioSimulator(Context(http, utc_now, api_base_url=TWILIO))
    app = FastAPI()
    ports = Ports(agents=agent, authenticator=Users(), http=http, plugins=installed())
    if not first:
        platform.add_routes(app)
    host = mount_channels(app, ports, settings)
    if first:
        platform.add_routes(app)
    network.serve({PUBLIC: app, TWILIO: twilio.app})
    async with (
        host if opened_by_caller else app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client,
    ):
        yield Mounted(app, host, platform, twilio, client, agent)


@pytest.fixture(params=[True, False], ids=["mounted first", "mounted last"])
def first(request: pytest.FixtureRequest, clock: FrozenDateTimeFactory) -> bool:
    assert clock
    return bool(request.param)


@pytest.fixture
async def both(tmp_path: Path, first: bool) -> AsyncIterator[Mounted]:
    async with mounted(tmp_path, first=first) as made:
        yield made


async def asked(app: FastAPI, method: str, path: str, **options: Any) -> tuple[int, str, dict[str, str]]:
    """What an application answers."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client:
        answer = await client.request(method, path.format(**PARAMETERS), headers=BOSS, **options)
    return answer.status_code, answer.text, dict(answer.headers)


def test_the_platform_has_22_routes_and_both_webhooks() -> None:
    assert len(ROUTES) == 22
    assert [path for _, path in ROUTES if "/webhook/" in path] == [
        f"/api/whatsapp/webhook/{WHATSAPP_SECRET}",
        f"/api/telegram/webhook/{TELEGRAM_SECRET}",
    ]


async def test_every_route_of_the_platform_answers_as_before(both: Mounted) -> None:
    alone = FastAPI()
    StandIn().add_routes(alone)
    for method, path in ROUTES:
        for content in (b"", b'{"text": "a body"}', b"x" * 300_000):
            before = await asked(alone, method, f"{path}?a=1", content=content)
            assert await asked(both.app, method, f"{path}?a=1", content=content) == before, (method, path)
            assert before[0] == 200


async def test_once_the_routers_of_its_channels_are_left_out_their_paths_are_ours(clock: FrozenDateTimeFactory) -> None:
    """Stories with `--mounted=moved` depend on it: what they ask goes through the host's own way in."""
    assert clock
    app = FastAPI()
    settings = Settings.load(public_chat_url=PUBLIC, credential_encryption_key=KEY)
    mount_channels(app, Ports(agents=Agent(), authenticator=Users(), plugins=installed()), settings)
    StandIn().add_routes(app, channels=False)

    theirs = [one for one in ROUTES if "x-platform" in (await asked(app, *one, content=b"{"))[2]]

    assert theirs == [
        ("GET", "/api/agents"),
        ("GET", "/api/agents/{agent_name}"),
        ("PUT", "/api/settings/public_chat_url"),
    ]


async def test_what_the_platform_refuses_is_refused_as_before(both: Mounted) -> None:
    alone = FastAPI()
    StandIn().add_routes(alone)
    refused = (
        ("PATCH", "/api/agents/support/share"),  # a method that it does not have
        ("PATCH", "/api/agents/support/whatsapp"),
        ("PUT", "/api/whatsapp/webhook/some-key"),
        ("GET", "/api/settings/public_chat_url/"),
        ("GET", "/nowhere"),
        ("GET", "/"),
    )
    for method, path in refused:
        assert await asked(both.app, method, path) == await asked(alone, method, path), (method, path)


async def test_webhooks_that_only_the_platform_knows_reach_it_with_their_bodies(both: Mounted) -> None:
    form = {"MessageSid": "SM1", "Body": "hello"}
    whatsapp = await both.client.post(f"/api/whatsapp/webhook/{WHATSAPP_SECRET}", data=form, headers=BOSS)
    unsigned = await both.client.post(f"/api/whatsapp/webhook/{WHATSAPP_SECRET}", data=form)
    telegram = await both.client.post(f"/api/telegram/webhook/{TELEGRAM_SECRET}", json={"update_id": 1})

    assert (whatsapp.status_code, whatsapp.text) == (200, EMPTY_TWIML)
    assert (unsigned.status_code, unsigned.json()) == (403, {"detail": "Invalid signature"})
    assert telegram.json() == {"ok": True}
    assert both.platform.received[0] == (WHATSAPP_SECRET, b"MessageSid=SM1&Body=hello")
    assert both.platform.received[-1] == (TELEGRAM_SECRET, b'{"update_id":1}')


async def test_a_key_that_neither_knows_is_the_platforms_to_answer(both: Mounted) -> None:
    answer = await both.client.post("/api/telegram/webhook/unknown", json={})

    assert answer.json() == {"ok": False}
    assert both.platform.unknown == ["unknown"]
    assert await both.host.unknown_webhooks.last_day() == 0


async def test_a_webhook_of_a_channel_that_the_platform_does_not_have_is_ours(both: Mounted) -> None:
    answer = await both.client.post("/api/slack/webhook/unknown", json={})

    assert answer.status_code == 200
    assert both.platform.unknown == []
    assert await both.host.unknown_webhooks.last_day() == 1


async def connect(there: Mounted) -> str:
    """Connect the agent through us, as the pages do, and return its webhook's address."""
    await there.host.connections.connect(ADMIN, "support", "whatsapp", there.twilio.settings())
    status = await there.host.statuses.of(ADMIN, "support", "whatsapp")
    url = status.connection.webhook_url if status.connection else None
    assert url
    there.twilio.connect(url)
    await there.host.sharing.set_policies(ADMIN, "support", lambda _: (Policy.OPEN, GroupPolicy.OFF))
    return url


async def test_our_bindings_work_beside_those_of_the_platform(both: Mounted) -> None:
    url = await connect(both)
    phone = both.twilio.phone("Zoe")
    await phone.says("hello")
    await both.twilio.settle()
    await HostDriver(both.host).quiet()
    await both.twilio.settle()

    assert url.startswith(f"{PUBLIC}/api/whatsapp/webhook/")
    assert phone.heard()[-1].text.endswith("echo hello")
    assert both.platform.unknown == []
    theirs = await both.client.post(f"/api/whatsapp/webhook/{WHATSAPP_SECRET}", headers=BOSS)
    assert theirs.text == EMPTY_TWIML
    assert len(both.platform.received) == 1


async def asked_while_stopped(there: Mounted) -> tuple[int, int]:
    """What is answered to a message for one of our bindings, and to one for the platform's."""
    await connect(there)
    await there.host.stop()
    await there.twilio.phone("Zoe").says("hello")
    answer = there.twilio.webhook_calls[-1].answer
    theirs = await there.client.post(f"/api/whatsapp/webhook/{WHATSAPP_SECRET}", headers=BOSS)
    assert answer is not None
    assert there.platform.unknown == []
    return answer.status_code, theirs.status_code


@pytest.mark.parametrize("opened_by_caller", [True, False])
async def test_the_platform_does_not_acknowledge_our_messages_while_the_host_is_stopped(
    tmp_path: Path, first: bool, opened_by_caller: bool
) -> None:
    """Before: it did if the caller had opened the host, and they were lost."""
    async with mounted(tmp_path, first=first, opened_by_caller=opened_by_caller) as there:
        assert await asked_while_stopped(there) == (503, 200)


async def test_our_messages_are_not_the_platforms_while_our_database_fails(
    both: Mounted, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: object) -> None:
        raise StoreError("locked")

    await connect(both)
    both.host.bindings.forget()  # as after any change; the binding would have to be read again
    monkeypatch.setattr(both.host.store, "read", fails)
    await both.twilio.phone("Zoe").says("hello")
    theirs = await both.client.post(f"/api/whatsapp/webhook/{WHATSAPP_SECRET}", headers=BOSS)

    answer = both.twilio.webhook_calls[-1].answer
    assert answer is not None
    assert (answer.status_code, theirs.status_code, both.platform.unknown) == (503, 200, [])


async def test_a_probe_that_a_proxy_has_led_astray_is_recognised(both: Mounted) -> None:
    await both.host.address_change.to(ADMIN, f"{PUBLIC}/trinity")

    found = await both.host.owners_way_in.prove_all(ADMIN)

    assert found
    for one in found:
        assert "arrives with /trinity in front" in " ".join(check.message for check in one.checks)


async def test_errors_of_our_routes_have_our_shape_and_reach_the_applications_handlers(
    both: Mounted, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: object) -> None:
        raise RuntimeError("broken")

    path = "/api/agents/support/disclosure"
    wrong = await both.client.patch(path, headers=BOSS)
    monkeypatch.setattr(both.host.store, "lookup", broken)
    transport = httpx.ASGITransport(both.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        fault = await client.get(path, headers=BOSS)

    assert [(one.status_code, one.json()["code"]) for one in (wrong, fault)] == [
        (405, "method_not_allowed"),
        (500, "internal_error"),
    ]
    with pytest.raises(RuntimeError, match="broken"):
        await both.client.get(path, headers=BOSS)


async def test_trouble_with_our_database_does_not_stop_the_platforms_webhooks(both: Mounted) -> None:
    await both.host.store.close()

    theirs = await both.client.post(f"/api/whatsapp/webhook/{WHATSAPP_SECRET}", headers=BOSS, content=b"a=b")
    ours = await both.client.post("/api/slack/webhook/some-key", json={})

    assert (theirs.status_code, both.platform.received) == (200, [(WHATSAPP_SECRET, b"a=b")])
    assert ours.status_code == 503
