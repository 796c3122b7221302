"""What a model writes for itself is taken out of its answer; what it says about such tags stays."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trinity_channels.agents.reasoning import without_reasoning

HARMONY = "<|channel|>analysis<|message|>plan<|end|><|start|>assistant<|channel|>final<|message|>"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        # closed
        ("<think>\nplan; the owner is away\n</think>\n\nWe open at nine.", "We open at nine."),
        ("<thought>plan</thought>Nine.", "Nine."),
        ("<THINK>plan</THINK>Nine.", "Nine."),
        ("<Thinking>plan</Thinking> Nine.", "Nine."),
        ("<reasoning>plan</reasoning>\nNine.", "Nine."),
        ("<scratchpad>plan</scratchpad>Nine.", "Nine."),
        ("<REASONING_SCRATCHPAD>plan</REASONING_SCRATCHPAD>Nine.", "Nine."),
        ("<inner_monologue>plan</inner_monologue>Nine.", "Nine."),
        ("<seed:think>plan</seed:think>Nine.", "Nine."),
        ('<think class="a">plan</think >Nine.', "Nine."),
        ("<think\n>plan</ think>Nine.", "Nine."),
        ("<think>plan</thinking>Nine.", "Nine."),
        ("<think></think>Nine.", "Nine."),
        ("<longcat_think>plan</longcat_think>Nine.", "Nine."),
        ("<mm:think>plan</mm:think>Nine.", "Nine."),
        ("<assistant-thinking>plan</assistant-thinking>Nine.", "Nine."),
        ("<reasoning_content>plan</reasoning_content>Nine.", "Nine."),
        ("<Thinking_Process>plan</Thinking_Process>Nine.", "Nine."),
        ("<think_fast>plan</think_fast>Nine.", "Nine."),
        ("<|thinking|>plan<|/thinking|>Nine.", "Nine."),
        ("<|think_start|>plan<|think_end|>Nine.", "Nine."),
        ("<|begin_of_think|>plan<|end_of_think|>Nine.", "Nine."),
        ("plan<|End_Thinking|>Nine.", "Nine."),
        ("<think/>Nine.", "Nine."),
        ("[THINK]plan[/THINK]Nine.", "Nine."),
        ("◁think▷plan◁/think▷Nine.", "Nine."),
        ("<|START_THINKING|>plan<|END_THINKING|><|START_RESPONSE|>Nine.<|END_RESPONSE|>", "Nine."),
        ("<|begin_of_thought|>plan<|end_of_thought|><|begin_of_solution|>Nine.<|end_of_solution|>", "Nine."),
        ("One.\n\n<think>plan</think>\n\nTwo.", "One.\n\nTwo."),
        ("<think>a</think>One. <think>b</think>Two.", "One. Two."),
        ("Hello.<think>a<think>b</think>c</think>Nine.", "Hello.Nine."),
        ("<think>they may mean <think> here</think>Nine.", "Nine."),
        # orphaned
        ("plan\n</think>\n\nWe open at nine.", "We open at nine."),
        ("plan, step two</THOUGHT>Nine.", "Nine."),
        ("plan with `code` and\n```\na fence\n```\n</think>\nNine.", "Nine."),
        ("plan</think>more plan</think>Nine.", "Nine."),
        ("plan[/THINK]Nine.", "Nine."),
        # unclosed
        ("<think>plan (cut by length)", ""),
        ("Nine.\n<thinking>and now I", "Nine."),
        ("<think>plan</thi", ""),
        ("[THINK]plan", ""),
        # channel tokens
        (f"{HARMONY}Nine.<|return|>", "Nine."),
        (f"{HARMONY} Nine.", "Nine."),
        ("<|start|>assistant<|channel|>final<|message|>Nine.<|end|>", "Nine."),
        ("plan<|end|><|start|>assistant<|channel|>final<|message|>Nine.", "Nine."),
        ("<|channel|>final <|constrain|>json<|message|>{}", "{}"),
        ("<|channel|>analysis<|message|>plan", ""),
        ("<|channel|>commentary to=functions.hours <|constrain|>json<|message|>{}<|call|>", ""),
        ("analysisThey want the hours.assistantfinalNine.", "Nine."),
        ("<|channel>thought\nplan<channel|>Nine.", "Nine."),
        ("<unused94>thought\nplan<unused95>Nine.", "Nine."),
        ("Nine.<|im_end|>", "Nine."),
        ("<|im_start|>assistant\nNine.<|im_end|>", "Nine."),
        ("<|assistant|>Nine.", "Nine."),
        ("Nine.<end_of_turn>\n", "Nine."),
        ("<think>plan</think>Nine.<\uff5cend\u2581of\u2581sentence\uff5c>", "Nine."),
        # code within a plan
        ("<think>say `</think>`</think>Use it.", "Use it."),
        ("<think>\n```python\nx = 1\n</think>\n\nNine, see `</think>`.", "Nine, see `</think>`."),
        ("<think>a lone ` tick\n</think>\n\nUse `x`.", "Use `x`."),
        ("<think>plan</think>```\n<think>x</think>\n```\nNine.", "```\n<think>x</think>\n```\nNine."),
    ],
)
def test_reasoning_is_removed(answer: str, said: str) -> None:
    assert without_reasoning(answer) == said


@pytest.mark.parametrize(
    "answer",
    [
        "```\n<think>sample</think>\n```",
        "Use `<think>` tags.",
        "`` a ` <think>b</think> ``",
        "~~~xml\n<think>\n~~~\n",
        "> ```\n> <think>a</think>\n> ```",
        "1. ```\n   <think>a</think>\n   ```",
        "````\n```\n</think>\n```\n````",
        "```\n</think>\ncut in the middle",
        "Write \\<think> and close it.",
        "`<|channel|>` separates channels",
        "a < b > c, <b>bold</b>, <thinker>x</thinker>, [think](https://example.org)",
        "I think</b> so. analysis of the assistantfinal",
        "  leading and trailing space \n",
        "",
    ],
)
def test_what_only_looks_like_reasoning_stays_as_it_is(answer: str) -> None:
    assert without_reasoning(answer) == answer


# A plan that holds a closing tag of its own and then opens a fence cannot be told from an answer that shows the tag.
_PIECES = st.sampled_from(
    ["<think>", "<thought>", "`", "```", "\n", "\n\n", "plan", "\\", "<|end|>", "~~~", "> ", "- "]
)


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=30).map("".join), st.text(alphabet="abc .\n"))
def test_a_plan_before_an_answer_never_shows(plan: str, answer: str) -> None:
    said = without_reasoning(f"<think>{plan} the secret plan </think>\n\n{answer}")

    assert said == answer.strip()


@pytest.mark.parametrize(
    "answer",
    [
        "<think>a</think>b" * 60_000,
        "<think>" * 100_000,
        "</think>" * 100_000,
        "<think>" + " ".join("`" * length for length in range(1, 1000)),
        "".join("<think>\n" + "`" * length + "\n</think>\n" for length in range(1000, 3, -1)),
        "<think></think>" + "\n```x`" * 100_000,
        "<think>" + "\\" * 500_000,
        "analysis" + "assistantfina" * 50_000,
    ],
    ids=range(8),
)
def test_no_answer_takes_long_to_read(answer: str) -> None:
    started = time.process_time()

    without_reasoning(answer)

    assert time.process_time() - started < 5
