"""`/docs` of `serve` in a real browser that reaches nothing but this host."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser import find


@pytest.fixture
def served(terminal: object) -> Iterator[str]:
    """The address of a host in a process of its own."""
    assert terminal
    command = [sys.executable, "-m", "trinity_channels.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:  # noqa: S603  our own command
        assert running.stdout is not None
        yield next(line.split()[3] for line in running.stdout if "listens on" in line)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=20)


def test_it_shows_every_route_and_asks_nobody_else(served: str) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{served}/docs")
        expect(page.get_by_text("whatsapp/test").first).to_be_visible(timeout=20_000)
        browser.close()

    assert [url for url in asked if not url.startswith((served, "data:"))] == []
    assert complaints == []
