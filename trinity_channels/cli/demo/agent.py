"""The agent of the demo: repeats what it hears, and says a lot when asked to."""

from __future__ import annotations

import re
from pathlib import Path

from trinity_channels.agents.port import AgentTurn

_ASKED = re.compile(r"\beverything\b", re.IGNORECASE)


def everything() -> str:
    """A long text with every mark that Markdown has."""
    return Path(__file__).with_name("everything.md").read_text(encoding="utf-8")


class DemoAgent:
    """Answers every turn at once."""

    async def run(self, turn: AgentTurn) -> str:
        """Repeat the waiting messages; the word "everything" in one of them brings a long text in Markdown."""
        if any(_ASKED.search(message.text) for message in turn.messages):
            return everything()
        heard = "\n".join(message.text or " ".join(f"[{note}]" for note in message.notes) for message in turn.messages)
        quoted = "\n".join(f"> {line}" for line in heard.splitlines())
        return f"You wrote:\n\n{quoted}\n\nAsk me to tell you everything, and I will."
