"""What holds for every page: headers, errors, other sites' forms, and where the pages are."""

from __future__ import annotations

import gzip
import re
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.clients import OWN, client_of
from tests.world import ADMIN, LOCAL, OWNER, PUBLIC, Found, World
from trinity_channels.store import messages
from trinity_channels.web.auth import Role

PATHS = (
    "/signin",
    "/agents",
    "/agents/support",
    pytest.param("/nowhere", marks=pytest.mark.alone("what is at no path of ours is the application's to answer")),
    "/signin/link/none",
    "/",
)


@pytest.mark.parametrize("path", PATHS)
async def test_no_page_is_framed_kept_or_loads_from_elsewhere(admin: httpx.AsyncClient, path: str) -> None:
    answer = await admin.get(path, headers={"Accept": "text/html"})

    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": LOCAL},
        {"Sec-Fetch-Site": "nonsense"},
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8001"},
        {"Origin": "http://127.0.0.1:8000.evil.example.org"},
        {"Origin": "http://["},
        {"Origin": "http://[zz]/"},
        {"Origin": "http://[::1"},
        {"Origin": "://"},
        {"Origin": ""},
        {"Origin": "", "Host": ""},
        {"Origin": "https://evil.example.org", "X-Forwarded-Host": "desk.example.org, evil.example.org"},
        {"Origin": "", "X-Forwarded-Host": ""},
        {"Origin": "null", "Host": ""},
        {"Referer": f"{LOCAL}/agents"},
        {},
    ],
)
async def test_forms_of_other_sites_do_nothing(admin: httpx.AsyncClient, headers: dict[str, str]) -> None:
    refused = await admin.post("/signout/everywhere", headers=headers)

    assert refused.status_code == httpx.codes.FORBIDDEN
    assert "sent by another site" in refused.text
    assert (await admin.get("/agents")).status_code == httpx.codes.OK


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": LOCAL},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "https://desk.example.org", "X-Forwarded-Host": "desk.example.org, 10.0.0.2"},
        {"Origin": "https://desk.example.org", "Forwarded": "host=desk.example.org"},
    ],
)
async def test_forms_of_our_own_are_taken(admin: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await admin.post("/appearance", data={"theme": "dark", "next": "/agents"}, headers=headers)

    assert (answer.status_code, answer.headers["location"]) == (303, "/agents")
    assert 'data-theme="dark"' in (await admin.get("/agents")).text


async def test_signing_in_is_no_form_for_other_sites_either(world: World) -> None:
    answer = await world.http.post(
        f"{PUBLIC}/signin/token", data={"token": ADMIN}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "set-cookie" not in answer.headers


@pytest.mark.alone("what is at no path of ours is the application's to answer")
async def test_missing_pages_are_all_alike(world: World) -> None:
    async with client_of(world, await world.token(Role.USER, OWNER)) as client:
        answers = [
            await client.get(path, headers={"Accept": "text/html"})
            for path in (
                "/agents/nobody/at/all",
                "/agents/sales/no/page",
                "/conversations/7/x",
                "/nowhere",
                "/live/none",
            )
        ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "There is no such page, or it belongs to someone else." in answers[0].text


@pytest.mark.parametrize("path", ["/api/nowhere", "/nowhere"])
@pytest.mark.alone("what is at no path of ours is the application's to answer")
async def test_programs_get_json_where_there_is_nothing(world: World, path: str) -> None:
    answer = await world.http.get(PUBLIC + path, headers={"Accept": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.alone("what is at no path of ours is the application's to answer")
async def test_browsers_get_json_from_the_api_too(world: World) -> None:
    answer = await world.http.get(f"{PUBLIC}/api/nowhere", headers={"Accept": "text/html"})

    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/agents"), ("GET", "/signout"), ("PUT", "/signin"), ("DELETE", "/")]
)
async def test_a_method_that_a_page_does_not_know_is_explained(
    admin: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await admin.request(method, path, headers=OWN)

    assert answer.status_code == httpx.codes.METHOD_NOT_ALLOWED
    assert "use the buttons of the page" in answer.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=1" for _ in range(2000)), "application/x-www-form-urlencoded", 413),
        (b"{}", "application/json", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"theme=dark", "text/plain", 415),
        (b"\xff\xfe=\xff&theme=%ff%zz", "application/x-www-form-urlencoded", 303),
        (b"", "application/x-www-form-urlencoded", 303),
    ],
)
async def test_forms_that_no_page_of_ours_sends(
    admin: httpx.AsyncClient, content: bytes, kind: str, status: int
) -> None:
    answer = await admin.post("/appearance", content=content, headers={**OWN, "Content-Type": kind})

    assert answer.status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example.org",
        "https://evil.example.org",
        "/\\evil.example.org",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=y",
        "",
    ],
)
async def test_no_form_leads_to_another_site(admin: httpx.AsyncClient, path: str) -> None:
    answer = await admin.post("/appearance", data={"theme": "", "next": path}, headers=OWN)

    assert answer.headers["location"] == "/agents"
    assert "x" not in answer.headers


@pytest.mark.parametrize(
    "words", ["\u202egpj.exe", "a\0b", "\x1b[31mred", "\u2066x", "\x9b1mx", "half\ud83d", "a\x85b"]
)
async def test_no_page_prints_what_reorders_hides_or_cannot_be_sent(world: World, words: str) -> None:
    asked = quote(words.encode("utf-8", "surrogatepass"))
    await world.connect()
    await world.person("Zoe").says("hello")
    await world.host.store.write(lambda tx: messages.rewrite(tx, 1, words, ()))
    paths = (
        "/agents/support/conversations/1",
        "/conversations",
        f"/conversations?q={asked}",
        f"/agents/support?q={asked}",
        f"/settings/audit?actor={asked}&agent={asked}",
    )
    async with client_of(world) as client:
        pages = {path: await client.get(path) for path in paths}

    hides = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
    assert {path: (page.status_code, hides.findall(page.text)) for path, page in pages.items()} == dict.fromkeys(
        paths, (httpx.codes.OK, [])
    )


async def test_pages_are_compressed_for_those_who_take_it(admin: httpx.AsyncClient) -> None:
    async with admin.stream("GET", "/agents") as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    plain = await admin.get("/agents", headers={"Accept-Encoding": "identity"})

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw).decode()[:15] == plain.text[:15] == "<!doctype html>"
    assert "content-encoding" not in plain.headers


async def test_without_a_session_pages_lead_to_signing_in_and_do_nothing(world: World) -> None:
    page = await world.http.get(f"{PUBLIC}/agents?x=1&y=%20")
    form = await world.http.post(f"{PUBLIC}/appearance", data={"theme": "dark"}, headers=OWN)
    part = await world.http.get(f"{PUBLIC}/live/agents", headers={"HX-Request": "true"})

    assert (page.status_code, page.headers["location"]) == (303, "/signin?next=/agents%3Fx%3D1%26y%3D%2520")
    assert (form.status_code, form.headers["location"]) == (303, "/signin")
    assert "set-cookie" not in form.headers
    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/signin")


async def test_a_cookie_opens_no_api(admin: httpx.AsyncClient) -> None:
    assert (await admin.get("/api/agents")).status_code == httpx.codes.UNAUTHORIZED


async def test_the_whole_site_lies_below_the_path_of_the_settings(found: Found) -> None:
    world = await found(trinity_channels_pages_path="/desk/")
    async with client_of(world, token=None) as client:
        led = await client.get("/desk/agents")
        entered = await client.post("/desk/signin/token", data={"token": ADMIN, "next": "/desk/agents"}, headers=OWN)
        page = await client.get("/desk/agents")
        outside = await client.get("/agents")

    assert led.headers["location"] == "/desk/signin?next=/desk/agents"
    assert entered.headers["location"] == "/desk/agents"
    assert 'href="/desk/agents/support"' in page.text
    assert f"curl {LOCAL}/api/agents" in page.text
    assert outside.status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize(
    ("inside", "through"),
    [
        ("http://desk.example.org", {"X-Forwarded-Proto": "https"}),
        ("http://desk.example.org", {"X-Forwarded-Proto": "https, http"}),
        ("http://10.0.0.7:8000", {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "desk.example.org, 10.0.0.2"}),
        ("http://10.0.0.7:8000", {"Forwarded": 'for=192.0.2.1;proto=https;host="desk.example.org", proto=http'}),
    ],
)
async def test_behind_a_proxy_that_ends_tls_the_api_is_shown_with_https(
    world: World, inside: str, through: dict[str, str]
) -> None:
    async with client_of(world, token=None, base_url=inside) as client:
        entered = await client.post("/signin/token", data={"token": ADMIN}, headers=OWN | through)
        cookie = entered.headers["set-cookie"].partition(";")[0]
        page = await client.get("/agents", headers={"Cookie": cookie} | through)

    assert "curl https://desk.example.org/api/agents" in page.text


@pytest.mark.alone("what is at no path of ours is the application's to answer")
async def test_a_missing_page_is_a_page(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    reader.expects_status(404)

    page = await reader.opens("/nowhere")

    await expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    await page.get_by_role("link", name="Go to your agents").click()
    await expect(page.get_by_role("heading", name="All agents")).to_be_visible()


async def test_the_colour_scheme_can_be_chosen(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    page = await reader.opens("/agents")

    await page.get_by_role("button", name="Account and appearance").click()
    await page.get_by_role("button", name="Appearance: dark").click()
    await page.wait_for_load_state()

    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    await reader.examines()


async def test_the_keyboard_reaches_everything(world: World, page_of: Readers) -> None:
    reader = await page_of(world, await world.token(Role.USER, OWNER))
    page = await reader.opens("/agents")

    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="my-agent")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    button = page.get_by_role("button", name="Account and appearance")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Appearance: as the system")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Sign out", exact=True)).not_to_be_visible()
    await expect(button).to_be_focused()


async def test_who_signs_out_everywhere_from_the_menu_is_signed_out_everywhere(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    async with client_of(world) as other:
        page = await reader.opens("/agents")
        await page.get_by_role("button", name="Account and appearance").click()
        await page.get_by_role("button", name="Sign out everywhere").click()

        await expect(page.get_by_text("You are signed out in every browser.")).to_be_visible()
        assert (await other.get("/agents")).status_code == httpx.codes.SEE_OTHER
