"""`simulate`: a provider's simulator as a server, with a phone and a console, and the variable that a host needs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from playwright.async_api import expect

from tests.cli.conftest import Terminal
from tests.world import PUBLIC, World
from trinity_channels.api import Context
from trinity_channels.cli import servers
from trinity_channels.cli.simulate.console import Simulated, application
from trinity_channels.cli.simulate.run import welcome
from trinity_channels.plugins import load
from trinity_channels.ports import utc_now
from trinity_channels_contract_tests.testing.browsed import browsed, examined

PLUGINS = load()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(params=["whatsapp", "telegram", "slack"])
def running(request: pytest.FixtureRequest, terminal: Terminal) -> Iterator[tuple[str, str]]:
    """A channel and everything that its simulator prints when it has started."""
    assert terminal
    command = [sys.executable, "-m", "trinity_channels.cli", "simulate", request.param, "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:  # noqa: S603
        assert server.stdout is not None
        told = ""
        for line in server.stdout:
            told += line
            if line.startswith("Ctrl-C"):
                break
        yield request.param, told
        server.send_signal(signal.SIGINT)
        out, _ = server.communicate(timeout=20)
    assert (server.returncode, out) == (0, "Stopping. Nothing is kept.\n")


def test_it_prints_the_variable_and_serves_api_phone_and_console(running: tuple[str, str]) -> None:
    channel, told = running
    provider = PLUGINS[channel].manifest.provider
    found = re.search(rf"export {provider.upper()}_API_BASE_URL=(http://127\.0\.0\.1:\d+/{channel})\n", told)
    assert found, told
    base = found[1]
    console = base.removesuffix(f"/{channel}")

    phone = httpx.get(f"{base}/", trust_env=False)
    page = httpx.get(f"{console}/", trust_env=False)
    rebound = httpx.get(f"{console}/", headers={"Host": "evil.example.org"}, trust_env=False)

    assert phone.status_code == page.status_code == 200
    assert f"export {provider.upper()}_API_BASE_URL={base}" in page.text
    assert "script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert rebound.status_code == 400


@pytest.mark.parametrize("running", ["whatsapp"], indirect=True)
async def test_everyone_can_read_the_console(running: tuple[str, str]) -> None:
    found = re.search(r"Console +(\S+)", running[1])
    assert found
    async with browsed(width=390) as page:
        await page.goto(found[1])
        await examined(page)
        await page.get_by_label("The URL that the host shows").fill("http://127.0.0.1:9/api/webhook")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status")).to_have_text("Saved. Write on the phone now.")
        await page.get_by_role("link", name="Open a phone").click()
        await expect(page.get_by_label("Message", exact=True)).to_be_in_viewport()


@pytest.fixture
def simulated(town: World) -> Simulated:
    """The Twilio simulator of a world, as `simulate` would serve it."""
    return Simulated(PLUGINS["whatsapp"].manifest, town.twilio, "http://127.0.0.1:8010/whatsapp")


@pytest.fixture
def console(simulated: Simulated) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(application(simulated))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8010")


def form_key(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return unescape(found[1])


async def test_the_webhook_entered_in_the_console_is_where_messages_go(town: World, console: httpx.AsyncClient) -> None:
    url = await town.webhook()
    town.twilio.connect(f"{PUBLIC}/elsewhere")
    key = form_key((await console.get("/")).text)

    saved = await console.post("/webhook", data={"key": key, "url": f" {url} "})
    zoe = town.person("Zoe")
    await zoe.says("hello")

    assert saved.status_code == 303
    assert "Saved" in (await console.get(saved.headers["location"])).text
    assert zoe.heard() == ["echo hello"]


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"url": f"{PUBLIC}/elsewhere"}, 403, "out of date"),
        ({"url": f"{PUBLIC}/elsewhere", "key": "guessed"}, 403, "out of date"),
        ({"url": f"{PUBLIC}/elsewhere", "key": "\udcff"}, 403, "out of date"),
        ({"url": "ftp://example.org/x", "key": ""}, 422, "must be an address such as https"),
        ({"url": "<script>alert(1)</script>", "key": ""}, 422, "must be an address"),
        ({"url": "", "key": ""}, 422, "must be an address"),
        ({"url": "x" * 10_000, "key": ""}, 403, "out of date"),
    ],
)
async def test_other_forms_change_nothing(
    town: World, console: httpx.AsyncClient, form: dict[str, str], status: int, said: str
) -> None:
    before = town.twilio.sender.webhook.callback_url
    if form.get("key") == "":
        form = {**form, "key": form_key((await console.get("/")).text)}

    answer = await console.post("/webhook", content=urlencode(form, errors="surrogateescape"), headers=FORM)

    assert answer.status_code == status
    assert said in answer.text
    assert "<script>" not in answer.text
    assert town.twilio.sender.webhook.callback_url == before


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("signal",), 1, "No simulator for 'signal'. Channels with one: slack, telegram, whatsapp."),
        (("whatsapp", "--port", "70000"), 2, ""),
        (("whatsapp", "--port", "0", "--webhook", "example.org"), 2, "must be an address"),
        (("whatsapp", "--listen"), 1, "come by webhook only"),
        ((), 2, "CHANNEL"),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    terminal: Terminal, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = terminal.run("simulate", *arguments)

    assert result.exit_code == code
    assert said in result.stderr


@pytest.mark.parametrize(("channel", "listening"), [("slack", True), ("slack", False), ("whatsapp", False)])
async def test_it_says_how_a_host_connects_in_each_way(channel: str, listening: bool) -> None:
    base = f"http://127.0.0.1:8010/{channel}"
    simulator: Any = PLUGINS[channel].simulator(Context(httpx.AsyncClient(), utc_now, api_base_url=base))
    if listening:
        simulator.prepare_listening()
    simulated = Simulated(PLUGINS[channel].manifest, simulator, base, listening=listening)

    told = welcome(simulated, "http://127.0.0.1:8010")

    assert (f"connect AGENT {channel} --listen" in told, "SLACK_APP_TOKEN=xapp-" in told) == (listening, listening)
    assert ("PUBLIC_CHAT_URL" in told, "webhook URL" in told) == (not listening, not listening)
    assert ("With --listen" in told) is (channel == "slack" and not listening)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application(simulated)), base_url="http://127.0.0.1:8010"
    ) as browser:
        assert ("The host fetches" in (await browser.get("/")).text) is listening


def test_a_taken_port_is_named(terminal: Terminal) -> None:
    with servers.bind("127.0.0.1", 0) as bound:
        bound.listen()
        result = terminal.run("simulate", "whatsapp", "--port", str(bound.getsockname()[1]))

    assert result.exit_code == 1
    assert "Choose another --port" in result.stderr
