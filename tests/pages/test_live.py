"""Parts of pages that keep themselves up to date."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Route, expect
from starlette.types import Message, Receive, Scope, Send

from tests.pages.browsing import Readers, listening
from tests.pages.clients import OWN, client_of
from tests.pages.reading import path as conversation_path
from tests.world import ADMIN, OWNER, World
from trinity_channels.cli import servers
from trinity_channels.refusal import Refusal
from trinity_channels.server_event import server_event
from trinity_channels.store import StoreError
from trinity_channels.web.auth import Role
from trinity_channels.web.pages import live


async def test_a_request_appears_while_the_page_is_open(world: World, page_of: Readers) -> None:
    reader = await page_of(world, await world.token(Role.USER, OWNER))
    page = await reader.opens("/agents")
    await expect(page.get_by_role("heading", name="Needs attention")).to_have_count(0)

    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("hello?")

    await expect(page.get_by_text("One person asks to talk with support")).to_be_visible()
    await expect(page.get_by_role("navigation", name="Main").get_by_text("1 need attention")).to_be_visible()
    await reader.examines()
    await world.decides("zoe@example.org")
    await expect(page.get_by_text("One person asks to talk with support")).to_have_count(0)


async def test_a_stream_is_opened_however_late_the_script_for_it_comes(world: World, page_of: Readers) -> None:
    reader = await page_of(world)

    async def comes_late(route: Route) -> None:
        await asyncio.sleep(0.5)
        await route.continue_()

    await reader.page.route("**/hx-sse.min.js", comes_late)

    async with reader.page.expect_request("**/live/agents?*"):
        await reader.page.goto(f"{reader.url}/agents")


@contextlib.asynccontextmanager
async def entered(url: str, token: str = ADMIN) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server, an administrator's if no token is given, signed in."""
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        await client.post("/signin/token", data={"token": token}, headers=OWN)
        yield client


async def until_blank(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """The rest of one event."""
    async for line in lines:
        if not line:
            return
        yield line


async def test_what_the_page_has_is_not_sent_again(world: World) -> None:
    async with listening(world) as url, entered(url) as client:
        page = (await client.get("/agents")).text
        path = next(part for part in page.split('"') if part.startswith("/live/agents"))
        async with client.stream("GET", path) as stream:
            lines = stream.aiter_lines()
            first = asyncio.ensure_future(anext(lines))
            _, waiting = await asyncio.wait([first], timeout=3 * live.PACE)
            await world.policy("open")
            told = [await first] + [line async for line in until_blank(lines)]

    assert waiting == {first}
    assert told[0].startswith("id: ")
    assert any("Open access" in line for line in told)


@pytest.mark.parametrize(
    "path",
    ["/agents", "/agents/support", "/agents/support?q=zoe", "/conversations", "/agents/support/channels/whatsapp"],
)
async def test_a_stream_begins_with_what_the_page_has(world: World, path: str) -> None:
    await world.person("Zoe").says("hello")
    async with listening(world) as url, entered(url) as client:
        found = re.search(r'hx-sse:connect="([^"]*)[?&](?:amp;)?seen=(\w+)"', (await client.get(path)).text)
        assert found
        async with client.stream("GET", found[1]) as stream:
            first = await anext(stream.aiter_lines())

    assert first == f"id: {found[2]}"


async def test_a_stream_has_the_text_of_messages_as_the_page_has_it(world: World, page_of: Readers) -> None:
    code = "def f():\n\n\n    if x:\n        return 1\n\nf()"
    zoe = world.person("Zoe")
    await world.policy("open")
    reader = await page_of(world)
    await zoe.says("hello")
    page = await reader.goes(await conversation_path(world, "Zoe"))

    await zoe.says(code)

    await expect(page.get_by_text("echo def f")).to_be_visible()  # without loading the page again
    bubble = page.locator(".bubble", has_text="def f").first
    assert await bubble.evaluate("one => one.textContent") == code
    assert await bubble.inner_text() == code


def test_an_event_carries_a_text_as_it_is() -> None:
    text = "\u2028a\x0bb\x85\n\n  \n\n    c\n"

    event = server_event(text, "7")

    lines = event.removesuffix("\n\n").split("\n")
    assert lines[0] == "id: 7"
    assert "\n".join(line.removeprefix("data: ") for line in lines[1:]) == text


async def test_a_stream_ends_with_the_session(world: World) -> None:
    async with listening(world) as url, entered(url) as client, client.stream("GET", "/live/agents") as stream:
        lines = stream.aiter_lines()
        assert (await anext(lines)).startswith("id: ")
        await world.api("DELETE", "/api/sessions")
        rest = [line async for line in lines]

    assert not [line for line in rest if line.startswith("id: ")]


async def test_a_server_that_stops_does_not_wait_for_streams(world: World) -> None:
    with servers.bind("127.0.0.1", 0) as bound:
        async with httpx.AsyncClient(base_url=servers.address(bound), timeout=20) as client:
            async with servers.serving(world.app, bound, world.host.leave):
                await client.post("/signin/token", data={"token": ADMIN}, headers=OWN)
                stream = await client.send(client.build_request("GET", "/live/agents"), stream=True)
                lines = stream.aiter_lines()
                await anext(lines)
                before = time.monotonic()
            took = time.monotonic() - before

    assert took < live.LASTS / 2


async def test_streams_are_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST", 1)
    async with listening(world) as url, entered(url) as client, client.stream("GET", "/live/agents") as stream:
        lines = stream.aiter_lines()  # kept, or the stream would be closed
        await anext(lines)
        refused = await client.get("/live/agents")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")


async def test_requests_at_the_same_time_are_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST", 1)
    all_decided = asyncio.Barrier(4)

    async def at_once(scope: Scope, receive: Receive, send: Send) -> None:
        """Let no stream begin before it was decided about all of them."""

        async def begin(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"].startswith("/live/") and counting:
                await all_decided.wait()
            await send(message)

        await world.app(scope, receive, begin)

    counting = True
    async with listening(world, at_once) as url, entered(url) as client, contextlib.AsyncExitStack() as streams:
        asked = [client.stream("GET", "/live/agents") for _ in range(4)]
        opened = await asyncio.gather(*(streams.enter_async_context(one) for one in asked))
        statuses = sorted(one.status_code for one in opened)
        counting = False
        await streams.aclose()
        async with asyncio.timeout(20):
            while await _status(client) != httpx.codes.OK:  # the place is free once the server has seen that they left
                pass

    assert statuses == [200, 503, 503, 503]


async def _status(client: httpx.AsyncClient) -> int:
    async with client.stream("GET", "/live/agents") as stream:
        return stream.status_code


async def test_what_a_stream_is_like_can_be_asked_without_having_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST", 1)
    async with listening(world) as url, entered(url) as client, client.stream("GET", "/live/agents") as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        before = time.monotonic()
        asked = await client.head("/live/agents")
        took = time.monotonic() - before

    assert (asked.status_code, asked.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert asked.headers["cache-control"] == "no-store"
    assert took < live.LASTS / 2


async def test_one_person_leaves_streams_for_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_EACH", 1)
    owner = await world.token(Role.USER, OWNER)
    async with listening(world) as url, entered(url) as client, client.stream("GET", "/live/agents") as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        refused = await client.get("/live/agents")
        async with entered(url, owner) as other, other.stream("GET", "/live/agents") as another:
            seen = await anext(another.aiter_lines())

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert seen.startswith("id: ")


async def test_a_tab_holds_one_connection(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    asked: list[str] = []
    reader.page.on("request", lambda request: asked.append(urlsplit(request.url).path))

    page = await reader.opens("/agents")
    await world.policy("open")
    await expect(page.get_by_role("row", name="support").get_by_text("Open access")).to_be_visible()
    await page.wait_for_load_state()

    assert asked.count("/live/agents") == 1
    assert 1 <= asked.count("/live/attention") <= 3  # when the page was opened, and after each change


async def test_a_stream_ends_when_its_part_cannot_be_made_any_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(world) as url, entered(url) as client, client.stream("GET", "/live/agents") as stream:
        lines = stream.aiter_lines()
        await anext(lines)

        async def refuses(_principal: object) -> None:
            raise Refusal("agent_not_found", "There is no such agent.")

        monkeypatch.setattr(world.host.overviews, "of", refuses)
        await world.policy("open")
        rest = [line async for line in lines]

    assert not [line for line in rest if line.startswith("id: ")]


async def test_a_part_that_fails_stays_as_it_is(
    world: World, page_of: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await page_of(world)
    page = await reader.opens("/agents")

    async def breaks(_principal: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(world.host.overviews, "of", breaks)
    reader.expects_status(503)
    async with page.expect_response("**/live/attention") as answered:
        await page.evaluate("htmx.trigger('[data-count]', 'refresh')")
    await (await answered.value).finished()

    await expect(page.get_by_role("heading", name="Not found")).to_have_count(0)
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)


async def test_what_a_person_did_not_succeed_in_is_told_on_top_of_the_page(world: World) -> None:
    async with client_of(world) as client:
        fetched = await client.get("/live/none", headers={"HX-Request": "true"})
        done = await client.post("/appearance", headers={"HX-Request": "true", "Sec-Fetch-Site": "cross-site"})

    assert (fetched.status_code, fetched.headers["hx-reswap"]) == (404, "none")
    assert (done.status_code, done.headers["hx-retarget"]) == (403, "#main")
    assert 'role="alert"' in done.text
    assert "<html" not in done.text
