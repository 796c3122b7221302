"""The proactive API: an agent, its owner or an admin sends a message, and asks what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trinity_channels.outbound.proactive import AUTO, ProactiveMessages, ProactiveRequest, RecipientRole, Status
from trinity_channels.refusal import Refusal
from trinity_channels.store.states import OutboxState
from trinity_channels.web.auth import Guard, Principal
from trinity_channels.web.inputs import Email
from trinity_channels.web.route import Router, api_router

Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class MessageBody(BaseModel):
    """A message to a person who has signed in with this e-mail before, or who has a role at the agent."""

    model_config = ConfigDict(extra="forbid")

    recipient_email: Email | None = Field(None, description="This, or `to`")
    to: RecipientRole | None = Field(None, description="`primary` is the agent's owner; no one has another role here")
    # As much as the platform's API takes.
    text: Annotated[str, StringConstraints(min_length=1, max_length=4096)] = Field(description="Markdown")
    channel: Annotated[str, StringConstraints(max_length=32)] = Field(
        AUTO,
        description="A channel's name, or auto for the first one that may be chosen without being asked for",
    )
    idempotency_key: Id | None = Field(None, description="Sent again under the same key, the message is not sent twice")
    execution_id: Id | None = Field(
        None,
        description="The run of an agent that sends this: one message of a run to a recipient on a channel is sent, and "
        "what comes after it counts as the same, unless `dedup_label` differs",
    )
    dedup_label: Id | None = Field(None, description="Tells several messages of one `execution_id` apart")
    reply_to_thread: bool = Field(
        default=False, description="Taken from clients of the platform, where it has no effect either"
    )


class MessageStatus(BaseModel):
    """A message and how far it got: queued, sent, delivered, read, failed or unknown."""

    success: bool = Field(description="Whether it was taken and has not failed since")
    message_id: str
    agent_name: str
    channel: str
    status: str
    parts: int = Field(description="How many provider messages it became")
    created_at: datetime
    error_code: str | None = Field(None, description="The provider's code")
    error: str | None = Field(None, description="The provider's code in plain words")
    repeated: bool = Field(
        default=False,
        description="The same was asked for before: this is about that message, and nothing was sent again",
    )


class ProactiveApi:
    """Builds the routes under `/api/agents/{name}/messages`."""

    def __init__(self, guard: Guard, messages: ProactiveMessages) -> None:
        self._guard = guard
        self._messages = messages

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Messages", "/api/agents/{name}/messages", agents_own_key=True)
        router.add_api_route("", self._send, methods=["POST"])
        router.add_api_route("/{message_id}", self._status, methods=["GET"])
        return router

    async def _send(self, request: Request, name: str, body: MessageBody) -> MessageStatus:
        """Send a message first. The owner may always be written to; others if the owner allowed it for them."""
        principal = await self._guard.principal(request)
        email = await self._recipient(principal, name, body)
        asked = ProactiveRequest(
            name, email, body.text, body.channel, body.idempotency_key, body.execution_id, body.dedup_label
        )
        return _answer(await self._messages.send(principal, asked))

    async def _recipient(self, principal: Principal, agent: str, body: MessageBody) -> str:
        if body.recipient_email and body.to:
            raise Refusal("invalid_input", "Give either recipient_email or to, not both.", field="to")
        if body.to:
            return await self._messages.in_role(principal, agent, body.to)
        if not body.recipient_email:
            raise Refusal("invalid_input", "recipient_email is required, or to.", field="recipient_email")
        return body.recipient_email

    async def _status(self, request: Request, name: str, message_id: str) -> MessageStatus:
        """What became of a message."""
        return _answer(await self._messages.status(await self._guard.principal(request), name, message_id))


def _answer(status: Status) -> MessageStatus:
    return MessageStatus(
        success=status.state is not OutboxState.FAILED,
        message_id=status.message.id,
        agent_name=status.message.agent,
        channel=status.message.channel,
        status=status.state,
        parts=status.parts,
        created_at=status.message.created_at,
        error_code=status.error_code,
        error=status.error,
        repeated=status.repeated,
    )
