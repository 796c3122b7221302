"""The world of the tests: a real host, a real plugin, a simulated provider, people with phones, a clock that is moved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests import database, frozen
from tests.channels.net import Net
from tests.log_watch import KEY, LogWatch
from tests.memory import Memory
from tests.world import START, Agent, Found, World


def pytest_configure(config: pytest.Config) -> None:
    """Watch what this run logs, and keep it small; see `conftest.py` above for its options."""
    World.mounted = config.getoption("--mounted") or ""
    if config.getoption("--postgres"):
        from tests.postgres import Postgres  # noqa: PLC0415  it starts a server

        World.database = Postgres()
        config.pluginmanager.register(World.database, "postgres")
    config.stash[KEY] = LogWatch()
    config.pluginmanager.register(config.stash[KEY], "log-watch")
    config.pluginmanager.register(Memory(), "memory")
    config.stash[frozen.KEY] = frozen.FrozenTime()
    config.pluginmanager.register(config.stash[frozen.KEY], "frozen-time")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only a host has that runs alone, or only SQLite, where worlds are otherwise."""
    left_out = [mark for mark, wanted in (("alone", "--mounted"), ("sqlite", "--postgres")) if config.getoption(wanted)]
    deselected = [item for item in items if any(item.get_closest_marker(mark) for mark in left_out)]
    items[:] = [item for item in items if item not in deselected]
    config.hook.pytest_deselected(items=deselected)


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> FrozenDateTimeFactory:
    """The clock of every story; it stands still until the test moves it."""
    clock = request.config.stash[frozen.KEY].clock
    assert clock
    clock.move_to(START)
    return clock


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the current schema, which watches the states; only to be read."""
    return database.found(tmp_path_factory.mktemp("blank"))


@pytest.fixture
async def found(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Found]:
    """Founds worlds that differ from `world`; options as `World` takes them, connected unless told otherwise."""
    async with AsyncExitStack() as stack:

        async def opened(*, connected: bool = True, **options: Any) -> World:
            made = await stack.enter_async_context(World(tmp_path, clock, **options))
            if connected:
                await made.connect()
            return made

        yield opened


@pytest.fixture
async def world(found: Found) -> World:
    """A connected agent called `support`, owned by owner@example.org, open to no one yet."""
    return await found()


@pytest.fixture
async def net(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Net]:
    """A world in which every messenger is connected to the agent `support`."""
    async with Net(tmp_path, clock) as made:
        await made.connect_all()
        yield made


@pytest.fixture
def agent() -> Agent:
    """The agent of `town`."""
    return Agent()


@pytest.fixture
async def town(found: Found, agent: Agent) -> World:
    """A world that is open to everyone, with the agent in the test's hands."""
    made = await found(agents=agent)
    await made.policy("open")
    return made


@pytest.fixture
async def honest(found: Found, agent: Agent) -> World:
    """A town whose agent says what it is, which is how every host begins."""
    made = await found(agents=agent, discloses=True)
    await made.policy("open")
    return made
