"""One finding, as every route answers it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from trinity_channels.api import Check, FixAction
from trinity_channels.bindings.fix_actions import commands


class HealthCheck(BaseModel):
    """One finding: `state` is ok, warning, failed or unknown."""

    code: str
    state: str
    message: str
    fix: str
    actions: list[FixAction] = Field(description="What the host itself offers to do about it, in this order")
    commands: list[str] = Field(description="The commands for the same, where there are any")

    @classmethod
    def of(cls, check: Check, agent: str, channel: str) -> HealthCheck:
        """A finding about an agent on a channel."""
        actions = list(check.actions)
        return cls(
            code=check.code,
            state=check.state,
            message=check.message,
            fix=check.fix,
            actions=actions,
            commands=commands(actions, agent, channel),
        )
