"""An agent that says what it hears: for demonstrations, tests, and trying out a connection."""

from __future__ import annotations

from trinity_channels.agents.port import AgentMessage, AgentTurn


class EchoRuntime:
    """Answers every turn at once."""

    async def run(self, turn: AgentTurn) -> str:
        """Answer "echo " and the waiting messages, one per line."""
        return "echo " + "\n".join(_heard(message) for message in turn.messages)


def _heard(message: AgentMessage) -> str:
    return message.text or " ".join(f"[{note}]" for note in message.notes)
