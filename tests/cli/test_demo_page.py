"""The demo page in a real browser: what a newcomer does in the first two minutes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import find


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 850})
        page.set_default_timeout(20_000)
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()
    assert complaints == []


def test_a_newcomer_gets_an_answer(demo: str, page: Page) -> None:
    page.goto(demo)
    phone = page.frame_locator("#phone")

    def say(text: str) -> None:
        phone.locator("#text").fill(text)
        phone.locator("#text").press("Enter")

    say("Hello!")
    expect(phone.get_by_text("This agent only talks to people with a verified e-mail address.")).to_be_visible()
    say("/login <b>zoe</b>@example.org")
    expect(phone.get_by_text("That does not look like an e-mail address.")).to_be_visible()
    say("/login zoe@example.org")
    code = page.locator("#mails summary .code").inner_text()
    say(f"/login {code}")
    page.get_by_role("button", name="Approve").click()
    expect(phone.get_by_text("You wrote:")).to_be_visible()
    phone.get_by_role("button", name="25 hours later").click()
    page.get_by_role("button", name="Agent writes first").click()

    expect(page.locator(".fate.failed")).to_contain_text("63016: More than 24 hours have passed")
