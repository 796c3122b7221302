"""Fair slots: a limited number of agents run at once, and neither one agent nor one person can take them all.

An agent may hold at most one slot more than are free at that moment. Alone it can have half of them, a second one half of
the rest, and so on: agents that hang leave something for those that answer. Within an agent the same rule divides what
that agent could still get between the people who write to it. Slots that become free go round: to one agent after the
other, and within an agent to one person after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator

Queue = deque[asyncio.Future[None]]


class FairSlots:
    """`most` slots. It is used by the tasks of one event loop.

    Everyone who waits is over their share: shares only shrink while slots are taken, and `_serve` runs when one is given
    back. So a newcomer who is within their share does not overtake anyone who could have gone.
    """

    def __init__(self, most: int) -> None:
        self.most = self._free = most
        self._of_agent: Counter[str] = Counter()
        self._of_contact: Counter[tuple[str, int]] = Counter()
        # agents and people in the order in which they are served; no queue in it is empty
        self._waiting: dict[str, dict[int, Queue]] = {}
        self._stopped = False

    def begin(self) -> None:
        """Give slots, also after `stop`."""
        self._stopped = False

    def stop(self) -> None:
        """Give no more slots: the tasks that wait for one, or ask for one later, are cancelled."""
        self._stopped = True
        for contacts in self._waiting.values():
            for granted in (one for queue in contacts.values() for one in queue):
                granted.cancel()

    def give_back(self, keep: int) -> None:
        """Cancel the tasks that wait for a slot, except so many: of the agent with most of them, the last one first."""
        waiting = [
            [one for contact in contacts.values() for one in contact if not one.done()]
            for contacts in self._waiting.values()
        ]
        for _ in range(sum(map(len, waiting)) - keep):
            max(waiting, key=len).pop().cancel()

    @property
    def free(self) -> int:
        """How many slots are not in use."""
        return self._free

    @property
    def holders(self) -> int:
        """How many contacts hold a slot, counted once for each agent."""
        return len(self._of_contact)

    @property
    def waiting(self) -> int:
        """How many turns wait for a slot."""
        return sum(len(queue) for contacts in self._waiting.values() for queue in contacts.values())

    @contextlib.asynccontextmanager
    async def slot(self, agent: str, contact: int) -> AsyncIterator[bool]:
        """Hold a slot while the context is open; gives whether it had to be waited for."""
        if self._stopped:
            raise asyncio.CancelledError
        waits = not self._admits(agent, contact)
        if waits:
            await self._wait(agent, contact)
        else:
            self._take(agent, contact)
        try:
            yield waits
        finally:
            self._give_back(agent, contact)

    def _room(self, agent: str) -> int:
        """How many more slots an agent could get if no other took any."""
        # Half of the difference: each slot that it takes lowers what is free and raises what it holds.
        return max(0, (self._free + 2 - self._of_agent[agent]) // 2) if self._free else 0

    def _admits(self, agent: str, contact: int) -> bool:
        return self._of_contact[agent, contact] < self._room(agent)

    def _take(self, agent: str, contact: int) -> None:
        self._free -= 1
        self._of_agent[agent] += 1
        self._of_contact[agent, contact] += 1

    def _give_back(self, agent: str, contact: int) -> None:
        self._free += 1
        self._of_agent[agent] -= 1
        self._of_contact[agent, contact] -= 1
        if not self._of_contact[agent, contact]:  # people come and go
            del self._of_contact[agent, contact]
        self._serve()

    async def _wait(self, agent: str, contact: int) -> None:
        granted = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(agent, {}).setdefault(contact, deque()).append(granted)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.cancelled():
                self._leave(agent, contact, granted)
            else:  # it was given the slot in the same moment
                self._give_back(agent, contact)
            raise

    def _serve(self) -> None:
        """Give the free slots to those who wait and are within their share."""
        while self._free and (found := next(self._servable(), None)):
            agent, contact = found
            people = self._waiting[agent]
            granted = people[contact][0]
            self._leave(agent, contact, granted)
            if contact in people:  # with another conversation: the last to be served
                people[contact] = people.pop(contact)
            if people:
                # Put at the end of the round; a dict keeps its order.
                self._waiting[agent] = self._waiting.pop(agent)
            # Its waiter has gone, but has not run since; the slot goes to the next.
            if not granted.cancelled():
                self._take(agent, contact)
                granted.set_result(None)

    def _servable(self) -> Iterator[tuple[str, int]]:
        for agent, people in self._waiting.items():
            if self._room(agent):
                yield from ((agent, contact) for contact in people if self._admits(agent, contact))

    def _leave(self, agent: str, contact: int, granted: asyncio.Future[None]) -> None:
        people = self._waiting.get(agent, {})
        queue = people.get(contact, deque())
        if granted in queue:
            queue.remove(granted)
        if not queue:
            people.pop(contact, None)
        if not people:
            self._waiting.pop(agent, None)
