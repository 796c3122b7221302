"""Requests to webhook addresses that no binding has: answered, counted, and written down rarely."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Terminal, terminal  # noqa: F401  a fixture
from tests.world import LOCAL, PUBLIC, World
from trinity_channels.store import StoreError

pytestmark = pytest.mark.alone("the platform answers unknown keys of its own channels")


async def strays(world: World, number: int, channel: str = "whatsapp") -> None:
    for one in range(number):
        answer = await world.http.post(f"{PUBLIC}/api/{channel}/webhook/unknown-{one}")
        assert answer.status_code == 200


async def counted(world: World) -> int:
    return int((await world.http.get(f"{LOCAL}/readyz")).json()["unknown_webhooks_last_day"])


async def test_they_are_counted_for_a_day_across_channels_and_restarts(world: World) -> None:
    assert await counted(world) == 0
    await strays(world, 5)
    await strays(world, 2, "telegram")
    assert await counted(world) == 7
    await world.later(seconds=10)  # written down

    await world.later(hours=2)
    await strays(world, 1)
    await world.stops()
    await world.starts()

    assert await counted(world) == 8
    await world.later(hours=22, minutes=1)
    assert await counted(world) == 1
    await world.later(days=1)
    assert await counted(world) == 0


async def test_known_addresses_are_not_counted(town: World) -> None:
    await town.posts(await town.webhook(), town.inbound("hello"))
    await town.posts(await town.webhook(), town.inbound("forged"), token="0" * 32)

    assert await counted(town) == 0


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "slack"])
async def test_the_documented_test_of_the_route_is_not_counted(world: World, channel: str) -> None:
    answer = await world.http.post(f"{PUBLIC}/api/{channel}/webhook/test")

    assert (answer.status_code, await counted(world)) == (200, 0)


async def test_a_stranger_causes_no_write_of_each_request(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.later(seconds=10)  # a round of chores, of which some write when the host has started
    writes = []
    write = world.host.store.write

    async def counting(unit: object) -> object:
        writes.append(unit)
        return await write(unit)  # type: ignore[arg-type]  # whatever it is

    monkeypatch.setattr(world.host.store, "write", counting)
    await strays(world, 50)
    assert writes == []
    await world.host.unknown_webhooks.run()
    await world.host.unknown_webhooks.run()

    assert len(writes) == 1


async def test_what_cannot_be_written_down_is_not_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_: object) -> None:
        raise StoreError("closed")

    await strays(world, 3)
    with monkeypatch.context() as broken:
        broken.setattr(world.host.store, "write", fails)
        with pytest.raises(StoreError):
            await world.host.unknown_webhooks.run()
    await strays(world, 1)
    await world.later(seconds=10)

    assert await counted(world) == 4


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (0, "✓ No request came to an unknown webhook address in the last day."),
        (1, "! 1 request to unknown webhook addresses in the last day."),
        (12, "! 12 requests to unknown webhook addresses in the last day."),
    ],
)
async def test_doctor_tells_how_many(terminal: Terminal, world: World, number: int, line: str) -> None:  # noqa: F811  the fixture
    await strays(world, number)
    await world.later(seconds=10)

    result = await terminal.beside("doctor")

    assert line in result.stdout
