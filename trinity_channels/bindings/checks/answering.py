"""Does the agent answer, and does anything wait for a decision?"""

from __future__ import annotations

from collections.abc import Iterator

from trinity_channels.api import Check, CheckState, FixAction
from trinity_channels.bindings.checks.known import Known, spoken


def agent(known: Known) -> Check:
    """Whether the agent answers."""
    runs = known.runs
    success = (
        f"The last success was at {spoken(runs.answered_at)}." if runs.answered_at else "It has had no success yet."
    )
    trouble = runs.trouble
    if trouble is None:
        return Check("agent", CheckState.OK, f"No question has failed. {success if runs.answered_at else ''}".rstrip())
    counts = [
        *([_questions(runs.parked, one="has no answer", more="have no answer")] if runs.parked else []),
        *([_questions(runs.retried, one="is tried again", more="are tried again")] if runs.retried else []),
    ]
    return Check(
        "agent",
        # What is parked stays parked, but the agent answers again.
        CheckState.OK if runs.recovered else CheckState.FAILED,
        f"The agent failed: {' and '.join(counts)}. The last reason, at {spoken(trouble.at)}: {trouble.reason.rstrip('.')}. "
        f"{success}",
        "Correct the agent or its settings, then have the questions answered after all.",
        (FixAction.SEE_FAILED_TURNS,),
    )


def left(known: Known) -> Iterator[Check]:
    """Turns that wait for a decision though the agent did not fail, such as questions that came late."""
    runs, last = known.runs, known.runs.last_left
    if last is None:
        return
    answered = runs.answered_at is not None and runs.answered_at > last.at
    wait = _questions(runs.left, one="waits", more="wait")
    yield Check(
        "parked",
        CheckState.OK if answered else CheckState.WARNING,
        f"{wait} for your decision. The last one, at {spoken(last.at)}: {last.reason.rstrip('.')}.",
        "Have them answered after all, or leave them.",
        (FixAction.SEE_FAILED_TURNS,),
    )


def _questions(count: int, *, one: str, more: str) -> str:
    return f"1 question {one}" if count == 1 else f"{count} questions {more}"
