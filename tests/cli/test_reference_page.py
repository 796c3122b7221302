"""`/docs` of `serve` in a real browser that reaches nothing but this host."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser import find
from tests.cli.conftest import Terminal
from tests.world import ADMIN


@pytest.fixture
def served(terminal: Terminal) -> Iterator[str]:
    """The address of a host in a process of its own."""
    terminal.set(TRINITY_CHANNELS_ADMIN_TOKEN=ADMIN)
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


def test_authorize_lets_the_page_call_the_api(served: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{served}/docs")
        page.get_by_role("button", name="Authorize").click(timeout=20_000)
        page.get_by_label("auth-bearer-value").fill(ADMIN)
        page.get_by_role("button", name="Apply credentials").click()
        page.get_by_role("button", name="Close").click()
        page.locator("#operations-Settings-_channels_api_channels_get").get_by_role("button").first.click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        answer = page.locator(".live-responses-table .response-col_status").last
        expect(answer).to_contain_text("200", timeout=20_000)
        browser.close()
