"""One person in many threads is one person: they do not take the agent away from the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.world import Agent, said


async def test_a_person_with_many_threads_leaves_the_agent_to_others(
    tmp_path: Path, clock: FrozenDateTimeFactory
) -> None:
    agent = Agent()
    agent.thinks()
    async with Net(tmp_path, clock, agents=agent, trinity_channels_max_concurrent_turns=8) as net:
        await net.connect_all()
        for email in ("zoe@example.org", "bob@example.org"):
            await net.api("POST", "/api/agents/support/share", {"email": email})
        slack: Any = net.simulators["slack"]
        zoe = slack.phone("Zoe", email="zoe@example.org")
        for number in range(8):
            await zoe.mentions(f"thread {number}", channel="team")
        await agent.asked(3)
        bob = slack.phone("Bob", email="bob@example.org")

        await bob.says("hello")
        await agent.asked(4)

        *threads, last = [said(turn) for turn in agent.turns]
        assert (len(threads), last) == (3, "hello")  # which three is a matter of chance: threads run beside each other
        assert all(one.startswith("thread ") for one in threads)
        agent.speaks()
        for _ in range(8):
            await net.settle()
        assert sorted(said(turn) for turn in agent.turns) == sorted([*(f"thread {n}" for n in range(8)), "hello"])
