"""Who gets a slot when there are fewer than people who wait for one."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from trinity_channels.inbound.fair_slots import FairSlots


class Room:
    """Runs that hold slots until they are told to end."""

    def __init__(self, most: int) -> None:
        self.slots = FairSlots(most)
        self.began: list[tuple[str, int]] = []
        self.held: Counter[str] = Counter()
        self.most = 0
        self.tasks: list[asyncio.Task[None]] = []
        self._running: list[tuple[str, asyncio.Event]] = []

    async def asks(self, agent: str, person: int = 0, times: int = 1) -> None:
        """Ask for a slot, and go on."""
        self.tasks += [asyncio.create_task(self._run(agent, person)) for _ in range(times)]
        await self.settled()

    async def ends(self, agent: str) -> None:
        """End the oldest run of an agent."""
        self.end(agent)
        await self.settled()

    def end(self, agent: str) -> None:
        """The same, without waiting for what follows."""
        found = next(one for one in self._running if one[0] == agent)
        self._running.remove(found)
        found[1].set()

    async def cancels(self) -> None:
        """Stop everything at once."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _run(self, agent: str, person: int) -> None:
        over = asyncio.Event()
        async with self.slots.slot(agent, person):
            self._running.append((agent, over))
            self.began.append((agent, person))
            self.held[agent] += 1
            self.most = max(self.most, self.held.total())
            try:
                await over.wait()
            finally:
                self.held[agent] -= 1

    @staticmethod
    async def settled() -> None:
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.mark.parametrize(("most", "alone"), [(1, 1), (2, 2), (3, 2), (4, 3), (8, 5), (64, 33), (1000, 501)])
async def test_an_agent_that_hangs_takes_about_half_and_leaves_something(most: int, alone: int) -> None:
    room = Room(most)
    for person in range(most + 10):
        await room.asks("hangs", person)

    assert room.held["hangs"] == alone
    await room.asks("answers")
    assert room.held["answers"] == (1 if alone < most else 0)
    await room.cancels()


async def test_five_agents_that_hang_leave_a_slot_for_the_sixth() -> None:
    room = Room(64)
    for agent in "abcde":
        for person in range(100):
            await room.asks(agent, person)

    await room.asks("answers")

    assert [room.held[agent] for agent in "abcde"] == [33, 16, 8, 4, 2]
    assert room.held["answers"] == 1
    await room.cancels()


async def test_one_person_cannot_take_all_that_an_agent_may_have() -> None:
    room = Room(64)
    await room.asks("support", 1, times=100)
    assert room.held["support"] == 17

    await room.asks("support", 2)

    assert room.began[-1] == ("support", 2)
    await room.cancels()


async def test_slots_that_become_free_go_round_the_agents() -> None:
    room = Room(1)
    await room.asks("a")
    await room.asks("a", times=3)
    await room.asks("b", times=3)

    for _ in range(6):
        await room.ends(room.began[-1][0])

    assert "".join(agent for agent, _ in room.began) == "aababab"


async def test_slots_that_become_free_go_round_the_people_of_an_agent() -> None:
    room = Room(1)
    await room.asks("a", 1, times=4)
    await room.asks("a", 2, times=2)
    await room.asks("a", 3)

    for _ in range(6):
        await room.ends("a")

    assert [person for _, person in room.began] == [1, 1, 2, 3, 1, 2, 1]


async def test_who_was_cancelled_while_waiting_takes_no_slot() -> None:
    room = Room(1)
    await room.asks("a", times=3)
    waiting = room.tasks[1]
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    await room.ends("a")

    assert len(room.began) == 2
    assert room.held["a"] == 1
    await room.cancels()


async def test_who_is_cancelled_in_the_moment_of_being_served_gives_the_slot_back() -> None:
    room = Room(1)
    await room.asks("a", 1)
    await room.asks("a", 2)
    await room.asks("a", 3)
    room.end("a")
    await asyncio.sleep(0)  # the first has ended, the second has been served and does not know it yet
    room.tasks[1].cancel()
    await Room.settled()

    assert room.began == [("a", 1), ("a", 3)]
    await room.cancels()


async def test_nobody_starves_and_no_slot_is_lost() -> None:
    luck = random.Random(7)
    room = Room(6)
    asked = 0
    for _ in range(400):
        if luck.random() < 0.6:
            asked += 1
            await room.asks(luck.choice("aaaab"), luck.randrange(4))
        elif busy := [agent for agent, held in room.held.items() if held]:
            await room.ends(luck.choice(busy))
    while busy := [agent for agent, held in room.held.items() if held]:
        await room.ends(busy[0])

    assert len(room.began) == asked
    assert room.most <= 6
    assert (room.slots.free, room.slots.waiting, room.slots.holders) == (6, 0, 0)
