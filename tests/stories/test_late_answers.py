"""Answers that come late say what they answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cli.conftest import Terminal, terminal  # noqa: F401  a fixture
from tests.world import Agent, Person, World
from trinity_channels import texts
from trinity_channels.agents.port import AgentFailed, AgentUnavailable
from trinity_channels.outbound.preface import EXCERPT, excerpt

QUESTION = "what is 6 x 7?"
LATE = f"This answers the message of 2 March, 09:00 UTC: “{QUESTION}”"


async def asks_and_the_host_dies(town: World, agent: Agent, zoe: Person) -> None:
    """A question is with the agent when the host ends."""
    agent.thinks()
    await zoe.phone.says(QUESTION)
    await agent.asked(1)
    await town.dies()
    agent.speaks()


@pytest.mark.parametrize(
    ("minutes", "answer"), [(59, f"echo {QUESTION}"), (60, f"{LATE}\n\necho {QUESTION}"), (23 * 60, None)]
)
async def test_an_answer_after_an_hour_says_what_it_answers(
    town: World, agent: Agent, minutes: int, answer: str | None
) -> None:
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says(QUESTION)
    await agent.asked(1)
    town.clock.tick(timedelta(minutes=minutes))
    agent.speaks()
    await town.settle()

    assert zoe.heard() == [answer or f"{LATE}\n\necho {QUESTION}"]


async def test_so_does_one_after_an_outage_of_the_host(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await asks_and_the_host_dies(town, agent, zoe)
    town.clock.tick(timedelta(hours=5))

    await town.starts()

    assert zoe.heard() == [f"{LATE}\n\necho {QUESTION}"]


async def test_and_one_after_a_pause_that_the_agent_asked_for(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(*[AgentUnavailable("busy", retry_after=5000)] * 3)
    await zoe.says(QUESTION)
    for _ in range(3):
        await town.later(minutes=20)
        await town.later(minutes=1)

    assert zoe.heard() == [f"{LATE}\n\necho {QUESTION}"]


async def test_it_names_the_oldest_of_several_messages(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("before")
    await town.stops()
    await zoe.phone.says(QUESTION)
    town.clock.tick(timedelta(minutes=70))
    await zoe.phone.says("are you there?")

    await town.starts()
    await town.much_later()

    assert zoe.last() == f"{LATE}\n\necho {QUESTION}\nare you there?"


async def test_the_agent_does_not_take_that_sentence_for_its_own(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await asks_and_the_host_dies(town, agent, zoe)
    town.clock.tick(timedelta(hours=2))
    await town.starts()

    await zoe.says("thanks")

    assert [one.text for one in agent.turns[-1].history] == [QUESTION, f"echo {QUESTION}"]
    assert zoe.last() == "echo thanks"


async def test_an_answer_of_nothing_stays_nothing(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("")
    await asks_and_the_host_dies(town, agent, zoe)
    town.clock.tick(timedelta(hours=2))

    await town.starts()

    assert zoe.heard() == []


async def test_it_is_one_message_also_where_the_answer_just_fits(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("x " * 760)
    await asks_and_the_host_dies(town, agent, zoe)
    town.clock.tick(timedelta(hours=2))

    await town.starts()
    await town.much_later()

    assert len(zoe.heard()) == 1
    assert zoe.last().startswith(LATE)


async def test_a_long_answer_is_split_as_late_as_possible(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("word " * 500)
    await asks_and_the_host_dies(town, agent, zoe)
    town.clock.tick(timedelta(hours=2))

    await town.starts()
    await town.much_later()

    first, second = zoe.heard()
    assert first.startswith(LATE)
    assert len(first) > 1500
    assert f"{first} {second}".count("word") == 500


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("*bold*, __init__ and `code`", "*bold*, __init__ and `code`"),
        ("first line\nsecond\tline", "first line second line"),
        ("# heading\n> quote", "# heading > quote"),
        ("<b>tags</b> & [link](https://example.org)", "<b>tags</b> & [link](https://example.org)"),
        ("C:\\temp\\*", "C:\\temp\\*"),
        ("\u202egnihton si siht\u202c", "gnihton si siht"),
        ("x" * 200, "x" * EXCERPT + "…"),
    ],
)
async def test_the_quoted_words_arrive_as_they_were_written(town: World, agent: Agent, text: str, quoted: str) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("42")
    agent.thinks()
    await zoe.phone.says(text)
    await agent.asked(1)
    town.clock.tick(timedelta(hours=1))
    agent.speaks()
    await town.settle()

    (heard,) = zoe.heard()
    # the dialect sets characters of no width beside what would be markup
    assert heard.replace("\u200b", "") == f"This answers the message of 2 March, 09:00 UTC: “{quoted}”\n\n42"


async def test_what_has_no_words_is_named_by_its_time(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("A nice place.")
    agent.thinks()
    await zoe.phone.shares_location(52.5, 13.4)
    await agent.asked(1)
    town.clock.tick(timedelta(hours=3))
    agent.speaks()
    await town.settle()

    assert zoe.heard() == ["This answers the message of 2 March, 09:00 UTC.\n\nA nice place."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n ", ""),
        ("\u200b\u2060", ""),
        ("short", "short"),
        ("x" * EXCERPT, "x" * EXCERPT),
        ("x" * (EXCERPT + 1), "x" * EXCERPT + "…"),
        (f"{'word ' * 15}beyond the end", f"{'word ' * 15}…".replace(" …", "…")),
        (f"a {'x' * 200}", f"a {'x' * (EXCERPT - 2)}…"),
        ("好" * 100, "好" * EXCERPT + "…"),
    ],
)
def test_what_is_quoted(text: str, expected: str) -> None:
    assert excerpt(text) == expected


async def test_an_apology_after_an_hour_names_the_message_too(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentFailed("out of order"))
    await asks_and_the_host_dies(town, agent, zoe)
    town.clock.tick(timedelta(hours=5))

    await town.starts()

    assert zoe.heard() == [texts.TOO_LATE.format(when="2 March, 09:00 UTC", words=QUESTION)]
