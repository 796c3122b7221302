"""Places: how many conversations of one binding are sent to at the same time. Each binding has its own.

So a provider that hangs takes no place from the others. Places are used by the runs of one event loop, of which there is
never more than one for a conversation; a unit may run twice, so taking a place that is held already changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _OfBinding:
    held: set[int] = field(default_factory=set)
    waiting: deque[tuple[int, asyncio.Future[None]]] = field(default_factory=deque)


class Places:
    """At most `most` conversations of each binding hold a place; the others wait in the order in which they came."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bindings: dict[int, _OfBinding] = {}
        self._held_at: dict[int, int] = {}

    def take(self, binding: int, conversation: int) -> bool:
        """Take a place, unless it is held already; False if none is free."""
        places = self._bindings.setdefault(binding, _OfBinding())
        # While others wait no place is free, because `leave` hands it over: a newcomer does not overtake them.
        if conversation not in places.held and len(places.held) >= self._most:
            return False
        self._give(binding, conversation)
        return True

    async def queue_up(self, conversation: int, binding: Callable[[], Awaitable[int | None]]) -> None:
        """Wait for a place where there may be none; `binding` finds out at which one, None if no place is needed."""
        # Nearly always there is room everywhere, and nothing has to be found out.
        crowded = any(len(places.held) >= self._most for places in self._bindings.values())
        if crowded and (wanted := await binding()) is not None:
            await self.wait(wanted, conversation)

    async def wait(self, binding: int, conversation: int) -> None:
        """Return once the conversation holds a place."""
        if self.take(binding, conversation):
            return
        given = asyncio.get_running_loop().create_future()
        waiting = self._bindings[binding].waiting
        waiting.append((conversation, given))
        try:
            await given
        except asyncio.CancelledError:
            if (conversation, given) in waiting:
                waiting.remove((conversation, given))
            else:  # it was given the place in the same moment
                self.leave(conversation)
            raise

    def leave(self, conversation: int) -> None:
        """Hand the place over to the conversation that has waited longest; without effect if none is held."""
        binding = self._held_at.pop(conversation, None)
        if binding is None:
            return
        places = self._bindings[binding]
        places.held.remove(conversation)
        while places.waiting and len(places.held) < self._most:
            following, given = places.waiting.popleft()
            if not given.cancelled():
                self._give(binding, following)
                given.set_result(None)
        if not places.held:  # bindings come and go
            del self._bindings[binding]

    def _give(self, binding: int, conversation: int) -> None:
        self._bindings[binding].held.add(conversation)
        self._held_at[conversation] = binding
