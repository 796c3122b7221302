"""Mounted, what we log goes where the application's logging lets it go, masked, and the application's set-up stays."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from freezegun.api import FrozenDateTimeFactory

from tests import database
from tests.installed import installed
from tests.world import KEY, PUBLIC
from trinity_channels.app import Ports, mount_channels
from trinity_channels.observability.log import get_logger
from trinity_channels.settings import Settings
from trinity_channels.testing import HostDriver

SECRETS = {
    "token": "feedface0001",
    "url": "https://user:fake-password@example.org/api/whatsapp/webhook/fake-webhook-key?api_key=fake-api-key",
    "number": "whatsapp:+12025550143",
    "email": "zoe@example.org",
    "headers": {"Authorization": "Bearer fake-bearer"},
    "body": b"what somebody wrote",
}
HIDDEN = (
    "feedface0001",
    "fake-password",
    "fake-webhook-key",
    "fake-api-key",
    "2025550143",
    "zoe@",
    "fake-bearer",
    "wrote",
)


class Json(logging.Formatter):
    """An application's formatter that writes the whole record."""

    def format(self, record: logging.LogRecord) -> str:
        text = logging.Formatter.format(self, record)
        return json.dumps({**vars(record), "text": text}, default=repr)


@pytest.fixture(params=[logging.Formatter("%(levelname)s %(name)s %(filename)s %(message)s"), Json()])
def out(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the application's own handler wrote."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param)
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    requests = logging.getLogger("httpx")
    before = requests.level
    requests.setLevel(logging.NOTSET)
    # As an application has it that uses structlog for itself: nothing of ours may go there.
    structlog.configure(processors=[_forbidden])
    yield stream
    structlog.reset_defaults()
    requests.setLevel(before)
    root.handlers[:] = handlers
    root.setLevel(level)


def _forbidden(*_: Any) -> Any:
    raise AssertionError("The application's structlog is its own.")


@pytest.fixture
def settings(tmp_path: Path, clock: FrozenDateTimeFactory) -> Settings:
    assert clock
    database.found(tmp_path)
    return Settings.load(trinity_channels_home=tmp_path, public_chat_url=PUBLIC, credential_encryption_key=KEY)


def test_entries_are_masked_before_a_handler_sees_them(out: io.StringIO) -> None:
    get_logger("trinity_channels.a_test").warning(f"sent to {SECRETS['number']}", **SECRETS)

    written = out.getvalue()
    assert [one for one in HIDDEN if one in written] == []
    assert "trinity_channels.a_test" in written
    assert "test_logs_of_an_application.py" in written
    assert "+120***0143" in written


def test_tracebacks_are_masked_too(out: io.StringIO) -> None:
    try:
        raise ValueError(f"cannot reach {SECRETS['url']}") from KeyError(SECRETS["number"])
    except ValueError:
        get_logger("trinity_channels.a_test").exception("failed", cause=SECRETS["url"])

    written = out.getvalue()
    assert [one for one in HIDDEN if one in written] == []
    assert "Traceback" in written
    assert "KeyError" in written
    assert "test_logs_of_an_application.py" in written


@pytest.mark.parametrize("attack", ["a\nERROR root forged", "a\x1b[2Jb", "a\r\nb", "a\u202eb", "a\u2028b", "a\x00b"])
def test_an_entry_is_one_line_whatever_is_in_it(out: io.StringIO, attack: str) -> None:
    get_logger("trinity_channels.a_test").warning(f"refused {attack}", cause=attack, nested={attack: [attack]})

    assert len(out.getvalue().splitlines()) == 1
    assert "\x1b" not in out.getvalue()


def test_the_applications_levels_count(out: io.StringIO) -> None:
    logger = logging.getLogger("trinity_channels.a_test")
    logger.setLevel(logging.ERROR)
    try:
        get_logger("trinity_channels.a_test").warning("quiet")
    finally:
        logger.setLevel(logging.NOTSET)

    assert out.getvalue() == ""


async def test_the_applications_set_up_stays_as_it_is(
    out: io.StringIO, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    root, quiet = logging.getLogger(), ("httpx", "httpcore", "alembic", "aiohttp", "uvicorn")
    before = (root.handlers[:], root.level, structlog.get_config(), [logging.getLogger(one).level for one in quiet])
    app = FastAPI()
    mount_channels(app, Ports(plugins=installed()), settings)

    async with app.router.lifespan_context(app):
        get_logger("trinity_channels.a_test").info("while it runs")

    after = (root.handlers[:], root.level, structlog.get_config(), [logging.getLogger(one).level for one in quiet])
    assert after == before
    assert "while it runs" in out.getvalue()
    assert capsys.readouterr().err == ""


async def test_what_httpx_logs_of_requests_is_masked_while_the_host_runs(out: io.StringIO, settings: Settings) -> None:
    app = FastAPI()
    mount_channels(app, Ports(plugins=installed()), settings)

    async def send() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200))
        async with httpx.AsyncClient(transport=transport) as client:
            await client.get("https://api.example.org/Messages.json?To=whatsapp%3A%2B12025550143")

    async with app.router.lifespan_context(app):
        await send()
        during = out.getvalue()
    await send()

    assert "api.example.org/Messages.json" in during
    assert "2025550143" not in during
    assert "2025550143" in out.getvalue()


async def test_a_host_that_a_test_has_crashed_masks_nothing_any_more(settings: Settings) -> None:
    before = [*logging.getLogger("httpx").filters]
    host = mount_channels(FastAPI(), Ports(plugins=installed()), settings)
    await host.start()
    assert logging.getLogger("httpx").filters != before

    await HostDriver(host).crash()

    assert logging.getLogger("httpx").filters == before
