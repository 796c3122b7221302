"""A person with a browser at the pages of a host.

Every page that is opened is examined (see `Reader.opens`), and no answer of a whole test may hold a stored secret.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import httpx
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect
from starlette.types import ASGIApp

from tests.browser import find
from tests.pages.clients import OWN
from tests.pages.recorder import Recorder
from tests.world import ADMIN, World
from trinity_channels.cli import servers
from trinity_channels_contract_tests.testing.browsed import BROKEN_OFF, PATIENCE

WIDTHS = (320, 390, 1600)
HEIGHT = 900
ELSEWHERE = "--host-resolver-rules=MAP elsewhere.example.org 127.0.0.1"
"""Another site, which a test may serve on this machine."""


def _axe() -> str:
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8")


AXE = _axe()
_RUN_AXE = """async rules => {
  const only = rules.length ? {runOnly: {type: "rule", values: rules}} : {};
  const found = await axe.run(document, {resultTypes: ["violations"], ...only});
  return found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html} (${node.failureSummary})`));
}"""
_SCHEMES: dict[Literal["light", "dark"], list[str]] = {"dark": ["color-contrast", "link-in-text-block"], "light": []}
"""The rules of axe for each scheme, all if none is named: of the style sheet, only colours depend on the scheme."""
_OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > width + 1)
    .map(one => one.outerHTML.slice(0, 120));
}"""


class Reader:
    """One person's browser.

    Attributes:
        page: its tab, of playwright.
        recorder: what the host has answered to all browsers of the test.
        complaints: what the browser reported: errors, and what the page's policy refused. Empty at the end of every test.
    """

    def __init__(self, world: World, url: str, context: BrowserContext, page: Page, recorder: Recorder) -> None:
        self.world = world
        self.recorder = recorder
        self.url = url
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        self.expected: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        # What breaks off when a page is left, as by a form, is not an error of the page.
        if message.type in ("error", "warning") and not any(words in message.text for words in BROKEN_OFF):
            self.complaints.append(message.text)

    def expects_status(self, status: int) -> None:
        """The browser will report a page with this status once."""
        self.expected.append(f"the server responded with a status of {status}")

    async def signs_in(self, token: str = ADMIN) -> None:
        """Sign in with a token."""
        await self.page.goto(f"{self.url}/signin")
        field = self.page.get_by_label("Admin or personal token")
        if not await field.is_visible():
            await self.page.get_by_text("Use a token instead").click()
        await field.fill(token)
        await self.page.get_by_role("button", name="Sign in with the token").click()
        await self.page.wait_for_url(lambda url: "/signin" not in url)

    async def opens(self, path: str) -> Page:
        """Open a page and examine it."""
        await self.goes(path)
        await self.examines()
        return self.page

    async def goes(self, path: str) -> Page:
        """Open a page that another test examines."""
        await self.page.goto(f"{self.url}{path}")
        return self.page

    async def examines(self) -> None:
        """Examine the page as it is: no secrets, accessible in both schemes, and no wider than the window at any width."""
        page = self.page
        html = await page.content()
        await self.recorder.learns(self.world)
        assert [secret for secret in self.recorder.secrets if secret in html] == [], page.url
        size = page.viewport_size
        await page.evaluate(AXE)
        for scheme, rules in _SCHEMES.items():
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            violations: list[str] = await page.evaluate(_RUN_AXE, rules)
            assert violations == [], f"{page.url}, {scheme}: {violations}"
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": HEIGHT})
            wide: list[str] = await page.evaluate(_OVERFLOW)
            assert wide == [], f"{page.url}, {width} pixels"
        if size is not None:
            await page.set_viewport_size(size)

    def unexpected(self) -> list[str]:
        """What the browser reported that the test did not announce."""
        left = list(self.expected)
        found = []
        for complaint in self.complaints:
            told = next((one for one in left if one in complaint), None)
            if told is None:
                found.append(complaint)
            else:
                left.remove(told)
        return found


class Readers:
    """Opens browsers at a host that listens on loopback, and closes them."""

    def __init__(self, browser: Browser) -> None:
        self._stack = contextlib.AsyncExitStack()
        self._browser = browser
        self._urls: dict[int, str] = {}
        self._recorders: dict[int, Recorder] = {}
        self._readers: list[Reader] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reader in self._readers:  # before the hosts: pages would report that their streams break off
            await reader.context.close()
        await self._stack.aclose()
        if kind is None:
            told = [told for reader in self._readers for told in reader.unexpected()]
            assert told == [], told
            assert [path for recorder in self._recorders.values() for path in recorder.leaks()] == []

    async def __call__(self, world: World, token: str | None = ADMIN, **options: Any) -> Reader:
        """A person at the pages of a world, signed in with a token unless that is None; options as for a context."""
        if id(world) not in self._urls:
            recorder = self._recorders[id(world)] = Recorder(world.app)
            self._urls[id(world)] = await self._stack.enter_async_context(listening(world, recorder))
        recorder = self._recorders[id(world)]
        await recorder.learns(world)
        given: dict[str, Any] = {"viewport": {"width": 1200, "height": HEIGHT}, "reduced_motion": "reduce", **options}
        context = await self._browser.new_context(**given)
        context.set_default_timeout(PATIENCE)
        await context.clock.set_fixed_time(world.now())
        reader = Reader(world, self._urls[id(world)], context, await context.new_page(), recorder)
        self._readers.append(reader)
        if token is not None:
            # Without the page: signing in on it is a subject of its own, and would take as long as most tests.
            to = f"{reader.url}/signin/token"
            answer = await context.request.post(to, form={"token": token}, headers=OWN, max_redirects=0)
            assert answer.status == httpx.codes.SEE_OTHER, await answer.text()
        return reader


@contextlib.asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A Chromium that lives as long as the context; each `Reader` has its own cookies in it."""
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        # Without a graphics card a GPU process computes the pixels, which took a seventh of the time of tests of pages.
        args = ["--no-sandbox", "--disable-gpu", ELSEWHERE]
        browser = await playwright.chromium.launch(executable_path=find(), args=args)
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def listening(world: World, app: ASGIApp | None = None) -> AsyncIterator[str]:
    """Let the host of a test listen on loopback, perhaps behind something that stands before it; its address."""
    with servers.bind("127.0.0.1", 0) as bound:
        async with servers.serving(app or world.app, bound):
            yield servers.address(bound)
