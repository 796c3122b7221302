"""What the parts of a simulator promise to their authors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from trinity_channels.simulation import Background, Clock, PhonePage

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Visitor:
    def __init__(self, name: str) -> None:
        self.name = self.address = name
        self.said: list[str] = []

    async def says(self, text: str) -> None:
        self.said.append(text)

    async def taps(self, title: str) -> None:
        self.said.append(f"[{title}]")

    def offer(self, title: str) -> object | None:
        return title if title == "Sign" else None


class GuestBook(PhonePage[Visitor]):
    def __init__(self, folder: Path) -> None:
        self.background = Background()
        super().__init__(folder, "a real book", "nothing", Clock(lambda: NOON), self.background)
        self.visitors = [Visitor("Zoe")]

    def people(self) -> Iterable[Visitor]:
        return self.visitors

    def add(self, name: str) -> Visitor:
        self.visitors.append(Visitor(name))
        return self.visitors[-1]

    async def seen(self, person: Visitor) -> dict[str, Any]:
        return {"hello": person.name}


@pytest.fixture
def book(tmp_path: Path) -> GuestBook:
    (tmp_path / "own.css").write_text("* {}")
    (tmp_path / "notes.txt").write_text("not for the page")
    return GuestBook(tmp_path)


@pytest.fixture
async def client(book: GuestBook) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=book.routes()))
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
    files = ["own.css", "chat.js", "notes.txt", "phone.html", "..%2fpage.py"]

    assert [(await client.get(f"/page/{file}")).status_code for file in files] == [200, 200, 404, 404, 404]
    assert (await client.get("/phones/Zoe/messages")).json() == {"hello": "Zoe"}


async def test_people_write_tap_and_let_time_pass(client: httpx.AsyncClient, book: GuestBook) -> None:
    for said in ({"text": " hello "}, {"button": "Sign"}):
        assert (await client.post("/phones/Zoe/say", json=said)).status_code == 202
    await book.background.settle()

    assert book.visitors[0].said == ["hello", "[Sign]"]
    assert (await client.post("/advance", json={"hours": 25})).json()["now"].startswith("2026-01-02T13:00")


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/phones", {"name": ""}, 400, "A name has 1 to 40 characters."),
        ("/phones", {"name": "x" * 41}, 400, "A name has 1 to 40 characters."),
        ("/phones", [], 400, "The body is not a JSON object."),
        ("/phones/Zoe/say", {}, 400, "There is no text, and no such button."),
        ("/phones/Zoe/say", {"button": "not offered"}, 400, "There is no text, and no such button."),
        ("/phones/Nobody/say", {"text": "x"}, 404, "No person has this name."),
        ("/advance", {"hours": -1}, 400, "Time moves forward by whole hours."),
        ("/advance", {"hours": "x"}, 400, "Time moves forward by whole hours."),
    ],
)
async def test_a_page_says_what_it_refuses(
    client: httpx.AsyncClient, path: str, body: object, status: int, said: str
) -> None:
    answer = await client.post(path, json=body)

    assert (answer.status_code, answer.json()) == (status, {"message": said})


async def test_a_foreign_page_cannot_speak_for_anybody(client: httpx.AsyncClient) -> None:
    assert (await client.post("/phones/Zoe/say", data={"text": "x"})).status_code == 400
