"""A browser at the page of a simulator. Needs playwright, axe-playwright-python and a Chromium; see `tests/browser.py`."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

from playwright.async_api import ConsoleMessage, Page, async_playwright, expect

WIDTHS = (320, 390, 1600)
HEIGHT = 844
BROKEN_OFF = ("ERR_INCOMPLETE_CHUNKED_ENCODING", "htmx:sse:error: network error", "htmx:error: Failed to fetch")
"""What Chromium and htmx report of event streams, and of requests for live parts, that break off when their page is left."""
PATIENCE = 20_000
"""Milliseconds for what a page is to show; only tests that fail take them."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_VIOLATIONS = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html} (${node.failureSummary})`));
}"""
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@asynccontextmanager
async def browsed(*, width: int = 1200, javascript: bool = True) -> AsyncIterator[Page]:
    """A page in a Chromium that is closed at the end.

    Raises:
        AssertionError: at the end, if the browser reported an error or something that the page's policy refused.
    """
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # A stream ends when the page is left or the server stops: that is not an error of the page.
        if message.type == "error" and not any(words in message.text for words in BROKEN_OFF):
            complaints.append(message.text)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        expect.set_options(timeout=PATIENCE)
        context = await browser.new_context(
            viewport={"width": width, "height": HEIGHT}, java_script_enabled=javascript, reduced_motion="reduce"
        )
        page = await context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        await browser.close()
    _expect(not complaints, *complaints)


async def examined(page: Page) -> None:
    """Examine the page as it is.

    Raises:
        AssertionError: it is not accessible in one of the two colour schemes, or wider than the window.
    """
    await page.evaluate(_axe())
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        violations: list[str] = await page.evaluate(_VIOLATIONS)
        _expect(not violations, f"{page.url}, {scheme}:", *violations)
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        _expect(await page.evaluate(_SIDEWAYS) <= 0, f"{page.url} scrolls sideways at {width} pixels")


def _expect(fulfilled: bool, *otherwise: str) -> None:
    if not fulfilled:
        raise AssertionError("\n".join(otherwise))


def _axe() -> str:
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        raise LookupError("axe-playwright-python is not installed")
    return Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8")
