"""What the agent is given of a Slack message: everything that the person wrote, pasted, forwarded or pressed, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.world import Agent


class Workspace:
    """One host with an agent in the test's hands, and the people of a Slack workspace."""

    def __init__(self, net: Net, agent: Agent) -> None:
        self.net = net
        self.slack: Any = net.simulators["slack"]
        self.agent = agent

    def phone(self, name: str) -> Any:
        """Somebody with Slack open."""
        return self.slack.phone(name)

    async def told(self) -> list[str]:
        """What the agent was given in its last turn, line by line."""
        await self.net.settle()
        return [line for one in self.agent.turns[-1].messages for line in (one.text, *one.notes) if line]


@pytest.fixture
async def workspace(tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent) -> AsyncIterator[Workspace]:
    async with Net(tmp_path, clock, agents=agent) as net:
        await net.connect_all()
        await net.policy("open")
        yield Workspace(net, agent)


async def test_what_is_typed_is_told_once(workspace: Workspace) -> None:
    await workspace.phone("Zoe").says("see https://example.org/?a=1&b=2 and <b> *c*")

    assert await workspace.told() == ["see https://example.org/?a=1&b=2 and <b> *c*"]


async def test_a_text_that_stands_in_blocks_only_is_told(workspace: Workspace) -> None:
    await workspace.phone("Zoe").writes_in_blocks("hello from blocks")

    assert await workspace.told() == ["hello from blocks"]


@pytest.mark.parametrize("comment", ["", "what about this?"])
async def test_a_forward_is_told_with_its_author(workspace: Workspace, comment: str) -> None:
    zoe, sam = workspace.phone("Zoe"), workspace.phone("Sam")
    down = await sam.posts("The server is down since nine")

    await zoe.forwards(down, comment)

    assert await workspace.told() == [*filter(None, [comment]), "forwarded from Sam: The server is down since nine"]


async def test_a_forwarded_file_is_told_as_a_file(workspace: Workspace) -> None:
    zoe, sam = workspace.phone("Zoe"), workspace.phone("Sam")
    graph = await sam.sends_file("graph.png", "image/png", text="look")

    await zoe.forwards(graph)

    forward, file = await workspace.told()
    assert forward == "forwarded from Sam: look"
    assert "image/png" in file
    assert "graph.png" in file


@pytest.mark.parametrize("attached", [True, False])
@pytest.mark.parametrize("text", ["", "which of these?"])
async def test_a_pasted_table_is_told_row_by_row(workspace: Workspace, text: str, attached: bool) -> None:
    await workspace.phone("Zoe").pastes_table([["Item", "Units"], ["Lamp", 3]], text, attached=attached)

    assert await workspace.told() == [*filter(None, [text]), "with it:\nItem | Units\nLamp | 3"]


async def test_a_snippet_is_told_as_far_as_slack_shows_it(workspace: Workspace) -> None:
    await workspace.phone("Zoe").sends_snippet("a.py", "import this\nprint(1)", "why?")

    assert (await workspace.told())[-1] == "with it: the beginning of a.py\nimport this\nprint(1)"


async def test_a_preview_that_slack_adds_later_is_no_new_question(workspace: Workspace) -> None:
    zoe = workspace.phone("Zoe")
    await zoe.says("see https://example.org")
    await workspace.net.settle()

    await zoe.sees_preview(zoe.latest, "https://example.org", "Example", "An example")
    await zoe.edits(zoe.latest, "see https://example.com")
    await workspace.slack.delete(zoe.latest)

    assert await workspace.told() == ["see https://example.org"]
    assert len(workspace.agent.turns) == 1


@pytest.mark.parametrize("user", ["USLACK", "USLACKBOT"])
async def test_what_slack_posts_by_itself_is_told_to_no_agent(workspace: Workspace, user: str) -> None:
    zoe = workspace.phone("Zoe")

    await workspace.slack.slack_says("<@U0SIM0001> archived a channel", zoe, user=user)
    await workspace.net.settle()

    assert workspace.agent.turns == []
    assert zoe.heard() == []


async def test_an_action_is_told_like_a_text(workspace: Workspace) -> None:
    await workspace.phone("Zoe").acts("waves")

    assert await workspace.told() == ["waves"]
