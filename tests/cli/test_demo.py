"""`demo`: the whole product with no account, whatever the user's environment holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import httpx
import pytest

from tests.cli.conftest import Terminal
from trinity_channels.cli import servers
from trinity_channels.cli.demo import environment, script
from trinity_channels.cli.demo.agent import DemoAgent

HOSTILE = {
    "CREDENTIAL_ENCRYPTION_KEY": "none",
    "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/nothing",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "PUBLIC_CHAT_URL": "nonsense",
    "TRINITY_CHANNELS_CONFIG": "/nonexistent/channels.toml",
    "TRINITY_CHANNELS_HOME": "/nonexistent",
    "TWILIO_API_BASE_URL": "http://127.0.0.1:9",
}
STORY = [
    "Zoe → Hello! What is 6 x 7?",
    "Agent ← This agent only talks to people with a verified e-mail address.",
    "Zoe → /login zoe@example.org",
    "[mail] to zoe@example.org: Your code for demo on WhatsApp",
    "Agent ← You are signed in as zoe@example.org. The owner has been asked",
    "[owner] POST /api/agents/demo/access-requests/1/decide approve",
    "Agent ← The owner has let you in",
    "> Hello! What is 6 x 7?",
    "comes in 3 parts, in order, each of at most 1600 characters",
    "Zoe → /whoami",
    "Agent ← You are signed in as zoe@example.org.",
    "posts the same message again, and is answered 200",
    "failed 63016",
    "More than 24 hours have passed since the person last wrote.",
    "Everything went as it should, on WhatsApp (Twilio)",
]


def test_the_script_plays_to_its_end() -> None:
    command = [sys.executable, "-m", "trinity_channels.cli", "demo", "--script"]

    done = subprocess.run(  # noqa: S603  our own command
        command, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **HOSTILE}
    )

    assert done.returncode == 0, done.stdout + done.stderr
    position = 0
    for line in STORY:
        position = done.stdout.find(line, position)
        assert position >= 0, f"{line!r} is missing, or not in its place:\n{done.stdout}"
    assert done.stderr == ""


def test_a_story_that_goes_wrong_ends_with_1(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object) -> str:
        return ""

    monkeypatch.setattr(DemoAgent, "run", silent)
    monkeypatch.setattr(script, "PATIENCE", 2.0)

    result = terminal.run("demo", "--script")

    assert result.exit_code == 1
    assert "Timed out after 2 seconds waiting for 2 messages." in result.stderr


def test_a_taken_port_does_not_stop_the_demo() -> None:
    with servers.bind("127.0.0.1", 0) as taken:
        taken.listen()
        with environment.bind(taken.getsockname()[1]) as free:
            assert servers.address(free) != servers.address(taken)


def test_the_page_of_the_demo_talks_to_nobody_else(demo: str) -> None:
    with httpx.Client(base_url=demo, trust_env=False) as browser:
        page = browser.get("/")
        strange = browser.get("/mailbox.json", headers={"Host": "elsewhere.example.org"})
        form = browser.post("/people/1/write-first", data={})
        unknown = browser.post("/people/1/write-first", json={})
        phone = browser.get("/whatsapp/")
        owner = httpx.get(f"{_host(page.text)}/agents", cookies=page.cookies, trust_env=False)

    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "A simulation on this machine" in page.text
    assert f"frame-ancestors 'self' {demo.rstrip('/')} " in owner.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in owner.headers
    assert owner.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in phone.headers["Content-Security-Policy"]
    assert (strange.status_code, form.status_code, unknown.status_code) == (400, 415, 404)


def test_who_opens_the_demo_is_the_owner_and_may_change_settings(demo: str) -> None:
    with httpx.Client(base_url=demo, trust_env=False) as browser:
        host = _host(browser.get("/").text)
        with httpx.Client(base_url=host, trust_env=False, cookies=browser.cookies) as owner:
            settings = owner.get("/settings")
            sharing = owner.get("/agents/demo")
            removed = owner.post(
                "/settings/public-chat-url", data={"value": "", "remove": "yes"}, headers={"Origin": host}
            )
            channel = owner.get("/agents/demo/channels/whatsapp")

    assert [one.status_code for one in (settings, sharing, removed, channel)] == [200, 200, 303, 200]
    assert f'value="{host}"' in settings.text
    assert "Administrator owner@example.org" in settings.text
    assert "There is none until the Public Chat URL is set." in channel.text


def test_the_demo_leads_to_this_machine_whatever_a_request_names(demo: str) -> None:
    port = httpx.URL(demo).port
    hosts = (
        "LOCALHOST",
        "localhost:",
        "127.0.0.1:@",
        "127.0.0.1:@elsewhere.example.org",
        "127.0.0.1:x",
        "[::1]",
        "127.0.0.1:99999",
    )
    targets = (
        "/",
        "http://elsewhere.example.org/",
        f"http://user:word@127.0.0.1:{port}/",
        "http://localhost/",
        "//elsewhere.example.org/",
    )
    with httpx.Client(base_url=demo, trust_env=False) as browser:
        answers = [browser.get("/", headers={"Host": host}) for host in hosts]
        answers += [browser.get("/", extensions={"target": target.encode()}) for target in targets]

    shown = [one for one in answers if one.status_code == 200]
    assert len(shown) >= 4
    assert {one.status_code for one in answers} <= {200, 400, 404}
    for one in shown:
        assert re.fullmatch(r"http://(127\.0\.0\.1|localhost):\d+", _host(one.text))
        assert "elsewhere.example.org" not in one.text + one.headers["Content-Security-Policy"]


def _host(page: str) -> str:
    """The address of the host, as the demo's page names it."""
    found = re.search(r'<iframe class="owner" id="owner" src="([^"]+)/agents/demo', page)
    assert found, page
    return found[1]
