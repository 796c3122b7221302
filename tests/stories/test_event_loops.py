"""A host that is started again in another event loop, with as much at once as has to wait for its locks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.application import Accounts, Town
from tests.platform.double import TOKEN, URL, Platform
from tests.world import OWNER, PUBLIC, Agent, World
from trinity_channels.principal import Owner

MODEL = "http://model.example"


def slowly(app: ASGIApp) -> ASGIApp:
    """A server that takes a moment to answer."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        await app(scope, receive, send)

    return answer


class Addresses:
    """The public address is another one each time."""

    number = 0

    async def public_address(self) -> str:
        await asyncio.sleep(0)
        self.number += 1
        return f"https://chat-{self.number}.example.org"


def alone(folder: Path, clock: FrozenDateTimeFactory) -> World:
    agent = {"owner": OWNER, "runtime": "openai", "base_url": MODEL, "model": "fake"}
    made = World(folder, clock, configured={f"agent-{number}": agent for number in range(20)})
    made.network.serve({MODEL: slowly(JSONResponse({"data": [{"id": "fake"}]}))})
    return made


def beside(folder: Path, clock: FrozenDateTimeFactory) -> World:
    made = World(folder, clock, trinity_url=URL, trinity_token=TOKEN, configured={})
    platform = Platform(World.now)
    for number in range(20):
        platform.accounts.user(f"user-{number}", f"user-{number}@example.org")
        platform.accounts.key(f"trinity_mcp_fake-{number}", f"user-{number}")
    made.network.serve({URL: slowly(platform.app)})
    return made


def inside(folder: Path, clock: FrozenDateTimeFactory) -> World:
    accounts = Accounts({"support": Owner("7", OWNER)})
    return Town(folder, clock, accounts, agents=Agent(), ports={"address": Addresses()})


async def together(*calls: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*calls)


async def asked(world: World, method: str, path: str, *tokens: str) -> list[int]:
    answers = await together(*(world.api(method, path, **({"token": one} if one else {})) for one in tokens))
    return [one.status_code for one in answers]


async def reload(world: World) -> None:
    assert await asked(world, "POST", "/api/settings/reload", *[""] * 5) == [200] * 5


async def diagnosis(world: World) -> None:
    assert await asked(world, "POST", "/api/settings/diagnosis", "", "") == [200] * 2


async def probe(world: World) -> None:
    assert await asked(world, "POST", "/api/settings/public_chat_url/probe", *[""] * 3) == [200] * 3


async def tokens(world: World) -> None:
    known = [f"trinity_mcp_fake-{number}" for number in range(20)]
    assert await asked(world, "GET", "/api/agents", *known) == [200] * 20
    world.clock.tick(61)


async def one_token(world: World) -> None:
    assert await asked(world, "GET", "/api/agents", *["trinity_mcp_fake-1"] * 5) == [200] * 5
    world.clock.tick(61)


async def chores(world: World) -> None:
    await together(*(world.driver.pass_time() for _ in range(3)))


async def address(world: World) -> None:
    await together(*(world.host.address_changed() for _ in range(3)))
    assert world.host.address.value != PUBLIC


Busy = Callable[[World], Awaitable[None]]
CASES: Mapping[str, tuple[Callable[[Path, FrozenDateTimeFactory], World], Busy]] = {
    "the settings are reloaded": (alone, reload),
    "the diagnostics ask many agents": (alone, diagnosis),
    "the way in is probed": (alone, probe),
    "the platform is asked about many tokens": (beside, tokens),
    "the platform is asked about one token": (beside, one_token),
    "chores run": (alone, chores),
    "providers are told of an address": (inside, address),
}


@pytest.mark.parametrize("case", CASES)
def test_what_waits_for_a_lock_goes_on_in_every_event_loop(
    case: str, tmp_path: Path, clock: FrozenDateTimeFactory
) -> None:
    made, busy = CASES[case]
    world = made(tmp_path, clock)

    async def life() -> None:
        await world.host.start()
        await world.host.periodic.caught_up()
        await busy(world)
        await world.host.stop()

    for _ in range(3):
        asyncio.run(life())
