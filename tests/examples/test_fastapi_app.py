"""The short example: someone writes to the application on WhatsApp, and its own routes stay."""

from __future__ import annotations

import runpy
from pathlib import Path

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests import database
from tests.network import Network
from tests.world import ADMIN, KEY, PUBLIC, TWILIO
from trinity_channels import host
from trinity_channels.api import Context
from trinity_channels.ports import utc_now
from trinity_channels.testing import HostDriver
from trinity_channels_whatsapp.simulator import TwilioSimulator

EXAMPLE = Path(__file__).parents[2] / "examples/fastapi_app.py"
BOSS = {"Authorization": f"Bearer {ADMIN}"}


def test_it_is_short_and_stands_in_the_readme() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    readme = (EXAMPLE.parents[1] / "README.md").read_text(encoding="utf-8")

    assert len(text.splitlines()) < 30
    assert f"```python\n{text}```" in readme


async def test_someone_who_writes_is_answered(
    tmp_path: Path, clock: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clock
    database.found(tmp_path)
    network = Network()
    for name, value in {
        "HOME": str(tmp_path),
        "PUBLIC_CHAT_URL": PUBLIC,
        "ADMIN_TOKEN": ADMIN,
        "CREDENTIAL_ENCRYPTION_KEY": KEY,
        "TWILIO_API_BASE_URL": TWILIO,
        "GATHER_SECONDS": "0",
    }.items():
        monkeypatch.setenv(f"TRINITY_CHANNELS_{name}", value)
    monkeypatch.setattr(host, "open_client", lambda _: network.client())
    example = runpy.run_path(str(EXAMPLE))
    app, channels = example["app"], example["channels"]
    twilio = TwilioSimulator(Context(network.client(), utc_now, api_base_url=TWILIO))
    network.serve({PUBLIC: app, TWILIO: twilio.app})
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC, headers=BOSS) as client,
    ):
        connected = await client.put("/api/agents/support/whatsapp", json=dict(twilio.settings()))
        await client.put("/api/agents/support/access-policy", json={"policy": "open"})
        twilio.connect(connected.json()["webhook_url"])
        phone = twilio.phone("Zoe")
        await phone.says("hello")
        await twilio.settle()
        await HostDriver(channels).quiet()
        await twilio.settle()
        page = await client.get("/channels/agents")
        own = await client.get("/hello")

    assert phone.heard()[-1].text.endswith("You wrote: hello")
    assert page.headers["location"].startswith("/channels/")
    assert own.json() == "The application's own routes stay as they are."
