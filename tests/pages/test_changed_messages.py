"""What people edited or unsent is marked so, with the time, where owners read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.pages.clients import client_of
from tests.world import Agent

CHANNEL = "/agents/support/channels/slack"


@pytest.fixture
async def net(tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent) -> AsyncIterator[Net]:
    async with Net(tmp_path, clock, agents=agent) as made:
        await made.connect_all()
        await made.policy("open")
        yield made


async def shown(net: Net, path: str) -> str:
    async with client_of(net) as client:
        return " ".join((await client.get(path)).text.split())


async def written(net: Net) -> list[dict[str, Any]]:
    """What the API says of what people wrote in the only conversation."""
    answer = (await net.api("GET", "/api/agents/support/conversations/1")).json()
    return [one for one in answer["messages"] if one["origin"] == "person"]


async def test_an_edited_message_says_when_it_was_edited(net: Net) -> None:
    zoe = net.stranger("slack", "Zoe")
    message = await zoe.phone.writes_in_blocks("what is 6 x 7?")
    await net.settle()
    assert "edited" not in await shown(net, "/agents/support/conversations/1")
    net.clock.tick(timedelta(minutes=30))

    await zoe.phone.edits(message, "what is 6 x 8?")
    await net.settle()

    (one,) = await written(net)
    assert (one["text"], one["unsent_at"]) == ("what is 6 x 8?", None)
    assert one["edited_at"] > one["at"]
    assert f'<span class="also">edited <time datetime="{one["edited_at"].replace("Z", "+00:00")}"' in await shown(
        net, "/agents/support/conversations/1"
    )
    assert "<small>edited <time" in await shown(net, CHANNEL)
    (told,) = [one for one in (await net.api("GET", "/api/agents/support/slack/messages")).json() if one["inbound"]]
    assert told["edited_at"] == one["edited_at"]


async def test_an_unsent_message_says_why_it_has_no_text(net: Net, agent: Agent) -> None:
    zoe = net.stranger("slack", "Zoe")
    message = await zoe.phone.writes_in_blocks("my secret")
    await net.settle()
    agent.thinks()
    await zoe.phone.writes_in_blocks("and?")
    await agent.asked(2)
    waiting = await zoe.phone.writes_in_blocks("this too")
    simulator: Any = net.simulators["slack"]

    await simulator.delete(message)
    await simulator.delete(waiting)
    agent.speaks()
    await net.settle()

    one, _, other = await written(net)
    why = "This person unsent the message, so its text was removed."
    assert (one["text"], one["gone"], other["gone"], one["edited_at"]) == ("", why, why, None)
    assert one["unsent_at"] > one["at"]
    page = await shown(net, "/agents/support/conversations/1")
    assert (page.count(why), page.count('<span class="also">unsent <time')) == (2, 2)
    assert (await shown(net, CHANNEL)).count("<small>unsent <time") == 2
    assert "Text deleted" not in page


async def test_the_list_of_conversations_names_an_unsent_message(net: Net) -> None:
    zoe = net.stranger("slack", "Zoe")
    await net.policy("require_sharing")
    message = await zoe.phone.writes_in_blocks("my secret")
    await net.settle()

    simulator: Any = net.simulators["slack"]
    await simulator.delete(message)
    await net.settle()

    (one,) = (await net.api("GET", "/api/agents/support/conversations")).json()["conversations"]
    assert one["last_words"] == "Message unsent"
