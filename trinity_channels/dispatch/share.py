"""How many turns a process takes while others work beside it: as many as it can work on, and as many again."""

from __future__ import annotations

from trinity_channels.dispatch.port import Slots
from trinity_channels.dispatch.pulse import clock


class Share:
    """What a process may take of the turns that wait in the queue.

    Alone, it takes all: they have nowhere else to wait, and slots go round between all agents. When another one begins to
    work, what it cannot work on soon is given back.

    Args:
        slots: those of the process; None if its turns need none.
        pause: seconds until it takes more than its share, if those that wait here may not have the slots that are free.
    """

    def __init__(self, slots: Slots | None, pause: float) -> None:
        self._slots = slots
        self._pause = pause
        self._others = 0
        self._more_at = 0.0

    def beside(self, others: int) -> None:
        """Note how many other processes work."""
        more, self._others = others > self._others, others
        if more and self._slots:
            self._slots.give_back(self._slots.most)

    def room(self, here: int) -> int | None:
        """How many more turns to take where `here` are; None: as many as there are."""
        slots = self._slots
        if slots is None or not self._others:
            return None
        room = slots.most - slots.free + slots.most - here
        # Else turns of one agent that has all its slots could keep those of others from the slots that are free.
        if room <= 0 and slots.free and clock() >= self._more_at:
            self._more_at = clock() + self._pause
            return slots.most
        return max(0, room)
