"""The page about states: diagrams and tables from the transitions that the store's statements are made with."""

from __future__ import annotations

import inspect
import re
from enum import StrEnum

from trinity_channels.store.states import TAKEN, Lifecycle, MessageState, OutboxState, TurnState
from trinity_channels.store.transitions import LIFECYCLES

INTRODUCTION = """# The states of messages, turns and deliveries

A **message** is what a person or the agent said; a **turn** is one run of an agent about the messages that waited; a
**delivery** is one provider message, of which a long answer has several. Each is a row with a state.

A row moves along the arrows below and never otherwise: every statement that sets a state names the states that it may come
from. So two things that happen at the same time, such as a receipt and the end of the call that it is about, cannot undo
each other: the second one finds the row in another state and changes nothing.
"""
TITLES: dict[type[StrEnum], str] = {MessageState: "Messages", TurnState: "Turns", OutboxState: "Deliveries"}
NOTES: dict[type[StrEnum], str] = {
    MessageState: "Every message may also become `erased`, with its person; these arrows are left out.",
    TurnState: "A turn that is tried again after an error of the agent stays `open`.",
    OutboxState: "Receipts may leave out steps, and may come before the call has ended: a delivery that may become\n"
    "`queued` may become `sent`, `delivered` or `read` at once.\nThese arrows are left out.",
}


def page() -> str:
    """The page without its first line."""
    return "\n".join([INTRODUCTION, *(_section(kind) for kind in LIFECYCLES)])


def _section(kind: type[StrEnum]) -> str:
    _, lifecycle = LIFECYCLES[kind]
    meanings = _meanings(kind)
    lines = [f"## {TITLES[kind]}", "", "```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {state}" for state in kind if state in lifecycle.begins]
    lines += [f"    {origin} --> {target}" for origin, target in _arrows(kind, lifecycle)]
    lines += ["```", "", NOTES[kind], "", "| state | meaning | may become |", "|---|---|---|"]
    for state in kind:
        following = ", ".join(f"`{target}`" for target in kind if target in lifecycle.follows[state])
        lines.append(f"| `{state}` | {meanings[state.name]} | {following or 'nothing else'} |")
    return "\n".join([*lines, ""])


def _arrows(kind: type[StrEnum], lifecycle: Lifecycle[StrEnum]) -> list[tuple[StrEnum, StrEnum]]:
    every = [(origin, target) for origin in kind for target in kind if target in lifecycle.follows[origin]]
    return [one for one in every if one[1] is not MessageState.ERASED and not _skips_a_step(*one)]


def _skips_a_step(origin: StrEnum, target: StrEnum) -> bool:
    return target in TAKEN[1:] and origin != TAKEN[TAKEN.index(OutboxState(target)) - 1]


def _meanings(kind: type[StrEnum]) -> dict[str, str]:
    """What the docstring says of each state."""
    found = re.findall(r"^    ([A-Z]+): (.*(?:\n {5,}.*)*)", inspect.getdoc(kind) or "", re.MULTILINE)
    return {name: re.sub(r"\s+", " ", meaning).rstrip(".") for name, meaning in found}
