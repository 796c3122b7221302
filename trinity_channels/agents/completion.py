"""A chat completion as OpenAI and the servers that imitate it write it: as a document or a stream, in any known shape.

https://platform.openai.com/docs/api-reference/chat/object
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trinity_channels.agents.event_stream import documents
from trinity_channels.agents.problem import Problem, label, problem_in, said_in

# What a model produces beside words. Where one of these is, an empty text was not meant as an answer.
_BESIDE_WORDS = (
    *("reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks"),
    *("tool_calls", "function_call", "audio", "images"),
)


class ShapeError(Exception):
    """An answer that is not a completion. Quotes nothing of it."""


@dataclass(slots=True)
class Completion:
    """What a model answered.

    Attributes:
        text: its words.
        refusal: why it declines to answer, in its words.
        finish: why it stopped, as a label; empty if the server does not say.
        messages: how many messages or parts of one were read, empty ones too; 0 if the server sent no choice.
        beside: it holds something else than words.
        whole: it has come to its end; False for a stream that broke off.
        problem: an error instead of, or after, the words.
        index: that of the choice that is read, where a server sends several.
    """

    text: str = field(default="", repr=False)
    refusal: str = field(default="", repr=False)
    finish: str = ""
    messages: int = 0
    beside: bool = False
    whole: bool = True
    problem: Problem | None = None
    index: int | None = None


def read(body: str) -> Completion:
    """Read the body of an answer with status 200.

    Raises:
        ShapeError: it is neither a completion nor an error.
    """
    found = documents(body)
    completion = Completion()
    known = False
    for document in found.values:
        # The first error is the cause; what follows it in a stream is often a consequence.
        completion.problem = completion.problem or problem_in(document)
        if isinstance(document, dict) and isinstance(choices := document.get("choices"), list):
            known = True
            _add_choices(completion, choices)
    if not known and completion.problem is None:
        completion.problem = _stated_problem(found.values)
    # Servers are known to leave out `[DONE]`; a finish reason says the same.
    completion.whole = not found.damaged and (found.ended or bool(completion.finish))
    return completion


def _stated_problem(values: tuple[Any, ...]) -> Problem:
    """What a document that is neither a completion nor an error still says, such as `{"detail": …}`."""
    told = said_in(values[0]) if len(values) == 1 and isinstance(values[0], dict) else Problem()
    if not told.text:
        raise ShapeError
    return told


def _add_choices(completion: Completion, choices: list[Any]) -> None:
    """One choice out of several; in a stream the others come in events of their own, and an event about tokens has none."""
    if not choices:
        return
    # Reversed, so that of several without a number the first one stays.
    known = {_index(one): one for one in reversed(choices) if isinstance(one, dict)}
    if not known:
        raise ShapeError
    if completion.index is None:
        completion.index = min(known)
    choice = known.get(completion.index)
    if choice is None:
        return
    if reason := choice.get("finish_reason"):
        completion.finish = label(reason)
    if choice.get("error"):
        completion.problem = completion.problem or problem_in({"error": choice["error"]})
    _add_words(completion, choice)


def _index(choice: Mapping[Any, Any]) -> int:
    """The number of a choice; servers count from 0 or 1, write it as text, or leave it out where there is only one."""
    index = choice.get("index")
    return int(index) if isinstance(index, int | str) and re.fullmatch("[0-9]{1,9}", str(index)) else 0


def _add_words(completion: Completion, choice: Mapping[Any, Any]) -> None:
    if delta := _message(choice.get("delta")):
        _add_message(completion, delta)
    elif (message := _message(choice.get("message"))) is not None:
        if not completion.text:  # the last event of a stream may repeat the whole text
            _add_message(completion, message)
    elif isinstance(text := choice.get("text"), str):  # the older completions
        completion.text += text
    elif delta is None:
        if completion.finish or completion.problem:
            return
        raise ShapeError
    completion.messages += 1


def _message(value: object) -> Mapping[Any, Any] | None:
    """A message, or its words without anything around them; None for anything else."""
    if isinstance(value, str):
        return {"content": value}
    return value if isinstance(value, dict) else None


def _add_message(completion: Completion, message: Mapping[Any, Any]) -> None:
    if isinstance(refusal := message.get("refusal"), str):
        completion.refusal += refusal
    if any(message.get(name) for name in _BESIDE_WORDS):
        completion.beside = True
    match message.get("content"):
        case None:
            pass
        case str(text):
            completion.text += text
        case list(parts):
            for part in parts:
                _add_part(completion, part)
        case dict(part):
            _add_part(completion, part)
        case _:
            raise ShapeError


def _add_part(completion: Completion, part: object) -> None:
    match part:
        case str(text):
            completion.text += text
        case {"type": "refusal", "refusal": str(refusal)}:
            completion.refusal += refusal
        case {"type": "text" | "output_text", "text": str(text) | {"value": str(text)}}:
            completion.text += text
        case dict(untyped) if "type" not in untyped and isinstance(untyped.get("text"), str):
            completion.text += untyped["text"]
        case _:
            completion.beside = True
