"""What a run came to, whichever runtime it was: words, deliberate silence, or a failure."""

from __future__ import annotations

import pytest

from tests.agents.apis import TURN
from trinity_channels import texts
from trinity_channels.agents.answer import words
from trinity_channels.agents.echo import EchoRuntime
from trinity_channels.agents.port import AgentFailed, Answer


async def test_echo_repeats_texts_and_shows_notes_of_what_has_none() -> None:
    assert await EchoRuntime().run(TURN) == "echo second question\n[Location: 52.5, 13.4]"


@pytest.mark.parametrize(
    "answer", ["Nine.", Answer("Nine."), "<think>plan</think>Nine.", Answer("plan</think>\nNine.")]
)
def test_words_are_given_without_reasoning(answer: object) -> None:
    assert words(answer) == "Nine."


@pytest.mark.parametrize("answer", ["  indented\n", "a\n\n\n\nb ", "[NO_REPLY] is what I say", "NO_REPLY", "🫨"])
def test_words_are_given_as_they_are(answer: str) -> None:
    assert words(answer) == answer


@pytest.mark.parametrize(
    "answer",
    [
        *("", " \n ", "\u200b", "\ufe0f", "\u2060\u00a0", "\u3164", "\U000e0041", Answer("")),
        *(
            "[NO_REPLY]",
            " [NO_REPLY]\n",
            "[no_reply]",
            "`[NO_REPLY]`",
            "**[NO_REPLY]**",
            "[NO_REPLY].",
            "\u200b[NO_REPLY]",
        ),
        *("<think>no need</think>[NO_REPLY]", Answer("[NO_REPLY]"), "no need</think>\n\n[NO_REPLY]"),
    ],
)
def test_nothing_and_no_reply_are_deliberate_silence(answer: object) -> None:
    assert words(answer) == ""


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("<think>plan</think>", "reasoning"),
        ("<think>plan (cut", "reasoning"),
        ("plan</think>\n\u200b", "reasoning"),
        (Answer("<think>plan (cut", cut=True), "length"),
        (Answer("", cut=True), "length"),
        (Answer("\u200b", cut=True), "length"),
        (None, "got NoneType"),
        (b"Nine.", "got bytes"),
        (Answer(7), "got int"),  # type: ignore[arg-type]
    ],
)
def test_anything_else_is_a_failure(answer: object, why: str) -> None:
    with pytest.raises(AgentFailed, match=why):
        words(answer)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("We op", f"We op\n\n{texts.CUT}"),
        ("We op \n", f"We op\n\n{texts.CUT}"),
        ("```python\nx = 1", f"```python\nx = 1\n```\n\n{texts.CUT}"),
        ("````\n```\nx", f"````\n```\nx\n````\n\n{texts.CUT}"),
        ("~~~\nx\n~~~\nWe op", f"~~~\nx\n~~~\nWe op\n\n{texts.CUT}"),
        ("<think>plan</think>We op", f"We op\n\n{texts.CUT}"),
    ],
)
def test_an_answer_that_was_cut_ends_with_a_visible_hint(text: str, shown: str) -> None:
    assert words(Answer(text, cut=True)) == shown
