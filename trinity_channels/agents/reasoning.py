"""Takes out of an answer what a model wrote for itself: reasoning between tags or channel tokens, closed or not.

Nothing is touched inside code, or behind a backslash. Where it cannot be told whether a passage is plan or answer (a
closing tag that nothing opens, an opening one that nothing closes), it counts as plan: a plan never reaches a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from trinity_channels.agents.code_spans import CODE_START, end_of_code, fence_end

_WORD = r"(?:think(?:ing)?|thoughts?|reasoning)"
_NAMES = (
    rf"(?:(?:[a-z]+[:_-])?{_WORD}(?:[_-][a-z]+)*|scratchpad|reflection|antthinking"
    r"|chain[_-]of[_-]thought|(?:inner|internal)[_-]monologue)"
)
# Open and close with a space or attributes, in any case; the rest are special tokens of model families that servers
# without a reasoning parser pass on: Cohere, Sky-T1, Magistral, Kimi, MedGemma, Gemma, gpt-oss (Harmony).
# https://cookbook.openai.com/articles/openai-harmony
_OPEN = (
    rf"<\s*(?i:{_NAMES})(?:\s[^<>]*)?(?<!/)>|<\|(?i:(?:(?:start|begin)(?:_of)?_)?{_WORD}(?:_(?:start|begin))?)\|>"
    r"|\[THINK\]|◁think▷|<unused94>|<\|channel>"
)
_CLOSE = (
    rf"<\s*/\s*(?i:{_NAMES})\s*>|<\|(?i:(?:/|end(?:_of)?_){_WORD}|{_WORD}_end)\|>|\[/THINK\]"
    r"|◁/think▷|<unused95>|<channel\|>"
)
_ANSWER_CHANNEL = r"<\|channel\|>\s*final\b(?:\s*<\|constrain\|>\s*\w*)?\s*(?:<\|message\|>)?"
_OTHER_CHANNEL = r"<\|channel\|>"
_MESSAGE_END = r"<\|(?:end|return|call)\|>"
_STRAY = (
    rf"<(?i:{_NAMES})\s*/>|<\|start\|>(?:assistant\b)?|<\|message\|>|<\|(?:START|END)_RESPONSE\|>"
    r"|<\|(?:begin|end)_of_(?:solution|box)\|>|<\|(?:im_end|eot_id|eom_id|end_of_text|endoftext)\|>"
    r"|<\|im_start\|>(?:assistant\b)?|<\|assistant\|>|<end_of_turn>|<\uff5cend\u2581of\u2581sentence\uff5c>"
)
_TAGS = (
    rf"(?P<open>{_OPEN})|(?P<close>{_CLOSE})|(?P<final>{_ANSWER_CHANNEL})|(?P<channel>{_OTHER_CHANNEL})"
    rf"|(?P<end>{_MESSAGE_END})|(?P<stray>{_STRAY})"
)
_TAG = re.compile(_TAGS)
_MARKS = ("<", "◁", "THINK]")
_TAG_OR_CODE = re.compile(rf"{_TAGS}|{CODE_START}", re.MULTILINE)
# What is left of Harmony where a server drops its special tokens but not the names between them.
_BARE_CHANNELS = re.compile(r"\A\s*analysis.*assistantfinal", re.DOTALL)
_CLOSING = {"open": {"close", "final"}, "channel": {"end", "final"}}


def without_reasoning(text: str) -> str:
    """The text without reasoning, and without white space where reasoning stood; unchanged if it holds none."""
    if bare := _BARE_CHANNELS.match(text):
        text = text[bare.end() :].strip()
    if not any(mark in text for mark in _MARKS):  # quicker than the pattern, and true of most answers
        return text
    return _Removal(text).result() if _TAG.search(text) else text


@dataclass(slots=True)
class _Removal:
    """One pass over a text.

    Attributes:
        text: what the agent answered.
        kept: the pieces before, between and after what is removed.
        block: how many pieces there were before the last block of reasoning.
        pending: closing tags that may still come for that block, because tags were opened within it.
        respect_code: tags in a plan's code do not end the plan.
    """

    text: str
    kept: list[str] = field(default_factory=list)
    block: int = 0
    pending: int = 0
    respect_code: bool = True

    def result(self) -> str:
        at: int | None = 0
        tag = _next_tag(self.text, 0)
        if tag is None:
            return self.text
        while at is not None and tag:
            before, at = self.text[at : tag.start()], tag.end()
            if tag.lastgroup in ("close", "final"):
                self._drop_plan()
            else:
                self.kept.append(before)
            if tag.lastgroup in _CLOSING:
                at = self._end_of_block(tag.lastgroup, at)
            tag = None if at is None else _next_tag(self.text, at)
        if at is not None:
            self.kept.append(self.text[at:])
        return _joined(self.kept)

    def _end_of_block(self, kind: str, at: int) -> int | None:
        """The index after the reasoning that was opened before `at`; None if nothing closes it."""
        closing, inner = self._closing_outside_code(kind, at) if self.respect_code else (None, 0)
        if closing is None:
            # A plan may leave its own code open. Then its tags count wherever they stand, for the rest of the text too:
            # looking for code again in every further block would take time without bound.
            self.respect_code, inner = False, 0
            found = _TAG.finditer(self.text, at)
            closing = next((tag for tag in found if tag.lastgroup in _CLOSING[kind]), None)
        self.block, self.pending = len(self.kept), inner
        return closing.end() if closing else None

    def _closing_outside_code(self, kind: str, at: int) -> tuple[re.Match[str] | None, int]:
        inner = 0
        while (tag := _next_tag(self.text, at)) and tag.lastgroup not in _CLOSING[kind]:
            inner += tag.lastgroup == "open"
            at = tag.end()
        return tag, inner

    def _drop_plan(self) -> None:
        """All so far was reasoning; after a block that opened others, what came since that block."""
        if self.pending:
            self.pending -= 1
            del self.kept[self.block :]
        else:
            self.kept.clear()


def _next_tag(text: str, at: int) -> re.Match[str] | None:
    """The first tag outside code. Code may begin right at `at`, as it does where a tag has been taken out before it."""
    at = fence_end(text, at)
    while found := _TAG_OR_CODE.search(text, at):
        if _is_escaped(text, found.start()):
            at = found.start() + 1
        elif found.lastgroup in ("fence", "ticks"):
            at = end_of_code(text, found)
        else:
            return found
    return None


def _is_escaped(text: str, at: int) -> bool:
    before = at
    while before and text[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1


def _joined(pieces: list[str]) -> str:
    """The pieces as one text; a line that only held reasoning leaves no empty one."""
    text = ""
    for piece in pieces:
        text += piece.lstrip() if not text or text.endswith("\n") else piece
    return text.strip()
