"""What the agent of the demo answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trinity_channels.agents.port import AgentMessage, AgentTurn
from trinity_channels.api import Attachment, Location, Part
from trinity_channels.cli.demo.agent import DemoAgent

AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "parts", "answer"),
    [
        ("hello\nthere", (), "You wrote:\n\n> hello\n> there\n"),
        ("", (Attachment("ref", "image/jpeg"),), "You sent:\n\n> [a photo, image/jpeg]\n"),
        ("", (Attachment("ref", "audio/ogg"),), "You sent:\n\n> [a voice note, audio/ogg]\n"),
        ("see", (Attachment("ref", "application/pdf"),), "You wrote:\n\n> see\n> [a document, application/pdf]\n"),
        ("", (Location(1.5, 2.5),), "You sent:\n\n> [shared a location: 1.5, 2.5]\n"),
    ],
)
async def test_it_tells_what_it_got(text: str, parts: tuple[Part, ...], answer: str) -> None:
    message = AgentMessage(text, AT, parts=parts)

    told = await DemoAgent().run(AgentTurn("1", "demo", "telegram", "c", (message,)))

    assert told.startswith(answer)
