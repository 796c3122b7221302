"""What a run came to: the words for the person, or that the agent chose to say nothing; anything else is a failure."""

from __future__ import annotations

import string

from trinity_channels import texts
from trinity_channels.agents.code_spans import open_fence
from trinity_channels.agents.port import AgentFailed, Answer
from trinity_channels.agents.reasoning import without_reasoning
from trinity_channels.visible import visible

_NO_REPLY = "[no_reply]"
# Models mark the word up, quote it, or end it like a sentence.
_AROUND = "`*\"'.\u200b\u2060\ufeff" + string.whitespace


def words(answer: object) -> str:
    """The words of a run's answer, without reasoning; empty if the agent deliberately says nothing.

    Args:
        answer: what an `AgentRuntime` returned, a `str` or an `Answer`. Nothing visible is an answer too, unless it was cut
            by a limit; so is `[NO_REPLY]`.

    Returns:
        Markdown, with a hint at its end if it was cut.

    Raises:
        AgentFailed: it is of another type, or it holds no words although that was not meant: only reasoning, or nothing
            before the limit.
    """
    text, cut = (answer.text, answer.cut) if isinstance(answer, Answer) else (answer, False)
    if not isinstance(text, str):
        raise AgentFailed(f"expected text as the answer, got {type(text).__name__}")
    if not visible(text):
        if cut:
            raise AgentFailed("the answer reached its length limit before its first word (length)")
        return ""
    spoken = without_reasoning(text)
    if not visible(spoken):
        limit = " and reached its length limit (length)" if cut else ""
        raise AgentFailed(f"the answer holds nothing but reasoning{limit}")
    if _asks_for_silence(spoken):
        return ""
    return _with_hint(spoken) if cut else spoken


def _asks_for_silence(text: str) -> bool:
    """Whether a text is `[NO_REPLY]`, as agents are told to say when a message needs no answer; marked up or not."""
    return text.strip(_AROUND).casefold() == _NO_REPLY


def _with_hint(text: str) -> str:
    """An answer that was cut, with a line saying so; a fence that the cut left open is closed before it."""
    rail = open_fence(text)
    return f"{text.rstrip()}\n{rail}\n\n{texts.CUT}" if rail else f"{text.rstrip()}\n\n{texts.CUT}"
