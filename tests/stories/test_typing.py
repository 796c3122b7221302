"""The typing indicator: shown for an agent that takes a moment, and again for a newer message."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.world import Agent, Person, World
from trinity_channels.agents.port import AgentFailed
from trinity_channels.bindings import OpenBinding
from trinity_channels.store import StoreError


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trinity_channels.inbound.indicate.PATIENCE", 0.01)


def typed(world: World, person: Person) -> list[str]:
    """The texts of a person's messages for which typing was shown."""
    return [bubble.shown for sid in world.twilio.typed for bubble in person.phone.bubbles if bubble.sid == sid]


async def test_a_slow_agent_is_seen_typing(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says("first")
    await town.until(lambda: len(town.twilio.typed) == 1)
    assert zoe.phone.typing

    await zoe.phone.says("second")
    await town.until(lambda: len(town.twilio.typed) == 2)

    assert typed(town, zoe) == ["first", "second"]
    agent.speaks()
    await town.settle()


async def test_a_newer_message_that_another_process_received_is_seen_soon(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trinity_channels.inbound.indicate.LOOK", 0.01)
    monkeypatch.setattr(type(town.host.store), "shared", True)
    monkeypatch.setattr(town.host.indicator, "noticed", lambda *_: None)
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says("first")
    await town.until(lambda: len(town.twilio.typed) == 1)

    await zoe.phone.says("second")
    await town.until(lambda: len(town.twilio.typed) == 2)

    assert typed(town, zoe) == ["first", "second"]
    agent.speaks()
    await town.settle()


async def test_an_instant_agent_is_not(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trinity_channels.inbound.indicate.PATIENCE", 5)
    zoe = town.person("Zoe")

    await zoe.says("hello")

    assert (zoe.heard(), list(town.twilio.typed)) == (["echo hello"], [])


async def test_a_failing_indicator_harms_nobody(town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()

    async def breaks(*_: object) -> None:
        asked.set()
        raise RuntimeError("no typing today")

    monkeypatch.setattr(town.host.plugins["whatsapp"], "indicate", breaks)
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says("hello")
    await asked.wait()
    agent.speaks()
    await town.settle()

    assert zoe.heard() == ["echo hello"]


async def test_a_binding_that_is_gone_harms_no_turn(town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typing needs the binding's secrets, an agent does not."""
    zoe = town.person("Zoe")
    await zoe.says("before")
    opens = town.host.bindings.open

    async def broken(_: int) -> OpenBinding:
        raise StoreError("as if the disk had failed")

    monkeypatch.setattr(town.host.bindings, "open", broken)
    agent.thinks()
    await zoe.phone.says("hello")
    await agent.asked(2)
    monkeypatch.setattr(town.host.bindings, "open", opens)
    agent.speaks()
    await town.settle()

    assert zoe.heard() == ["echo before", "echo hello"]


class Sign:
    """What a plugin is told of the work: the arguments after the context, by call."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, *, ends: bool) -> None:
        self.seen: list[tuple[object, ...]] = []
        plugin = world.host.plugins["whatsapp"]
        can = replace(plugin.manifest.capabilities, indicate_ends=ends)
        monkeypatch.setattr(plugin, "manifest", replace(plugin.manifest, capabilities=can))
        monkeypatch.setattr(plugin, "indicate", self._indicate)

    async def _indicate(self, _binding: object, _message: str, _ctx: object, *told: object) -> None:
        self.seen.append(told)


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("trouble", [None, AgentFailed("It broke.")])
async def test_a_plugin_is_told_when_the_work_is_done(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch, ends: bool, trouble: Exception | None
) -> None:
    sign = Sign(town, monkeypatch, ends=ends)
    zoe = town.person("Zoe")
    agent.will_answer(trouble or "hi")
    agent.thinks()
    await zoe.phone.says("hello")
    await town.until(lambda: len(sign.seen) == 1)
    agent.speaks()
    await town.settle()

    begun, done = (None, zoe.phone.address, False), (None, zoe.phone.address, True)
    assert sign.seen == ([begun, done] if ends else [begun])


async def test_where_nothing_was_shown_nothing_ends(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trinity_channels.inbound.indicate.PATIENCE", 5)
    sign = Sign(town, monkeypatch, ends=True)

    await town.person("Zoe").says("hello")

    assert sign.seen == []
