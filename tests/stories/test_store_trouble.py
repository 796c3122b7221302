"""The database cannot be used for a while: nothing is acknowledged that is not stored, and nothing stays lost."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

import httpx
import pytest

from tests.world import World
from trinity_channels.api import Receipt
from trinity_channels.bindings import OpenBinding
from trinity_channels.store import StoreError


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_the_api_says_that_the_database_cannot_be_used(town: World) -> None:
    with town.database.unusable(town.folder):
        answer = await town.api("PUT", "/api/agents/support/access-policy", {"policy": "require_email"})

    assert refusal(answer) == (503, "store_unavailable")
    shown = await town.api("GET", "/api/agents/support/access-policy")
    assert shown.json()["policy"] == "open"


@pytest.mark.parametrize("just_started", [False, True])
async def test_a_message_that_could_not_be_stored_is_fetched_when_there_is_room(
    town: World, *, just_started: bool
) -> None:
    """Twilio does not deliver it again automatically."""
    zoe, yan = town.person("Zoe"), town.person("Yan")
    if just_started:  # what came before the start is still to be asked for, and nothing ever came
        await town.host.catch_up.begin()
    with town.database.unusable(town.folder):
        await zoe.phone.says("hello")
        await town.settle()
        town.clock.tick(timedelta(seconds=10))
        await town.host.housekeeping.run()  # a round as the host does it: chores fail, and the next round tries again
    await yan.says("and I")
    assert zoe.heard() == []

    await town.later(seconds=10)

    assert zoe.heard() == ["echo hello"]
    assert yan.heard() == ["echo and I"]


async def test_a_reply_whose_binding_cannot_be_read_is_sent_and_not_in_doubt(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")  # who she is, is known for an hour: from here on only the delivery needs the binding
    failures = iter([StoreError("The database cannot be used.")])
    opens = town.host.bindings.open

    async def fails_once(binding: int) -> OpenBinding:
        for failure in failures:
            raise failure
        return await opens(binding)

    monkeypatch.setattr(town.host.bindings, "open", fails_once)

    await zoe.says("and now?")
    assert zoe.heard() == ["echo hello"]
    await town.later(seconds=5)

    assert zoe.heard() == ["echo hello", "echo and now?"]
    assert town.host.metrics.value("delivery_attempts_total", channel="whatsapp") == 2


async def test_what_a_call_came_to_is_written_down_when_there_is_room(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = town.person("Zoe")
    plugin = town.host.plugins["whatsapp"]
    send, asks = plugin.send, AsyncMock(side_effect=AssertionError("nothing is in doubt"))
    monkeypatch.setattr(plugin, "find_sent", asks)

    with ExitStack() as trouble:

        async def taken(*arguments: Any) -> Receipt:
            receipt = await send(*arguments)
            trouble.enter_context(town.database.unusable(town.folder))
            return receipt

        monkeypatch.setattr(plugin, "send", taken)
        await zoe.says("hello")
    monkeypatch.setattr(plugin, "send", send)
    await zoe.says("and now?")
    await town.later(minutes=1)

    assert zoe.heard() == ["echo hello", "echo and now?"]
    assert not asks.called
