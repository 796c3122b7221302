"""Which session of its own an agent on the platform has for each conversation, where the platform tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trinity_channels.agents.port import AgentTurn

MOST = 1000
"""Conversations; the one that was answered longest ago begins a new session."""
_LONGEST = 200
_NAMES = ("claude_session_id", "session_id")


class Sessions:
    """Remembers them while the process runs. Without one a run is given the history instead, so nothing is lost."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None], str] = {}

    def of(self, turn: AgentTurn) -> str:
        """The session to go on with; empty if there is none."""
        return self._known.get(_key(turn), "")

    def answered(self, turn: AgentTurn, answer: Mapping[Any, Any]) -> None:
        """Note the session of an answer, if it names one."""
        found = next((one for name in _NAMES if isinstance(one := answer.get(name), str) and one), "")
        self.forget(turn)
        # The platform writes these while a run has no session yet.
        if found and len(found) <= _LONGEST and not found.startswith("dispatched"):
            self._known[_key(turn)] = found
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def forget(self, turn: AgentTurn) -> None:
        """Let the next run begin a session of its own."""
        self._known.pop(_key(turn), None)


def _key(turn: AgentTurn) -> tuple[str, str | None]:
    # Someone else who signs in on the same phone does not go on with what was said before.
    return turn.conversation, turn.verified_email
