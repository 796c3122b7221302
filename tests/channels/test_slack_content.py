"""What the agent is given of a Slack message: everything that the person wrote, pasted, forwarded or pressed, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.world import Agent
from trinity_channels.api import Binding, Context, Quoted
from trinity_channels.plugins import Plugin


class Workspace:
    """One host with an agent in the test's hands, and the people of a Slack workspace."""

    def __init__(self, net: Net, agent: Agent) -> None:
        self.net = net
        self.slack: Any = net.simulators["slack"]
        self.agent = agent

    @property
    def threads_read(self) -> int:
        """How often the host has asked Slack for a thread."""
        calls: int = self.slack.api_calls["conversations.replies"]
        return calls

    def phone(self, name: str) -> Any:
        """A person with Slack open."""
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

    assert await workspace.told() == [*filter(None, [comment]), 'forwarded from "Sam": The server is down since nine']


async def test_a_forwarded_file_is_told_as_a_file(workspace: Workspace) -> None:
    zoe, sam = workspace.phone("Zoe"), workspace.phone("Sam")
    graph = await sam.sends_file("graph.png", "image/png", text="look")
    await workspace.net.settle()

    await zoe.forwards(graph)

    forward, file = await workspace.told()
    assert forward == 'forwarded from "Sam": look'
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


async def test_a_long_answer_arrives_whole_although_slack_limits_the_rate(workspace: Workspace) -> None:
    words = [f"word{number}" for number in range(6000)]
    workspace.agent.will_answer(" ".join(words))
    zoe = workspace.phone("Zoe")

    await zoe.says("everything, please")
    await workspace.net.much_later()

    parts = [one.text for one in zoe.heard()]
    assert len(parts) > 10
    assert " ".join(parts).split()[-6000:] == words


# --- threads ---


@pytest.fixture
async def verified(workspace: Workspace) -> Any:
    """A person whom the agent answers in channels: Slack tells the e-mail of members."""
    await workspace.net.policy("require_email")
    return workspace.phone("Zoe")


async def test_the_root_of_a_thread_is_told_when_the_agent_is_mentioned_below_it(
    workspace: Workspace, verified: Any
) -> None:
    root = await workspace.phone("Sam").posts("Deploy 7 failed: out of memory")
    await workspace.phone("Ann").posts("again?", thread=root)

    await verified.mentions("can you look into it?", thread=root)

    told = await workspace.told()
    assert told[0] == "can you look into it?"
    assert told[1:] == ['answers a message by someone called "Sam": Deploy 7 failed: out of memory']


async def test_a_plugin_is_told_where_the_message_stands_that_it_is_to_read(
    workspace: Workspace, verified: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []

    async def read(_: Plugin, binding: Binding, message_id: str, ctx: Context, conversation: str | None) -> Quoted:
        asked.append(conversation)
        return Quoted(f"{message_id} of {binding.account.key}", message_id) if ctx else Quoted()

    monkeypatch.setattr(Plugin, "resolve_quoted", read)
    root = await workspace.phone("Sam").posts("Deploy 7 failed")

    await verified.mentions("why?", thread=root)

    (_, note) = await workspace.told()
    [where] = asked
    assert where
    assert where.partition("/")[0] in note


async def test_a_root_that_was_read_once_is_not_read_again(workspace: Workspace, verified: Any) -> None:
    root = await workspace.phone("Sam").posts("Deploy 7 failed")
    await verified.mentions("why?", thread=root)
    await workspace.net.settle()

    await verified.mentions("and now?", thread=root)

    assert await workspace.told() == ["and now?", 'answers a message by someone called "Sam": Deploy 7 failed']
    assert workspace.threads_read == 1


async def test_a_root_that_began_the_conversation_is_known_without_asking(workspace: Workspace, verified: Any) -> None:
    root = await verified.mentions("how are the lamps?")
    await workspace.net.settle()

    await verified.mentions("and the oil?", thread=root)

    assert (await workspace.told())[1].endswith(": how are the lamps?")
    assert workspace.threads_read == 0


async def test_a_reply_to_the_agent_quotes_the_agent(workspace: Workspace) -> None:
    workspace.agent.will_answer("The lamp costs 9")
    zoe = workspace.phone("Zoe")
    await zoe.says("how much?")
    await workspace.net.settle()

    await zoe.says("why?", thread=zoe.sees()[-1][1])

    assert await workspace.told() == ["why?", "answers a message that you wrote: The lamp costs 9"]
    assert workspace.threads_read == 0


async def test_a_broadcast_reply_brings_its_root_along(workspace: Workspace, verified: Any) -> None:
    root = await workspace.phone("Sam").posts("the lamp is broken")

    await verified.posts("everybody?", thread=root, mention=True, broadcast=True)

    assert (await workspace.told())[1].endswith(": the lamp is broken")
    assert workspace.threads_read == 0


async def test_a_root_with_a_table_and_a_file_is_told_in_words(workspace: Workspace, verified: Any) -> None:
    root = await verified.pastes_table([["Lamp", 3]], "our stock")
    await verified.says("how many?", thread=root)

    assert (await workspace.told())[1].startswith("answers ")
    assert "our stock" in (await workspace.told())[1]


@pytest.mark.parametrize("gone", ["deleted", "no scope", "too many calls"])
async def test_a_root_that_cannot_be_read_keeps_no_one_waiting(workspace: Workspace, verified: Any, gone: str) -> None:
    root = await workspace.phone("Sam").posts("Deploy 7 failed")
    reply = await workspace.phone("Ann").posts("again?", thread=root)
    match gone:
        case "deleted":
            await workspace.slack.delete(root)
        case "no scope":
            workspace.slack.installation.scopes.remove("channels:history")
        case "too many calls":
            workspace.slack.behaviour.commercial = True
            await verified.mentions("first", thread=await workspace.phone("Sam").posts("another root"))
            await workspace.net.settle()

    await verified.mentions("why?", thread=reply)

    assert await workspace.told() == ["why?", "answers an earlier message"]
    assert verified.heard()[-1].text.startswith("echo")


@pytest.mark.usefixtures("verified")
async def test_strangers_make_the_host_read_nothing(workspace: Workspace) -> None:
    root = await workspace.phone("Sam").posts("Deploy 7 failed")
    guest = workspace.net.stranger("slack", "Guest")

    await guest.phone.mentions("why?", thread=root)
    await workspace.net.settle()

    assert workspace.agent.turns == []
    assert workspace.threads_read == 0


# --- buttons, menus and forms that something else has posted with the app's token ---


@pytest.fixture
async def offer(workspace: Workspace) -> Any:
    """A message of the app's with a button and a menu, in Zoe's direct chat."""
    binding = (await workspace.net.api("GET", "/api/agents/support/slack")).json()
    workspace.slack.enter_interactivity_url(binding["webhook_url"])
    zoe = workspace.phone("Zoe")
    option = {"text": {"type": "plain_text", "text": "Lamp"}, "value": "lamp-1"}
    elements = [
        {
            "type": "button",
            "action_id": "approve",
            "text": {"type": "plain_text", "text": "Approve"},
            "value": "deploy-8",
        },
        {"type": "static_select", "action_id": "goods", "options": [option]},
    ]
    body = {"channel": zoe.address, "text": "Deploy 8?", "blocks": [{"type": "actions", "elements": elements}]}
    headers = {"Authorization": f"Bearer {workspace.slack.installation.token}"}
    await workspace.net.http.post("http://slack.simulator/api/chat.postMessage", json=body, headers=headers)
    return zoe.sees()[-1][1]


async def test_a_pressed_button_is_told_with_its_payload(workspace: Workspace, offer: Any) -> None:
    await workspace.phone("Zoe").presses(offer, "approve")

    assert await workspace.told() == [
        "Approve",
        "answers a message that you wrote: Deploy 8?\n[Approve] [goods]",
        'tapped a button with the payload "deploy-8"',
    ]
    assert workspace.phone("Zoe").heard()[-1].text.startswith("echo")


async def test_a_choice_is_told_with_its_value(workspace: Workspace, offer: Any) -> None:
    chosen = {"text": {"type": "plain_text", "text": "Lamp"}, "value": "lamp-1"}

    await workspace.phone("Zoe").presses(offer, "goods", selected_option=chosen)

    told = await workspace.told()
    assert (told[0], told[-1]) == ("Lamp", 'chose the list row "lamp-1"')


async def test_two_presses_are_two_messages(workspace: Workspace, offer: Any) -> None:
    for _ in range(2):
        await workspace.phone("Zoe").presses(offer, "approve")
        await workspace.net.settle()

    assert len(workspace.agent.turns) == 2


@pytest.mark.usefixtures("offer")
async def test_a_form_is_told_field_by_field(workspace: Workspace) -> None:
    view = {
        "title": {"type": "plain_text", "text": "Order"},
        "blocks": [{"type": "input", "block_id": "b1", "label": {"type": "plain_text", "text": "How many?"}}],
        "state": {"values": {"b1": {"count": {"type": "number_input", "value": "3"}}}},
    }

    await workspace.phone("Zoe").submits(view)

    assert await workspace.told() == ['answered a form called "Order": {"How many?":"3"}']
    assert workspace.phone("Zoe").heard()[-1].text.startswith("echo")
