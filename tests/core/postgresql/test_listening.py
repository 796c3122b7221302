"""Of two hosts on one database one listens, and the other takes over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.two_hosts import Pair, messages

TELEGRAM = "/api/agents/support/telegram"


class Two(Pair, Net):
    """Two hosts and every messenger."""


def listens(host: Any) -> bool:
    return bool(host.periodic.listeners.running)


async def test_one_host_listens_and_the_other_takes_over(tmp_path: Path, clock: FrozenDateTimeFactory) -> None:
    async with Two(tmp_path, clock) as two:
        telegram: Any = two.simulators["telegram"]
        await two.policy("open")
        # Entered at the host that does not lead: it tells the other one.
        connected = await two.ask_other("PUT", TELEGRAM, {**telegram.settings(), "listens": True})
        assert connected.json()["listens"] is True
        await two.until(telegram.is_polled)
        assert (listens(two.host), listens(two.other)) == (True, False)
        zoe = two.stranger("telegram", "Zoe")
        await zoe.phone.says("one")

        two.host.store.resign()

        await two.until(lambda: listens(two.other) and telegram.is_polled())
        assert not listens(two.host)
        await zoe.phone.says("two")
        assert await messages(two) == 2  # acknowledged, so they are stored
        # Both know it from what is stored.
        for answer in (await two.api("GET", TELEGRAM), await two.ask_other("GET", TELEGRAM)):
            assert answer.json()["connection"]["connected_since"]
