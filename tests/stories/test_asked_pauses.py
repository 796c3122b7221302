"""A provider that asks to be left alone for a while is not asked again before that is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.world import Agent, World, said
from trinity_channels.api import Identity, ProviderUnavailable

OTHER = "feedface" + "9" * 24


def heard(agent: Agent) -> list[str]:
    """Everything the agent was told, in any order: what is fetched comes after what is new."""
    return sorted(line for turn in agent.turns for line in said(turn).splitlines())


def refuses_once(
    town: World, monkeypatch: pytest.MonkeyPatch, hook: str, usual: Any, retry_after: Any
) -> list[datetime]:
    """Let a hook's first call fail with a pause; returns when it was called."""
    asked: list[datetime] = []

    async def called(*args: object) -> Any:
        asked.append(town.now())
        if len(asked) == 1:
            raise ProviderUnavailable("Too many requests.", retry_after=retry_after)
        return await usual(*args)

    monkeypatch.setattr(town.host.plugins["whatsapp"], hook, called)
    return asked


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [(300, 300), (10**9, 43_200), (float("nan"), 0), (-5, 0), ("soon", 0)],
    ids=["five minutes", "years", "nan", "the past", "words"],
)
async def test_catching_up_waits_for_it(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch, retry_after: Any, pause: float
) -> None:
    """At most half of the time for which the provider lists messages."""
    zoe, plugin = town.person("Zoe"), town.host.plugins["whatsapp"]
    await zoe.says("before")
    town.twilio.account.token = OTHER
    await zoe.says("one")
    asked = refuses_once(town, monkeypatch, "list_missed", plugin.list_missed, retry_after)

    await town.connect()
    await zoe.says("two")
    for seconds in (1, max(pause - 60, 0), 120):
        await town.later(seconds=seconds)

    first, second = asked
    assert timedelta(seconds=pause) <= second - first <= timedelta(seconds=pause + 120)
    assert heard(agent) == ["before", "one", "two"]


async def test_a_message_waits_for_it(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def known(*_: object) -> Identity:
        return Identity(addresses=())

    asked = refuses_once(town, monkeypatch, "resolve_identity", known, 300)
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await town.later(minutes=4)
    assert len(asked) == 1
    await town.later(minutes=2)

    assert zoe.heard() == ["echo hello"]
