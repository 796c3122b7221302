"""Conversations to read: a list with filters, and one of them with both sides and what became of each message."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import BaseModel, Field

from trinity_channels.conversations import words
from trinity_channels.conversations.listing import LONGEST_NAME, ConversationList, Filter
from trinity_channels.conversations.reading import Conversations, Reading
from trinity_channels.conversations.remedies import Outlook
from trinity_channels.store.access import AccessRequest
from trinity_channels.store.conversation_list import Listed, Need
from trinity_channels.store.conversation_log import Parked, Said, Sending
from trinity_channels.web.auth import Guard
from trinity_channels.web.inputs import RowId
from trinity_channels.web.route import Router, api_router

State = Annotated[
    Literal["", "attention", "held", "working"],
    Query(
        description="Only those in which this is left to do: a failed turn or a message that did not arrive in the last "
        "seven days (attention), someone waits for access (held), the agent is answering (working); empty means all"
    ),
]
Channel = Annotated[str, Query(max_length=32, description="Only on this channel")]
Name = Annotated[
    str, Query(max_length=LONGEST_NAME, description="Only people whose name, verified e-mail or address holds it")
]
After = Annotated[str, Query(max_length=40, description="The `next` of the page before")]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Only messages older than the one with this id")]


class ListedAnswer(BaseModel):
    """One conversation."""

    id: int
    channel: str
    client_id: int | None = Field(description="Null in a group")
    title: str = Field(description="The person's name, else the masked address")
    address: str = Field(description="Masked")
    group: bool
    needs: list[str] = Field(description="What is left to do: attention, held, working")
    failed_turns: int
    undelivered: int = Field(description="Messages of the last seven days that did not arrive, or may not have")
    last_words: str
    last_from: str = Field(description="person, agent, notice (of the host) or proactive; empty if there is no message")
    last_inbound_at: datetime


class ListAnswer(BaseModel):
    """A page of the list, those in which people wrote last first."""

    conversations: list[ListedAnswer]
    next: str | None = Field(description="For `after`, to go on; null at the end")
    total: int = Field(description="Conversations of the agent on this channel, whatever `state` and `q` say")
    counts: dict[str, int] = Field(description="In how many of them each is left to do")


class OutlookAnswer(BaseModel):
    """What could be done about something that failed: what would happen, or why nothing can be done now."""

    possible: bool
    message: str
    code: str | None
    delivery_id: int | None = Field(description="Of a message: which delivery to resend")


class SendingAnswer(BaseModel):
    """One provider message."""

    id: int
    state: str
    words: str = Field(description="The state in words")
    error_code: str | None
    error: str | None
    updated_at: datetime


class MessageAnswer(BaseModel):
    """A message of either side."""

    id: int
    origin: str = Field(description="person, agent, notice (of the host) or proactive")
    writer: str = Field(description="The name of the person who wrote it")
    at: datetime
    edited_at: datetime | None = Field(
        description="When the person edited it: `text` is the new one; null if they did not"
    )
    unsent_at: datetime | None = Field(description="When the person took it back; null if they did not")
    text: str
    gone: str | None = Field(description="Why there is no text any more")
    notes: list[str] = Field(description="What came with the text, as the agent is told of it")
    state: str
    words: str = Field(description="The state in words; empty where nothing needs to be said")
    turn_id: int | None
    deliveries: list[SendingAnswer]
    resend: OutlookAnswer | None = Field(description="If it did not arrive as a whole")


class FailedTurnAnswer(BaseModel):
    """A turn that failed: its messages have this `turn_id`."""

    id: int
    reason: str
    attempts: int
    failed_at: datetime
    resubmit: OutlookAnswer


class RequestAnswer(BaseModel):
    """An access request that was made in the conversation."""

    id: int
    email: str
    status: str
    requested_at: datetime
    decided_at: datetime | None
    decided_by: str | None


class ConversationAnswer(BaseModel):
    """A page of a conversation, the oldest message first."""

    id: int
    channel: str
    client_id: int | None
    title: str
    address: str = Field(description="Masked")
    group: bool
    verified_email: str | None
    blocked: bool
    last_inbound_at: datetime
    window_closes_at: datetime | None = Field(
        description="When free text can no longer be sent; null if the channel has no such limit"
    )
    kept_days: int = Field(description="Texts are removed after so many days")
    messages: list[MessageAnswer]
    earlier: int | None = Field(description="For `before`, to read older messages; null if there are none")
    failed_turns: list[FailedTurnAnswer]
    access_requests: list[RequestAnswer]


class ConversationsApi:
    """Builds `/api/agents/{name}/conversations…`."""

    def __init__(self, guard: Guard, listing: ConversationList, conversations: Conversations) -> None:
        self._guard = guard
        self._listing = listing
        self._conversations = conversations

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Conversations", "/api/agents/{name}/conversations")
        router.add_api_route("", self._list, methods=["GET"])
        router.add_api_route("/{conversation_id}", self._one, methods=["GET"])
        return router

    async def _list(
        self,
        request: Request,
        name: str,
        channel: Channel = "",
        state: State = "",
        q: Name = "",
        after: After = "",
    ) -> ListAnswer:
        """The conversations of an agent. That someone read the list is in the audit log, once an hour."""
        principal = await self._guard.principal(request)
        found = await self._listing.of(principal, Filter(name, channel, Need(state) if state else None, q, after))
        return ListAnswer(
            conversations=[_listed(one) for one in found.conversations],
            next=found.next or None,
            total=found.total,
            counts={str(need): number for need, number in found.counts.items()},
        )

    async def _one(
        self, request: Request, name: str, conversation_id: RowId, before: Before = None
    ) -> ConversationAnswer:
        """The newest messages of a conversation, or older ones. That someone read it is in the audit log, once an hour."""
        principal = await self._guard.principal(request)
        return _conversation(await self._conversations.read(principal, name, conversation_id, before))


def _listed(one: Listed) -> ListedAnswer:
    return ListedAnswer(
        id=one.id,
        channel=one.channel,
        client_id=one.contact,
        title=words.title(one),
        address=words.masked(one),
        group=one.group,
        needs=[str(need) for need in Need if need in one.needs],
        failed_turns=one.failed_turns,
        undelivered=one.undelivered,
        last_words=words.last_words(one),
        last_from=one.last.origin if one.last else "",
        last_inbound_at=one.last_inbound_at,
    )


def _conversation(found: Reading) -> ConversationAnswer:
    heading = found.heading
    return ConversationAnswer(
        id=heading.id,
        channel=heading.channel,
        client_id=heading.contact,
        title=words.title(heading),
        address=words.masked(heading),
        group=heading.group,
        verified_email=heading.email,
        blocked=heading.blocked_at is not None,
        last_inbound_at=heading.last_inbound_at,
        window_closes_at=found.closes_at,
        kept_days=found.kept_days,
        messages=[_message(one, found) for one in found.log.said],
        earlier=found.earlier,
        failed_turns=[_turn(one, found) for one in found.log.parked.values()],
        access_requests=[_request(one) for one in found.log.requests],
    )


def _message(one: Said, found: Reading) -> MessageAnswer:
    resend = found.resends.get(one.id)
    return MessageAnswer(
        id=one.id,
        origin=one.origin,
        writer=one.writer,
        at=one.at,
        edited_at=one.edited_at,
        unsent_at=one.unsent_at,
        text=one.text,
        gone=words.gone(one, found.kept_days) or None,
        notes=list(words.notes(one)),
        state=one.state,
        words=words.RECEIVED[one.state],
        turn_id=one.turn,
        deliveries=[_sending(delivery) for delivery in one.sendings],
        resend=_outlook(resend) if resend else None,
    )


def _sending(one: Sending) -> SendingAnswer:
    return SendingAnswer(
        id=one.id,
        state=one.state,
        words=words.SENDING[one.state],
        error_code=one.code,
        error=one.failure,
        updated_at=one.updated_at,
    )


def _turn(one: Parked, found: Reading) -> FailedTurnAnswer:
    return FailedTurnAnswer(
        id=one.id,
        reason=one.reason,
        attempts=one.attempts,
        failed_at=one.failed_at,
        resubmit=_outlook(found.resubmits[one.id]),
    )


def _outlook(one: Outlook) -> OutlookAnswer:
    return OutlookAnswer(
        possible=one.possible, message=one.message, code=one.code or None, delivery_id=one.delivery or None
    )


def _request(one: AccessRequest) -> RequestAnswer:
    return RequestAnswer(
        id=one.id,
        email=one.email,
        status=one.status,
        requested_at=one.requested_at,
        decided_at=one.decided_at,
        decided_by=one.decided_by,
    )
