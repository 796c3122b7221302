"""Other sites in the same browser can neither send the forms of the pages nor frame them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.pages.browsing import Reader, Readers
from tests.world import World
from trinity_channels.cli import servers

PATH = "/agents/support/channels/whatsapp"
SITES = ("elsewhere.example.org", "127.0.0.1", "localhost")
"""Another site, and two of the same machine on another port; to "127.0.0.1" the browser sends the session's cookie."""


_TRIES = """async (url) => {
  const kinds = [{mode: "no-cors"}, {}, {headers: {"HX-Request": "true"}}];
  for (const kind of kinds) try { await fetch(url, {method: "POST", credentials: "include", ...kind}); } catch {}
}"""


@contextlib.asynccontextmanager
async def trap(reader: Reader, site: str, html: str) -> AsyncIterator[Page]:
    """A tab of the same browser at another site."""

    async def page(_: Request) -> Response:
        return HTMLResponse(html)

    tab = await reader.context.new_page()
    with servers.bind("127.0.0.1", 0) as bound:
        async with servers.serving(Starlette(routes=[Route("/trap", page)]), bound):
            await tab.goto(servers.address(bound).replace("127.0.0.1", site) + "/trap")
            yield tab


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("action", ["/disconnect", "/rotate"])
async def test_a_form_of_another_site_changes_nothing(world: World, page_of: Readers, site: str, action: str) -> None:
    webhook = await world.webhook()
    reader = await page_of(world)
    await reader.opens(PATH)

    form = f'<form method="post" action="{reader.url}{PATH}{action}"><button>Win a prize</button></form>'
    async with trap(reader, site, form) as tab:
        await tab.get_by_role("button", name="Win a prize").click()
        await expect(tab.get_by_text("sent by another site")).to_be_visible()

    assert (await world.binding())["configured"]
    assert await world.webhook() == webhook


@pytest.mark.parametrize("site", SITES)
async def test_a_script_of_another_site_changes_nothing(world: World, page_of: Readers, site: str) -> None:
    reader = await page_of(world)
    await reader.opens(PATH)

    async with trap(reader, site, "<p>Nothing to see</p>") as tab:
        await tab.evaluate(_TRIES, f"{reader.url}{PATH}/disconnect")

    # 405 is the answer to the browser's question whether a request with a header of htmx may be sent.
    assert set(reader.recorder.statuses(f"{PATH}/disconnect")) == {403, 405}
    assert (await world.binding())["configured"]


@pytest.mark.parametrize("site", SITES)
async def test_a_page_shows_nothing_in_a_frame(world: World, page_of: Readers, site: str) -> None:
    reader = await page_of(world)
    await reader.opens(PATH)

    frame = f'<iframe src="{reader.url}{PATH}/disconnect" width="800" height="600"></iframe>'
    async with trap(reader, site, frame) as tab:
        complaints: list[str] = []
        tab.on("console", lambda message: complaints.append(message.text))
        await tab.reload()

        await expect(tab.frame_locator("iframe").get_by_role("button", name="Disconnect")).to_have_count(0)
        assert tab.frames[1].url.startswith("chrome-error:")
        assert any("frame-ancestors" in complaint for complaint in complaints)
