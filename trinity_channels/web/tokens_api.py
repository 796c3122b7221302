"""Tokens of the API, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from trinity_channels.access.tokens import LONGEST_ID, LONGEST_LABEL, NewToken, Tokens
from trinity_channels.principal import Role
from trinity_channels.web.auth import Guard
from trinity_channels.web.inputs import RowId
from trinity_channels.web.route import Router, api_router


class TokenBody(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    subject: Annotated[str, StringConstraints(max_length=LONGEST_ID)] = Field(
        "", description="An owner's e-mail or id, or an agent's name; empty for an administrator"
    )
    label: Annotated[str, StringConstraints(max_length=LONGEST_LABEL)] = Field("", description="What you call it")
    expires_at: AwareDatetime | None = Field(None, description="From when it is refused; null means never")


class TokenAnswer(BaseModel):
    """A token without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    role: Role
    subject: str
    label: str
    created_by: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    last_used_at: AwareDatetime | None = Field(description="To the minute")


class NewTokenAnswer(TokenAnswer):
    """A token with its secret, `token`, which is shown this once."""

    token: str


class TokensApi:
    """Builds `/api/tokens`."""

    def __init__(self, guard: Guard, tokens: Tokens) -> None:
        self._guard = guard
        self._tokens = tokens

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Tokens", admins_only=True)
        router.add_api_route("/api/tokens", self._every, methods=["GET"])
        router.add_api_route("/api/tokens", self._create, methods=["POST"])
        router.add_api_route("/api/tokens/{token_id}", self._revoke, methods=["DELETE"])
        return router

    async def _every(self, request: Request) -> list[TokenAnswer]:
        """The tokens, oldest first, expired ones included; that of the settings is left out. Administrators only."""
        return [
            TokenAnswer.model_validate(one) for one in await self._tokens.every(await self._guard.principal(request))
        ]

    async def _create(self, request: Request, body: TokenBody) -> NewTokenAnswer:
        """Make a token; the answer is the only place where it is shown. Administrators only."""
        wanted = NewToken(body.role, body.subject, body.label, body.expires_at)
        stored, token = await self._tokens.create(await self._guard.principal(request), wanted)
        return NewTokenAnswer(**TokenAnswer.model_validate(stored).model_dump(), token=token)

    async def _revoke(self, request: Request, token_id: RowId) -> TokenAnswer:
        """Revoke a token; it stops working at once. Administrators only."""
        return TokenAnswer.model_validate(await self._tokens.revoke(await self._guard.principal(request), token_id))
