"""The host lives within the lifespan of the application around it, each time that runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from freezegun.api import FrozenDateTimeFactory

from tests.mounting import founded, mount, running
from trinity_channels.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, clock: FrozenDateTimeFactory) -> Settings:
    assert clock
    return founded(tmp_path)


async def served(app: FastAPI, seen: Callable[[], None]) -> None:
    """Run an application's lifespan as a server does."""
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    answers: list[str] = []

    async def send(message: Any) -> None:
        answers.append(message["type"])
        if message["type"] == "lifespan.startup.complete":
            seen()
            await told.put({"type": "lifespan.shutdown"})

    await told.put({"type": "lifespan.startup"})
    await app({"type": "lifespan", "state": {}}, told.get, send)
    assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize("first", [True, False], ids=["mounted first", "mounted last"])
async def test_the_host_runs_within_all_lifespans_of_the_application(settings: Settings, first: bool) -> None:
    seen: list[str] = []

    def telling(name: str) -> Any:
        @contextlib.asynccontextmanager
        async def lifespan(_: Any) -> AsyncIterator[dict[str, str]]:
            seen.append(f"{name} up, host {'up' if host.running else 'down'}")
            yield {name: "its state"}
            seen.append(f"{name} down, host {'up' if host.running else 'down'}")

        return lifespan

    app = FastAPI(lifespan=telling("application"))
    router = APIRouter(lifespan=telling("router"))
    if not first:
        app.include_router(router)
    host = mount(app, settings)
    if first:
        app.include_router(router)

    await served(app, lambda: seen.append(f"host {'up' if host.running else 'down'}"))

    assert seen == [
        "application up, host down",
        "router up, host down",
        "host up",
        "router down, host down",
        "application down, host down",
    ]


async def test_an_application_that_opens_the_host_itself_can_run_again(settings: Settings) -> None:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with mount(app, settings):
            yield

    app = FastAPI(lifespan=lifespan)
    before = list(app.router.routes)
    for _ in range(2):
        async with running(app) as client:
            assert (await client.post("/api/slack/webhook/unknown")).status_code == 200
        door, *others = app.router.routes
        assert (door.name, others) == ("trinity_channels", before)  # type: ignore[attr-defined]  # all routes have names


async def test_a_host_runs_again_when_the_lifespan_of_its_application_does(settings: Settings) -> None:
    app = FastAPI()
    host = mount(app, settings)

    for _ in range(3):
        async with running(app) as client:
            assert (await client.post("/api/slack/webhook/unknown")).status_code == 200
            assert (await client.get("/api/agents/support/shares")).json() == []
            assert (await client.get("/channels/agents")).status_code == 200
            with pytest.raises(httpx.ConnectError):  # and not for a client that is closed
                await host.http.get("http://127.0.0.1:9/")
        assert not host.running
