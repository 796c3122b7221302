"""What a fresh host still needs."""

from __future__ import annotations

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from trinity_channels.access.set_up import SetUp, SetUpState
from trinity_channels.web.auth import Guard
from trinity_channels.web.route import Router, api_router


class StepAnswer(BaseModel):
    """One step."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(description="channels, agent, public_chat_url, key_backup, mail, connection or first_answer")
    title: str
    done: bool
    required: bool = Field(description="Whether no message is answered without it")
    message: str = Field(description="How it is at the moment")
    fix: str = Field(description="What to do; empty once it is done")


class SetUpAnswer(BaseModel):
    """The steps in their order; `finished` once a message was ever answered."""

    model_config = ConfigDict(from_attributes=True)

    finished: bool
    steps: list[StepAnswer]


class SetUpApi:
    """Builds `/api/setup`."""

    def __init__(self, guard: Guard, set_up: SetUp) -> None:
        self._guard = guard
        self._set_up = set_up

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Settings", admins_only=True)
        router.add_api_route("/api/setup", self._state, methods=["GET"])
        router.add_api_route("/api/setup/key-backup", self._confirm, methods=["POST"])
        return router

    async def _state(self, request: Request) -> SetUpAnswer:
        """What this host has, and what it still needs, step by step. Administrators only."""
        return _answer(await self._set_up.of(await self._guard.principal(request)))

    async def _confirm(self, request: Request) -> SetUpAnswer:
        """Note that you have a copy of the encryption key, of which the host asks again once there is a new one."""
        principal = await self._guard.principal(request)
        await self._set_up.confirm_key_backup(principal)
        return _answer(await self._set_up.of(principal))


def _answer(state: SetUpState) -> SetUpAnswer:
    return SetUpAnswer.model_validate(state)
