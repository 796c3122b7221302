"""The agent of a story."""

from __future__ import annotations

import asyncio
from collections import Counter, deque

from trinity_channels.agents.port import AgentTurn


class Agent:
    """An agent in the hands of a test: it remembers what it was asked, and answers as told or like an echo.

    Attributes:
        turns: every turn it was given, in order.
        most_at_once: how many turns of one conversation it ever had at the same time, and of all (`""`).
    """

    def __init__(self, *answers: str | Exception) -> None:
        self.turns: list[AgentTurn] = []
        self.most_at_once: Counter[str] = Counter()
        self._answers = deque(answers)
        self._running: Counter[str] = Counter()
        self._asked = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()

    def will_answer(self, *answers: str | Exception) -> None:
        """What comes next, one for each turn."""
        self._answers.extend(answers)

    def thinks(self) -> None:
        """Take turns, and answer none until `speaks`."""
        self._free.clear()

    def speaks(self) -> None:
        """Answer what waits."""
        self._free.set()

    async def asked(self, times: int) -> None:
        """Wait until that many turns have been given."""
        while len(self.turns) < times:
            self._asked.clear()
            await self._asked.wait()

    async def run(self, turn: AgentTurn) -> str:
        """The port."""
        self.turns.append(turn)
        self._asked.set()
        for scope in (turn.conversation, ""):
            self._running[scope] += 1
            self.most_at_once[scope] = max(self.most_at_once[scope], self._running[scope])
        try:
            await self._free.wait()
        finally:
            self._running.subtract((turn.conversation, ""))
        answer = self._answers.popleft() if self._answers else f"echo {said(turn)}"
        if isinstance(answer, Exception):
            raise answer
        return answer


def said(turn: AgentTurn) -> str:
    """What a person says in a turn, one line per message."""
    return "\n".join(message.text for message in turn.messages)
