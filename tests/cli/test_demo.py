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
    "Everything went as it should, on whatsapp",
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
        found = re.search(r'<iframe class="owner" id="owner" src="(http://127\.0\.0\.1:\d+)/agents/demo', page.text)
        assert found
        owner = httpx.get(f"{found[1]}/agents", cookies=page.cookies, trust_env=False)

    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "A simulation on this machine" in page.text
    assert f"frame-ancestors 'self' {demo.rstrip('/')} " in owner.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in owner.headers
    assert owner.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in phone.headers["Content-Security-Policy"]
    assert (strange.status_code, form.status_code, unknown.status_code) == (400, 415, 404)
