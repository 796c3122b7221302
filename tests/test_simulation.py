"""What the parts of a simulator promise to their authors."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
from markupsafe import Markup, escape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Message

from trinity_channels.simulation import (
    Background,
    Bubble,
    Clock,
    PhonePage,
    Sample,
    Screen,
    Switch,
    page_routes,
)
from trinity_channels.simulation.drawing import parts
from trinity_channels.simulation.mailbox import BESIDE, WithMailbox, code_of, with_links
from trinity_channels.web.pages.cookies import THEME

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Visitor:
    def __init__(self, name: str) -> None:
        self.name = self.address = name
        self.said: list[str] = []


class GuestBook(PhonePage[Visitor]):
    def __init__(self, folder: Path) -> None:
        self.rain = False
        switch = Switch("rain", "Rain", "The ink runs.", lambda: self.rain, self.turn)
        super().__init__("Book", folder, Clock(lambda: NOON), [switch])
        self.visitors = [Visitor("Zoe")]

    def turn(self, on: bool) -> None:
        self.rain = on

    def people(self) -> Iterable[Visitor]:
        return self.visitors

    def add(self, name: str) -> Visitor:
        self.visitors.append(Visitor(name))
        return self.visitors[-1]

    async def screen(self, person: Visitor) -> Screen:
        said = [
            Bubble(str(number), mine=True, text=one, html=escape(one), at=NOON)
            for number, one in enumerate(person.said)
        ]
        offer = Bubble("offer", mine=False, text="Sign?", html=Markup("Sign?"), at=NOON, buttons=["Sign"])
        return Screen("The book", "page 1", [offer, *said], actions={"close": "Close the book"})

    async def say(self, person: Visitor, text: str, where: str, thread: str) -> None:
        person.said.append(f"{text}{where}{thread}")

    async def tap(self, person: Visitor, title: str) -> None:
        person.said.append(f"[{title}]")

    async def act(self, person: Visitor, action: str) -> None:
        person.said.append(f"<{action}>")

    def attachments(self) -> Mapping[str, str]:
        return {"photo": "Photo"}

    async def send(self, person: Visitor, sample: Sample) -> None:
        person.said.append(sample.name)


@pytest.fixture
def book(tmp_path: Path) -> GuestBook:
    (tmp_path / "channel.css").write_text("* {}")
    (tmp_path / "notes.txt").write_text("not for the page")
    return GuestBook(tmp_path)


@pytest.fixture
async def client(book: GuestBook) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=page_routes(book)))
    async with httpx.AsyncClient(transport=transport, base_url="http://sim.test") as opened:
        yield opened


async def test_settle_waits_for_work_that_work_started_and_tells_what_failed() -> None:
    background, done = Background(), []

    async def first() -> None:
        background.start(second())

    async def second() -> None:
        done.append("second")
        raise LookupError("nobody there")

    background.start(first())

    with pytest.raises(LookupError, match="nobody there"):
        await background.settle()
    await background.settle()  # told once
    assert done == ["second"]


def test_a_clock_moves_forward_only() -> None:
    clock = Clock(lambda: NOON)

    clock.advance(timedelta(hours=25))

    assert (clock(), clock.real()) == (NOON + timedelta(hours=25), NOON)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(timedelta(seconds=-1))


async def test_a_page_serves_its_files_and_the_shared_ones(client: httpx.AsyncClient) -> None:
    files = ["channel.css", "phone.css", "notes.txt", "phone.html", "..%2fpage.py"]

    assert [(await client.get(f"/page/{file}")).status_code for file in files] == [200, 200, 404, 404, 404]
    assert (await client.get("/phones/Zoe/messages")).json()["with"] == {"name": "The book", "address": "page 1"}


async def test_people_write_tap_send_act_and_let_time_pass(client: httpx.AsyncClient, book: GuestBook) -> None:
    posts = [("say", {"text": " hello "}), ("say", {"button": "Sign"}), ("send", {"kind": "photo"})]
    for path, body in [*posts, ("act", {"action": "close"})]:
        assert (await client.post(f"/phones/Zoe/{path}", json=body)).status_code == 202

    assert book.visitors[0].said == ["hello", "[Sign]", "market.jpg", "<close>"]
    assert (await client.post("/advance", json={"hours": 25})).json()["now"].startswith("2026-01-02T13:00")
    assert (await client.post("/advance", json={"minutes": 15})).json()["now"].startswith("2026-01-02T13:15")


@pytest.mark.parametrize(
    "name",
    ["a/b", "../..", "?as=Zoe", "a%2Fb", "x/messages", "x/files/y", "<b>", "\"'", "עדי \u202e", "👩‍👩‍👧", "%", "#"],
)
async def test_people_have_every_name(client: httpx.AsyncClient, book: GuestBook, name: str) -> None:
    own = {"Sec-Fetch-Site": "same-origin"}

    added = await client.post("/phones", data={"name": name}, headers=own)
    page = await client.get(added.headers["location"])
    [action] = re.findall(r'data-composer.*?>|action="([^"]*say)" hx-post="[^"]*" [^>]*data-composer', page.text)
    said = await client.post(unescape(action), data={"text": "hello"}, headers=own)

    assert (added.status_code, page.status_code, said.status_code) == (303, 200, 303)
    assert book.visitors[-1].name == name
    assert book.visitors[-1].said == ["hello"]


async def test_switches_are_listed_and_turned(client: httpx.AsyncClient, book: GuestBook) -> None:
    turned = await client.post("/switches/rain", json={"on": True})

    assert turned.json() == {"name": "rain", "title": "Rain", "text": "The ink runs.", "on": True}
    assert (await client.get("/switches")).json() == {"switches": [turned.json()]}
    assert book.rain


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/phones", {"name": ""}, 400, "A name has 1 to 40 characters."),
        ("/phones", {"name": "x" * 41}, 400, "A name has 1 to 40 characters."),
        ("/phones", [], 400, "The body is not a JSON object."),
        ("/phones", {"name": "\ud83d"}, 400, "name is not valid Unicode."),
        ("/phones", {"name": 7}, 400, "name must be text."),
        ("/phones/Zoe/say", {"text": "half \udc00"}, 400, "text is not valid Unicode."),
        ("/phones/Zoe/say", {"text": ["x"]}, 400, "text must be text."),
        ("/phones/Zoe/say", {"text": None}, 400, "text must be text."),
        ("/phones/Zoe/say", {}, 400, "Write something first."),
        ("/phones/Zoe/say", {"button": "not offered"}, 400, "There is no such button."),
        ("/phones/Zoe/say", {"text": "x", "where": "elsewhere"}, 400, "There is no such place to write to."),
        ("/phones/Zoe/send", {"kind": "elephant"}, 400, "The kind must be one of photo."),
        ("/phones/Zoe/act", {"action": "fly"}, 400, "This cannot be done now."),
        ("/switches/rain", {"on": "perhaps"}, 400, "on must be true or false."),
        ("/switches/snow", {"on": True}, 404, "There is no such switch."),
        ("/phones/Nobody/say", {"text": "x"}, 404, "No person has this name."),
        ("/advance", {"hours": -1}, 400, "Time moves forward by whole hours and minutes."),
        ("/advance", {"hours": "x"}, 400, "Time moves forward by whole hours and minutes."),
        ("/advance", {"hours": True}, 400, "Time moves forward by whole hours and minutes."),
        ("/advance", {"hours": 10**30}, 400, "Time moves forward by whole hours and minutes."),
        ("/advance", {"hours": 87601}, 400, "Time moves by 3650 days at most."),
    ],
)
async def test_a_page_says_what_it_refuses(
    client: httpx.AsyncClient, path: str, body: object, status: int, said: str
) -> None:
    answer = await client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()) == (status, {"message": said})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://sim.test"}, 400),
        ({"Origin": "http://elsewhere.test"}, 400),
        ({"Origin": "null"}, 400),
        ({"Origin": "http://[", "Host": "sim.test"}, 400),
        ({"Origin": "null", "Host": ""}, 400),
        ({"Origin": "http://sim.test"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
    ],
)
async def test_only_the_page_itself_can_post_a_form(
    client: httpx.AsyncClient, book: GuestBook, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/phones/Zoe/say", data={"text": "x"}, headers=headers)

    assert answer.status_code == status
    assert book.visitors[0].said == (["x"] if status == 303 else [])


async def test_a_form_that_is_refused_shows_the_page_with_the_reason(client: httpx.AsyncClient) -> None:
    own = {"Sec-Fetch-Site": "same-origin"}

    page = await client.post("/phones/Zoe/say", data={"text": " "}, headers=own)
    part = await client.post("/phones/Zoe/say", data={"text": " "}, headers=own | {"HX-Request": "true"})

    assert page.status_code == part.status_code == 400
    assert '<div id="problem" role="alert">Write something first.</div>' in page.text
    assert part.text == "Write something first."


async def test_a_body_without_end_is_not_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/phones/Zoe/say", json={"text": "x" * 100_000})

    assert answer.status_code == 413


async def test_what_changes_is_streamed(book: GuestBook) -> None:
    sent: asyncio.Queue[str] = asyncio.Queue()
    gone = asyncio.Event()
    requested = False

    async def receive() -> Message:
        nonlocal requested
        if requested:
            await gone.wait()
            return {"type": "http.disconnect"}
        requested = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if body := message.get("body"):
            sent.put_nowait(body.decode())

    scope = {"type": "http", "method": "GET", "path": "/phones/Zoe/live", "root_path": "", "query_string": b""}
    app = Starlette(routes=page_routes(book))
    streaming = asyncio.create_task(app({**scope, "headers": []}, receive, send))
    first = await sent.get()
    book.visitors[0].said.append("<b>news</b>")
    second = await sent.get()
    gone.set()
    await streaming

    assert all(f'id="{part}" hx-swap-oob="outerMorph"' in first for part in ("contact", "talk", "switches", "clock"))
    assert "&lt;b&gt;news&lt;/b&gt;" in second
    assert 'id="switches"' not in second
    assert all(line.startswith("data: ") for line in second.strip().split("\n"))


async def test_a_stream_has_no_body_for_those_who_ask_for_its_headers(client: httpx.AsyncClient) -> None:
    answer = await client.head("/phones/Zoe/live")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    text: str


async def test_a_mailbox_stands_beside_the_phone_and_offers_the_code(book: GuestBook) -> None:
    letters: list[Letter] = []
    app = WithMailbox(Starlette(routes=page_routes(book)), lambda: letters)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sim.test") as client:
        empty = (await client.get("/")).text
        letters.append(
            Letter("zoe@example.org", "<Your code>", "The code for the Book is 482913, see http://x.example/?a=1&b=2.")
        )
        unasked = (await client.get("/")).text
        await client.post("/phones/Zoe/say", json={"text": "/login Zoe@Example.org"})
        full = (await client.get("/")).text
        await client.post("/phones/Zoe/say", json={"text": "482913"})
        sent = (await client.get("/")).text

    assert "No mail yet." in empty
    assert "&lt;Your code&gt;" in full
    assert "Mail: your code is <b></b>" in unasked, "only who asked for it is offered it"
    assert "Send 482913" not in unasked
    assert 'href="http://x.example/?a=1&amp;b=2"' in full
    assert "Mail: your code is <b>482913</b>" in full
    assert "Send 482913" in full
    assert "Mail: your code is <b></b>" in sent
    assert "Send 482913" not in sent


async def test_what_a_program_shows_beside_a_phone_comes_in_the_phones_own_stream(book: GuestBook) -> None:
    async def beside(stream: bool) -> dict[str, str]:
        return {"extra": f'<p id="extra"{" hx-swap-oob=true" if stream else ""}>Beside</p>'}

    app = WithMailbox(Starlette(routes=page_routes(book)), list, beside)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sim.test") as client:
        page = (await client.get("/")).text
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], BESIDE: beside}
    streamed = await parts(book, Request(scope), next(iter(book.people())))

    assert '<p id="extra">Beside</p>' in page
    assert streamed["extra"] == '<p id="extra" hx-swap-oob=true>Beside</p>'


@pytest.mark.parametrize(("theme", "shown"), [("dark", True), ("light", True), ("'><b>", False), ("", False)])
async def test_the_page_has_the_colours_that_were_chosen_on_the_hosts_pages(
    client: httpx.AsyncClient, theme: str, shown: bool
) -> None:
    page = await client.get("/", headers={"Cookie": f"{THEME}={theme}"})

    assert (f'data-theme="{theme}"' in page.text) is shown


async def test_a_code_for_another_network_stays_in_the_mailbox(book: GuestBook) -> None:
    letters = [
        Letter("zoe@example.org", "Your code on the Book", "The code is 731604."),
        Letter("zoe@example.org", "Your code on Paper", "The code is 482913."),
    ]
    app = WithMailbox(Starlette(routes=page_routes(book)), lambda: letters)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sim.test") as client:
        await client.post("/phones/Zoe/say", json={"text": "/login zoe@example.org"})
        page = (await client.get("/")).text

    assert "Mail: your code is <b>731604</b>" in page
    assert "Send 731604" in page
    assert "Send 482913" not in page
    assert "The code is 482913." in page, "it can be read"


@pytest.mark.parametrize(
    ("text", "code"),
    [("1234567", ""), ("12345", ""), ("+49123456", ""), ("is 123456.", "123456"), ("/login 123456", "123456")],
)
def test_a_code_is_six_digits(text: str, code: str) -> None:
    assert code_of(Letter("", "", text)) == code


def test_only_addresses_of_the_web_become_links() -> None:
    text = 'see javascript:alert(1) or "https://x.example/a" <b>'

    assert with_links(text) == (
        'see javascript:alert(1) or &#34;<a href="https://x.example/a" target="_blank" rel="noopener">https://x.example/a</a>'
        "&#34; &lt;b&gt;"
    )
