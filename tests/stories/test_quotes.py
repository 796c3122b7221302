"""What a message answers reaches the agent in the words it was said in, also where the provider names only the message."""

from __future__ import annotations

import pytest

from tests.world import Agent, Person, World
from trinity_channels_whatsapp.simulator.messages import Message


def told(agent: Agent) -> list[str]:
    """What the agent was told beside the newest message."""
    return list(agent.turns[-1].messages[-1].notes)


async def answers(zoe: Person, text: str, quoted: Message) -> None:
    """Swipe a message and write."""
    await zoe.phone.says(text, replying_to=quoted)
    await zoe.world.settle()


def newest(zoe: Person, *, outbound: bool) -> Message:
    return next(one for one in reversed(zoe.phone.bubbles) if one.outbound is outbound)


@pytest.mark.parametrize(
    "answer",
    [
        "**42**, see [the page](https://example.org/42)",
        "<b> & `code` with __init__ and C:\\temp",
        "plain words",
        "ein Satz mit Umlauten: äöü 😀",
        "# Result\n\n- one\n- two",
    ],
)
async def test_an_answer_of_the_agent_is_quoted_as_it_was_written(town: World, agent: Agent, answer: str) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(answer)
    await zoe.says("hello")

    await answers(zoe, "why?", newest(zoe, outbound=True))

    assert told(agent) == [f"answers a message that you wrote: {answer}"]


async def test_a_part_of_a_long_answer_is_quoted_as_that_part(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("first " * 250 + "\n\n" + "second " * 100)
    await zoe.says("hello")
    await town.much_later()

    await answers(zoe, "why?", newest(zoe, outbound=True))

    (note,) = told(agent)
    assert "second" in note
    assert "first" not in note


async def test_a_person_s_own_message_is_quoted(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("the lamp is broken")

    await answers(zoe, "I mean this", newest(zoe, outbound=False))

    assert told(agent) == ["answers an earlier message: the lamp is broken"]


async def test_a_file_is_quoted_by_its_kind(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.phone.sends_media(b"...", "image/jpeg")
    await town.settle()

    await answers(zoe, "what is this?", newest(zoe, outbound=False))

    assert told(agent) == ["answers an earlier message: [image/jpeg]"]


async def test_a_long_message_is_quoted_by_its_beginning(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("x" * 2500)

    await answers(zoe, "too long?", newest(zoe, outbound=False))

    (note,) = told(agent)
    assert note == f"answers an earlier message: {'x' * 1999}…"


async def test_what_is_not_known_here_is_still_named(town: World, agent: Agent) -> None:
    form = town.inbound("this one") | {"OriginalRepliedMessageSid": "SM" + "9" * 32}

    await town.posts(await town.webhook(), form)

    assert told(agent) == ["answers an earlier message"]
