"""Executions on the double of the platform: they take as long as told by the clock of the story, and end as told."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

ENDED = ("success", "failed", "cancelled", "skipped")


@dataclass
class Execution:
    """One run of an agent; `body` is what the task was asked with."""

    id: str
    agent: str
    body: Mapping[str, Any]
    started_at: datetime
    ends_at: datetime | None
    status: str
    ending: str = "success"
    response: str | None = None
    error: str | None = None
    terminated: bool = False
    session: str = field(default_factory=lambda: str(uuid.uuid4()))

    def shown(self, now: datetime, *, session: bool) -> dict[str, Any]:
        """As `GET …/executions/{id}` tells it, with the agent's session or without."""
        ended = self.status in ENDED
        return {
            "id": self.id,
            "schedule_id": "__manual__",
            "agent_name": self.agent,
            "status": self.status,
            "started_at": self.started_at.isoformat(),
            "completed_at": now.isoformat() if ended else None,
            "duration_ms": 1000 if ended else None,
            "message": self.body["message"],
            "response": self.response if self.status == "success" else None,
            "error": self.error,
            "triggered_by": "manual",
            "context_used": None,
            "context_max": None,
            "cost": 0.01 if ended else None,
            "tool_calls": None,
            **({"claude_session_id": self.session} if session else {}),
        }


@dataclass
class Plan:
    """How the next runs go: after so many seconds (None: never) they end with `ending`; until then they are `status`."""

    seconds: float | None = 0
    ending: str = "success"
    response: str | None = ""
    error: str | None = None
    status: str = "running"


@dataclass
class Executions:
    """All executions, and the plans of those to come, the last one again and again; `response` empty means an echo."""

    now: Callable[[], datetime]
    plans: list[Plan] = field(default_factory=lambda: [Plan()])
    every: dict[str, Execution] = field(default_factory=dict)

    def begin(self, agent: str, body: Mapping[str, Any], answer: str) -> Execution:
        """Begin a run; `answer` is what it says unless planned otherwise."""
        plan = self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]
        now = self.now()
        made = Execution(
            id=secrets.token_urlsafe(16),
            agent=agent,
            body=body,
            started_at=now,
            ends_at=None if plan.seconds is None else now + timedelta(seconds=plan.seconds),
            status=plan.status,
            ending=plan.ending,
            response=answer if plan.response == "" else plan.response,
            error=plan.error,
        )
        self.every[made.id] = made
        return self.find(agent, made.id) or made

    def find(self, agent: str, run: str) -> Execution | None:
        """One run as it stands now; None if the agent has none of that id."""
        found = self.every.get(run)
        if found is None or found.agent != agent:
            return None
        if found.status not in ENDED and found.ends_at is not None and found.ends_at <= self.now():
            found.status = found.ending
        return found

    def terminate(self, found: Execution) -> str:
        """End a run early; what the platform calls that."""
        if found.status in ENDED:
            return "already_finished"
        was, found.status, found.terminated = found.status, "cancelled", True
        return "cancelled_while_queued" if was == "queued" else "terminated"

    def __iter__(self) -> Iterator[Execution]:
        return iter(self.every.values())

    def __len__(self) -> int:
        return len(self.every)
