"""What became of the messages to people, and sending again what failed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trinity_channels.outbound.sent import SentMessages
from trinity_channels.store.delivery_log import Sent
from trinity_channels.web.auth import Guard
from trinity_channels.web.inputs import RowId
from trinity_channels.web.route import Router, api_router


class DeliveryAnswer(BaseModel):
    """One provider message. `state` is ready, sending, reconciling, queued, sent, delivered, read, failed or unknown."""

    id: int
    channel: str
    client_id: int | None
    origin: str = Field(description="agent (an answer), notice (of the host), proactive or test")
    state: str
    attempts: int
    provider_id: str | None = Field(description="The provider's own id, once it has taken the message")
    error_code: str | None
    error: str | None
    created_at: datetime
    updated_at: datetime


class ResendAnswer(BaseModel):
    """What is sent again, and what the person already has: ids of deliveries of the same message, in order."""

    id: int
    state: str = Field(
        description="ready, or reconciling: what has an unknown outcome is asked for first, where the provider can tell"
    )
    resent: list[int] = Field(description="This delivery and every failed part of the same message")
    already_has: list[int] = Field(description="Parts that the person has")
    may_have: list[int] = Field(description="Parts that may have arrived; those that are resent, too, may arrive twice")
    message: str


class ResendBody(BaseModel):
    """Which failed deliveries are sent again; a field that is left out means any."""

    model_config = ConfigDict(extra="forbid")

    error_code: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        None, description="Only what failed with this code, such as 20003 for refused credentials"
    )
    channel: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = None


class ResendAllAnswer(BaseModel):
    """What became of it. At most 1,000 messages are sent again by one request."""

    messages: int = Field(description="Messages that are sent again")
    deliveries: int = Field(description="Parts of them that are")
    refused: dict[str, int] = Field(description="Messages that may not be sent again, by the code of the refusal")
    left: int = Field(description="Messages that are left for another request")
    message: str


class DeliveriesApi:
    """Builds `/api/agents/{name}/deliveries…`."""

    def __init__(self, guard: Guard, sent: SentMessages) -> None:
        self._guard = guard
        self._sent = sent

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Deliveries", "/api/agents/{name}/deliveries")
        router.add_api_route("", self._recent, methods=["GET"])
        router.add_api_route("/resend", self._resend_all, methods=["POST"])
        router.add_api_route("/{delivery_id}", self._one, methods=["GET"])
        router.add_api_route("/{delivery_id}/resend", self._resend, methods=["POST"])
        return router

    async def _recent(
        self, request: Request, name: str, state: Literal["", "failed", "unknown", "delivered", "read"] = ""
    ) -> list[DeliveryAnswer]:
        """The newest messages to people and what became of them; an empty state means all."""
        principal = await self._guard.principal(request)
        return [_answer(one) for one in await self._sent.recent(principal, name, state)]

    async def _one(self, request: Request, name: str, delivery_id: RowId) -> DeliveryAnswer:
        """What became of one message."""
        return _answer(await self._sent.one(await self._guard.principal(request), name, delivery_id))

    async def _resend(self, request: Request, name: str, delivery_id: RowId) -> ResendAnswer:
        """Send a failed or unknown delivery again, with the failed parts of the same message."""
        resent = await self._sent.resend(await self._guard.principal(request), name, delivery_id)
        return ResendAnswer(
            id=delivery_id,
            state=resent.state,
            resent=list(resent.again),
            already_has=list(resent.has),
            may_have=list(resent.may_have),
            message=resent.message,
        )

    async def _resend_all(self, request: Request, name: str, body: ResendBody) -> ResendAllAnswer:
        """Send everything again that failed, for one cause or any. What has an unknown outcome is not among it."""
        principal = await self._guard.principal(request)
        done = await self._sent.resend_failed(principal, name, code=body.error_code, channel=body.channel)
        return ResendAllAnswer(
            messages=done.messages,
            deliveries=done.deliveries,
            refused=dict(done.refused),
            left=done.left,
            message=done.message,
        )


def _answer(one: Sent) -> DeliveryAnswer:
    return DeliveryAnswer(
        id=one.id,
        channel=one.channel,
        client_id=one.client,
        origin=one.origin,
        state=one.state,
        attempts=one.attempts,
        provider_id=one.provider_id,
        error_code=one.failure_code,
        error=one.failure,
        created_at=one.created_at,
        updated_at=one.updated_at,
    )
