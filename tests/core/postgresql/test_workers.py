"""A process that only receives is ready without any that works, and says so wherever operators look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest
from fastapi import FastAPI
from freezegun.api import FrozenDateTimeFactory

from tests import postgres
from tests.pages.clients import client_of
from tests.world import World
from trinity_channels.app import create_app
from trinity_channels.bindings.public_address import Probed
from trinity_channels.diagnostics import Diagnostics
from trinity_channels.dispatch.jobs import Jobs
from trinity_channels.host import Host
from trinity_channels.role import Role

ALONE = "No process that answers has been heard of"


class Web(World):
    """A world with a process that only receives, over the same database; `app` is its."""

    database = postgres.Postgres()
    web: Host
    both: FastAPI

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.both = self.app
        self.app, self.web = create_app(self.settings, self.ports(), Role.WEB)
        self.web.store.open(serve=False)
        await self.web.store.listen(lead=False)
        await self.web.address.load()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.web.store.close()
        await super().__aexit__(kind, error, trace)

    def last_heard(self, seconds: int) -> None:
        """Workers were heard of so long ago."""
        with psycopg.connect(postgres.plain(self.database.url(self.folder))) as connection:
            connection.execute(
                "UPDATE trinity_channels_jobs.procrastinate_workers SET last_heartbeat = now() - make_interval(secs => %s)",
                [seconds],
            )


@pytest.fixture
async def web(tmp_path: Path, clock: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Web]:
    async def left_alone(_: Jobs) -> bool:
        return True

    # So that tests alone say when workers were heard of.
    monkeypatch.setattr(Jobs, "beat", left_alone)
    async with Web(tmp_path, clock) as made:
        yield made


async def told(web: Web) -> list[str]:
    return [one.message for one in await web.web.readiness.between_processes()]


async def test_while_one_works_nothing_is_said(web: Web) -> None:
    assert await told(web) == []
    async with client_of(web) as browser:
        assert ALONE not in (await browser.get("/agents")).text


async def test_when_the_last_one_has_stopped_it_is_said_at_once(web: Web) -> None:
    await web.stops()

    (message,) = await told(web)
    assert message == f"{ALONE}: messages are stored, and wait."


@pytest.mark.parametrize(("seconds", "said"), [(14, 0), (20, 1)])
async def test_one_that_has_died_counts_until_its_work_is_taken_over(web: Web, seconds: int, said: int) -> None:
    web.last_heard(seconds)

    found = await told(web)

    assert len(found) == said
    assert all(f"for {seconds} seconds" in one for one in found)


async def test_it_stands_on_the_first_page_and_in_the_diagnosis(web: Web) -> None:
    web.last_heard(100)
    async with client_of(web) as browser:
        page = (await browser.get("/agents")).text
    found = await Diagnostics(web.web, _no_probes).examine()
    (processes,) = [one.checks for one in found if one.title == "Processes"]

    assert ALONE in page
    assert "trinity-channels worker" in page
    assert "workers" in [one.code for one in processes]


async def test_one_that_works_itself_does_not_ask_for_others(web: Web) -> None:
    web.last_heard(100)

    assert await web.host.readiness.between_processes() == []


async def _no_probes() -> list[Probed]:
    return []
