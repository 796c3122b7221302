"""The agent of the demo: repeats what it hears, and says a lot when asked to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from trinity_channels.agents.port import AgentMessage, AgentTurn
from trinity_channels.api import Attachment

_KINDS = {"image": "a photo", "audio": "a voice note", "video": "a video"}
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
        heard = "\n".join(line for message in turn.messages for line in _heard(message))
        quoted = "\n".join(f"> {line}" for line in heard.splitlines())
        verb = "wrote" if any(message.text for message in turn.messages) else "sent"
        return f"You {verb}:\n\n{quoted}\n\nAsk me to tell you everything, and I will."


def _heard(message: AgentMessage) -> Iterator[str]:
    """A message in lines: its text, and the files that came with it, or in other words what it was."""
    if message.text:
        yield message.text
    files = [part for part in message.parts if isinstance(part, Attachment)]
    yield from (f"[{_KINDS.get(one.media_type.partition('/')[0], 'a document')}, {one.media_type}]" for one in files)
    if not message.text and not files:
        yield " ".join(f"[{note}]" for note in message.notes)
