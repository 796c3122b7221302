"""The turns of an agent that could not be answered: list them, try one again, give one up."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request
from pydantic import BaseModel, Field

from trinity_channels.inbound.parked_turns import OwnersParkedTurns
from trinity_channels.store.turns import FailedTurn
from trinity_channels.web.auth import Guard
from trinity_channels.web.inputs import RowId
from trinity_channels.web.route import Router, api_router


class ParkedTurnAnswer(BaseModel):
    """A turn that failed."""

    id: int
    channel: str
    conversation_id: int
    messages: int = Field(description="How many messages of people it would answer")
    attempts: int
    reason: str
    failed_at: datetime


class DecidedAnswer(BaseModel):
    """What became of a turn: it is `open` again, or `given_up`."""

    id: int
    state: str
    message: str


class FailedTurnsApi:
    """Builds `/api/agents/{name}/failed-turns…`."""

    def __init__(self, guard: Guard, turns: OwnersParkedTurns) -> None:
        self._guard = guard
        self._turns = turns

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Failed turns", "/api/agents/{name}/failed-turns")
        router.add_api_route("", self._list, methods=["GET"])
        router.add_api_route("/{turn_id}/resubmit", self._resubmit, methods=["POST"])
        router.add_api_route("/{turn_id}", self._forget, methods=["DELETE"])
        return router

    async def _list(self, request: Request, name: str) -> list[ParkedTurnAnswer]:
        """The failed turns of an agent, oldest first."""
        return [_answer(one) for one in await self._turns.of(await self._guard.principal(request), name)]

    async def _resubmit(self, request: Request, name: str, turn_id: RowId) -> DecidedAnswer:
        """Give a failed turn to the agent again, with all its attempts."""
        await self._turns.resubmit_for(await self._guard.principal(request), name, turn_id)
        return DecidedAnswer(id=turn_id, state="open", message="The agent is asked again.")

    async def _forget(self, request: Request, name: str, turn_id: RowId) -> DecidedAnswer:
        """Give a failed turn up: it is not answered, and what people wrote in it is removed."""
        await self._turns.forget_for(await self._guard.principal(request), name, turn_id)
        message = "It is not answered, and what was written in it is removed."
        return DecidedAnswer(id=turn_id, state="given_up", message=message)


def _answer(one: FailedTurn) -> ParkedTurnAnswer:
    return ParkedTurnAnswer(
        id=one.id,
        channel=one.channel,
        conversation_id=one.conversation,
        messages=one.messages,
        attempts=one.attempts,
        reason=one.reason,
        failed_at=one.failed_at,
    )
