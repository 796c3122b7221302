"""What went in and out on a channel lately: for its page and the API, without what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from trinity_channels.authorisation import Authorisation
from trinity_channels.people.masked import masked
from trinity_channels.principal import Principal
from trinity_channels.store import Store, Tx, bindings, exchanged
from trinity_channels.store.exchanged import NEWEST, Exchanged, ExchangedPart
from trinity_channels.store.states import MessageState, OutboxState

_O = OutboxState
_WORST_FIRST = (_O.FAILED, _O.UNKNOWN, _O.READY, _O.SENDING, _O.RECONCILING, _O.QUEUED, _O.SENT, _O.DELIVERED, _O.READ)
"""A message is as far as the part of it that is least far."""


@dataclass(frozen=True, slots=True)
class RecentMessage:
    """One message of either side.

    Attributes:
        id: its id; older ones have lower ids.
        inbound: whether a person wrote it.
        origin: person, agent (an answer), notice (of the host), proactive or test.
        state: a `MessageState` of an inbound message, else the `OutboxState` of the part that is least far.
        conversation: the id of the chat or group; None for test messages, and if the person was erased.
        contact: the id of the person, None in groups.
        name: of the person, empty if it is not known.
        address: of the person or group, masked.
        at: when it was written.
        edited_at: when the person edited it; None if they did not.
        unsent_at: when the person took it back; None if they did not.
        parts: how many messages of the provider it was sent as; 0 if a person wrote it.
        delivery: the id of the part that `state` is about.
        failure_code: why that part failed, in the provider's words.
        failure: the same in words.
    """

    id: int
    inbound: bool
    origin: str
    state: MessageState | OutboxState
    conversation: int | None
    contact: int | None
    name: str
    address: str
    at: datetime
    edited_at: datetime | None
    unsent_at: datetime | None
    parts: int
    delivery: int | None
    failure_code: str | None
    failure: str | None


class RecentMessages:
    """Lists them for the agent's owner and administrators."""

    def __init__(self, store: Store, may: Authorisation) -> None:
        self._store = store
        self._may = may

    async def of(
        self, principal: Principal, agent: str, channel: str, *, before: int | None = None, most: int = 20
    ) -> Sequence[RecentMessage]:
        """The newest messages of an agent on a channel, also of one that is disconnected.

        Args:
            principal: who asks.
            agent: whose messages.
            channel: of which channel.
            before: only messages with a lower id, for the next page.
            most: how many at most.

        Raises:
            Refusal: the principal may not manage the agent.
        """
        await self._may.owner(principal, agent)

        def read(tx: Tx) -> list[Exchanged]:
            binding = bindings.of_agent(tx, agent, channel)
            if binding is None:
                return []
            return exchanged.of_binding(tx, binding.id, before=NEWEST if before is None else before, most=most)

        return [_recent(one) for one in await self._store.read(read)]


def _recent(one: Exchanged) -> RecentMessage:
    worst = _worst(one.parts)
    erased = one.state is MessageState.ERASED
    return RecentMessage(
        id=one.id,
        inbound=one.origin == "person",
        origin=one.origin,
        # What was never sent, because its person was erased first, has no parts.
        state=one.state if worst is None or erased else worst.state,
        conversation=None if erased or one.origin == "test" else one.conversation,
        contact=None if erased else one.contact,
        name="" if erased else one.name,
        address="" if erased else masked(one.address),
        at=one.at,
        edited_at=one.edited_at,
        unsent_at=one.unsent_at,
        parts=len(one.parts),
        delivery=worst.delivery if worst else None,
        failure_code=worst.failure_code if worst else None,
        failure=worst.failure if worst else None,
    )


def _worst(parts: Sequence[ExchangedPart]) -> ExchangedPart | None:
    return min(parts, key=lambda part: _WORST_FIRST.index(part.state), default=None)
