"""What is done about turns that could not be answered: one is tried again, or given up. Each is on record."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from trinity_channels.authorisation import Authorisation, administrator
from trinity_channels.outbound import replies
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, audit, turns
from trinity_channels.store.turns import FailedTurn


class TurnNotFound(Refusal):
    """No parked turn has this id, or it is another agent's; `turns` are those that were not found."""

    def __init__(self, unknown: Collection[int]) -> None:
        super().__init__("turn_not_found", f"No failed question has the ID {', '.join(map(str, unknown))}.")
        self.turns = tuple(unknown)


class TurnSettled(TurnNotFound):
    """The turn of this conversation is parked no more: it was resubmitted or given up meanwhile."""


class ParkedTurns:
    """Resubmits or forgets them, for administrators.

    Raises:
        Refusal: by each operation, if the principal is not one.
    """

    def __init__(self, store: Store, plugins: Plugins, now: Callable[[], datetime]) -> None:
        self._store = store
        self._plugins = plugins
        self._now = now

    async def resubmit(self, principal: Principal, turn: int) -> None:
        """Give a turn all its attempts again.

        Raises:
            TurnNotFound: it is not parked.
            Refusal: `window_closed`: the provider would take no answer now.
        """
        administrator(principal)
        await self._resubmit(principal, turn, None)

    async def forget(self, principal: Principal, wanted: Collection[int] | None) -> None:
        """Give turns up: they are not answered any more, and what people wrote in them is removed.

        Args:
            principal: who wants it.
            wanted: which turns; None means all that are parked.

        Raises:
            TurnNotFound: one of them is not parked; nothing was changed.
        """
        administrator(principal)
        await self._forget(principal, wanted, None)

    def refusal(self, turn: int, channel: str, last_inbound_at: datetime) -> Refusal | None:
        """Why a turn cannot be resubmitted now; None if it can."""
        manifest = self._plugins[channel].manifest if channel in self._plugins else None
        # An answer that the provider would refuse is not worth the agent's work.
        if manifest and (closed := replies.window_closed(manifest, last_inbound_at, self._now())):
            return Refusal("window_closed", f"Question {turn} cannot be answered: {closed}.")
        return None

    async def _resubmit(
        self, principal: Principal, turn: int, agent: str | None, conversation: int | None = None
    ) -> None:
        now = self._now()

        def again(tx: Tx) -> None:
            (found,) = _parked(tx, [turn], agent, conversation)
            if refusal := self.refusal(turn, found.channel, found.last_inbound_at):
                raise refusal
            turns.resubmit(tx, turn, now)
            tx.wake(f"turn:{found.conversation}")
            _record(tx, principal, "resubmit_turn", found, now)

        await self._store.write(again)

    async def _forget(
        self,
        principal: Principal,
        wanted: Collection[int] | None,
        agent: str | None,
        conversation: int | None = None,
    ) -> None:
        now = self._now()

        def give_up(tx: Tx) -> None:
            for found in _parked(tx, wanted, agent, conversation):
                turns.forget(tx, found.id, now)
                _record(tx, principal, "forget_turn", found, now)

        await self._store.write(give_up)


class OwnersParkedTurns(ParkedTurns):
    """The same for the owner of an agent, and for administrators, about the turns of that agent.

    Raises:
        Refusal: by each operation, if the principal may not manage the agent.
    """

    def __init__(self, store: Store, plugins: Plugins, may: Authorisation, now: Callable[[], datetime]) -> None:
        super().__init__(store, plugins, now)
        self._may = may

    async def of(self, principal: Principal, agent: str) -> list[FailedTurn]:
        """The parked turns of an agent, oldest first."""
        await self._may.owner(principal, agent)
        return [one for one in await self._store.read(turns.failed) if one.agent == agent]

    async def one(self, principal: Principal, agent: str, turn: int, conversation: int) -> FailedTurn:
        """A parked turn of a conversation.

        Raises:
            TurnNotFound: the agent's conversation has no such turn.
            TurnSettled: it is parked no more.
        """
        await self._may.owner(principal, agent)
        return (await self._store.read(lambda tx: _parked(tx, [turn], agent, conversation)))[0]

    async def resubmit_for(self, principal: Principal, agent: str, turn: int, conversation: int | None = None) -> None:
        """Give a turn all its attempts again.

        Args:
            principal: who wants it.
            agent: whose turn it is.
            turn: its id.
            conversation: which it must belong to; None if that does not matter.

        Raises:
            TurnNotFound: the agent has no such parked turn.
            TurnSettled: the conversation had it, and it is parked no more.
            Refusal: `window_closed`: the provider would take no answer now.
        """
        await self._may.owner(principal, agent)
        await self._resubmit(principal, turn, agent, conversation)

    async def forget_for(self, principal: Principal, agent: str, turn: int, conversation: int | None = None) -> None:
        """Give a turn up: it is not answered any more, and what people wrote in it is removed. Arguments as above.

        Raises:
            TurnNotFound: the agent has no such parked turn.
            TurnSettled: the conversation had it, and it is parked no more.
        """
        await self._may.owner(principal, agent)
        await self._forget(principal, [turn], agent, conversation)


def _parked(
    tx: Tx, wanted: Collection[int] | None, agent: str | None, conversation: int | None = None
) -> list[FailedTurn]:
    parked = {
        one.id: one
        for one in turns.failed(tx)
        if agent in (None, one.agent) and conversation in (None, one.conversation)
    }
    chosen = list(parked if wanted is None else dict.fromkeys(wanted))
    # All or nothing: a mistyped number must not remove the others.
    if unknown := [one for one in chosen if one not in parked]:
        known = conversation is not None and all(turns.conversation_of(tx, one) == conversation for one in unknown)
        raise TurnSettled(unknown) if known else TurnNotFound(unknown)
    return [parked[one] for one in chosen]


def _record(tx: Tx, principal: Principal, action: audit.Action, turn: FailedTurn, now: datetime) -> None:
    details = {"turn": turn.id}
    audit.add(tx, now, principal.actor, action, agent=turn.agent, channel=turn.channel, details=details)
