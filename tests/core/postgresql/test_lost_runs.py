"""Runs whose process the others may think dead: they end without an effect, and another run does the work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from functools import partial
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.agent import Agent
from tests.two_hosts import Pair
from tests.world import PUBLIC
from trinity_channels.agents.port import AgentTurn
from trinity_channels.host import Host
from trinity_channels.lease import Lease, LeaseLost, held
from trinity_channels.store import wakes

ALIVE = ("heard of",)
DEAD = ()


class Asking(Agent):
    """An agent that asks something while it works, and takes no error for the end of its run."""

    before: Callable[[], None] = staticmethod(lambda: None)
    swallows: type[BaseException] | tuple[()] = ()
    pair: Pair

    async def run(self, turn: AgentTurn) -> str:
        said = await super().run(turn)
        self.before()
        try:
            await self.pair.http.get(f"{PUBLIC}/healthz")
        except self.swallows:
            return "It broke."
        return said


@pytest.fixture
def agent() -> Asking:
    return Asking()


@pytest.fixture
async def pair(tmp_path: Path, clock: FrozenDateTimeFactory, agent: Asking) -> AsyncIterator[Pair]:
    async with Pair(tmp_path, clock, agents=agent) as made:
        agent.pair = made
        await made.connect()
        for host in (made.host, made.other):
            host.dispatcher.pause()  # runs are begun by the test
        yield made


async def run(host: Host, pair: Pair, alive: Collection[str]) -> None:
    """Run the turn of the only conversation, as the dispatcher does; it is lost where `alive` is empty."""
    ((conversation,),) = pair.rows("SELECT id FROM trinity_channels_conversation")
    key = f"turn:{conversation}"
    number = await host.store.write(partial(wakes.begin, key=key, woken=False))
    with held(Lease(key, number or 0, lambda: bool(alive))):
        await host.turns.run(conversation)


async def test_a_sign_in_code_is_mailed_by_the_run_that_others_know_of(pair: Pair) -> None:
    await pair.policy("require_email")
    zoe = pair.person("Zoe")
    await zoe.phone.says("/login zoe@example.org")

    with pytest.raises(LeaseLost):
        await run(pair.host, pair, DEAD)
    assert pair.mails.to("zoe@example.org") == ()
    await run(pair.other, pair, ALIVE)

    assert len(pair.mails.to("zoe@example.org")) == 1


async def test_no_agent_begins_in_a_lost_run(pair: Pair, agent: Asking) -> None:
    await pair.policy("open")
    await pair.person("Zoe").phone.says("hello")

    with pytest.raises(LeaseLost):
        await run(pair.host, pair, DEAD)
    assert agent.turns == []
    await run(pair.other, pair, ALIVE)

    assert len(agent.turns) == 1
    assert pair.rows("SELECT state, attempts FROM trinity_channels_turn") == [("done", 1)]


@pytest.mark.parametrize("swallows", [(), Exception, BaseException])
async def test_a_run_that_is_lost_while_its_agent_asks_something_is_no_failed_turn(
    pair: Pair, agent: Asking, swallows: type[BaseException] | tuple[()]
) -> None:
    await pair.policy("open")
    await pair.person("Zoe").phone.says("hello")
    alive = list(ALIVE)
    agent.swallows = swallows
    agent.before = alive.clear

    with pytest.raises(LeaseLost):
        await run(pair.host, pair, alive)

    # One that has an answer nevertheless counts, for it was made.
    counted = int(swallows is BaseException)
    assert pair.rows("SELECT state, attempts FROM trinity_channels_turn") == [("open", counted)]
    assert pair.rows("SELECT text FROM trinity_channels_delivery") == []
    await run(pair.other, pair, ALIVE)
    assert pair.rows("SELECT state FROM trinity_channels_turn") == [("done",)]


async def test_a_send_that_never_left_is_not_one_with_an_unknown_outcome(pair: Pair) -> None:
    await pair.policy("open")
    await pair.person("Zoe").phone.says("hello")
    await run(pair.host, pair, ALIVE)
    ((conversation,),) = pair.rows("SELECT id FROM trinity_channels_conversation")
    key = f"deliver:{conversation}"
    number = await pair.host.store.write(partial(wakes.begin, key=key, woken=False))
    asked: list[bool] = []

    def alive() -> bool:
        asked.append(True)
        return len(asked) == 1  # still before the plugin is called, no more at its request

    with held(Lease(key, number or 0, alive)), pytest.raises(LeaseLost):
        await pair.host.deliveries.run(conversation)

    # As after a crash: the next run asks the provider before it sends anything again.
    assert pair.rows("SELECT state FROM trinity_channels_delivery ORDER BY id")[0] == ("sending",)


async def test_a_client_of_the_application_is_left_as_it_was(pair: Pair) -> None:
    hooks = pair.http.event_hooks["request"]
    assert len(hooks) == 2

    await pair.other.stop()
    assert len(hooks) == 1
    await pair.other.start()
    assert len(hooks) == 2
    await pair.other.stop()
    await pair.host.stop()

    assert hooks == []
