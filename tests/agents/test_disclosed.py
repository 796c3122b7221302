"""The agent is told what people read in front of its answer, as a fact that no person can write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.agents.apis import TURN
from trinity_channels.agents import facts, prompt
from trinity_channels.agents.port import AgentTurn

SENTENCE = 'I am an AI agent, not a person. To reach a person, go to https://example.org/a?b="c"'
FACT = {"sent_in_front_of_your_answer": SENTENCE}


@pytest.mark.parametrize("turn", [TURN, replace(TURN, group=True)], ids=["direct", "group"])
def test_the_sentence_is_among_the_facts(turn: AgentTurn) -> None:
    told = replace(turn, disclosure=SENTENCE)

    assert facts.vouched(told) == {**facts.vouched(turn), **FACT}
    assert facts.about(told) == {**facts.about(turn), **FACT}


def test_it_stands_in_the_system_message() -> None:
    system, *rest = prompt.messages(replace(TURN, disclosure=SENTENCE), "You are kind.", "system", "[m]")

    assert '"sent_in_front_of_your_answer": "I am an AI agent' in system["content"]
    assert not any("AI agent" in one["content"] for one in rest)


def test_without_it_nothing_is_told() -> None:
    assert not FACT.keys() & {**facts.vouched(TURN), **facts.about(TURN)}.keys()
