"""What the parts of a simulator promise to whoever builds one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from trinity_channels.api.simulation import Background, Clock, Page, Refused


class Visitor:
    def __init__(self, name: str) -> None:
        self.name = self.address = name


class GuestBook(Page[Visitor]):
    def __init__(self, folder: Path) -> None:
        super().__init__("<h1>Guests</h1>", folder)
        self.visitors = [Visitor("Zoe")]

    def people(self) -> Iterable[Visitor]:
        return self.visitors

    def add(self, name: str) -> Visitor:
        self.visitors.append(Visitor(name))
        return self.visitors[-1]

    async def seen(self, person: Visitor) -> dict[str, Any]:
        return {"hello": person.name}

    async def say(self, person: Visitor, said: dict[str, Any]) -> None:  # noqa: ARG002  only refuses
        raise Refused("The book is full.")


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
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    clock = Clock(lambda: noon)

    clock.advance(timedelta(hours=25))

    assert (clock(), clock.real()) == (noon + timedelta(hours=25), noon)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(timedelta(seconds=-1))


async def test_a_page_serves_its_files_and_the_shared_ones_and_says_what_it_refuses(tmp_path: Path) -> None:
    (tmp_path / "own.css").write_text("* {}")
    (tmp_path / "notes.txt").write_text("not for the page")
    app = Starlette(routes=GuestBook(tmp_path).routes())
    files = ["own.css", "chat.js", "notes.txt", "phone.html", "..%2fpage.py"]

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sim.test") as client:
        found = [(await client.get(f"/page/{file}")).status_code for file in files]
        seen = await client.get("/phones/Zoe/messages")
        refused = await client.post("/phones/Zoe/say", json={"text": "x"})

    assert found == [200, 200, 404, 404, 404]
    assert seen.json() == {"hello": "Zoe"}
    assert (refused.status_code, refused.json()) == (400, {"message": "The book is full."})
