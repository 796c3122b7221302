"""The driver of a host, as the tests of an application use it."""

from __future__ import annotations

from datetime import timedelta

from tests.world import Agent, World
from trinity_channels.agents.port import AgentUnavailable


async def test_a_paused_host_receives_and_answers_after_it_was_resumed(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("first")
    town.driver.pause()

    await zoe.says("second")
    assert len(agent.turns) == 1
    await town.driver.resume()
    await town.settle()

    assert zoe.heard() == ["echo first", "echo second"]


async def test_what_another_process_left_during_a_pause_is_found_too(town: World, agent: Agent) -> None:
    agent.will_answer(ValueError("broken"))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    town.driver.pause()
    (parked,) = await town.failed()

    await town.resubmits(parked.id)
    assert len(agent.turns) == 1
    await town.driver.resume()
    await town.settle()

    assert zoe.last() == "echo hello"


async def test_time_that_passes_begins_what_waited_for_it(town: World, agent: Agent) -> None:
    agent.will_answer(AgentUnavailable("busy", retry_after=60))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    assert town.driver.counts().conversations_waiting == 1

    town.clock.tick(timedelta(minutes=1))
    await town.driver.pass_time()
    await town.driver.quiet()

    assert len(agent.turns) == 2
    assert town.driver.counts().conversations_waiting == 0


async def test_a_crash_leaves_what_was_running_to_the_next_host(town: World, agent: Agent) -> None:
    agent.thinks()
    zoe = town.person("Zoe")
    await zoe.phone.says("hello")
    await agent.asked(1)

    await town.driver.crash()
    agent.speaks()
    await town.starts()

    assert len(agent.turns) == 2
    assert zoe.heard() == ["echo hello"]
