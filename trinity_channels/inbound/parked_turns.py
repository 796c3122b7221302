"""What an operator does about turns that could not be answered: have one tried again, or give it up. Each is on record."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from trinity_channels.authorisation import administrator
from trinity_channels.outbound import replies
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, audit, turns
from trinity_channels.store.turns import FailedTurn


class TurnNotFound(Refusal):
    """No parked turn has this id; `turns` are those that were not found."""

    def __init__(self, unknown: Collection[int]) -> None:
        super().__init__("turn_not_found", f"There is no parked turn {', '.join(map(str, unknown))}.")
        self.turns = tuple(unknown)


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
        now = self._now()

        def again(tx: Tx) -> None:
            (found,) = _parked(tx, [turn])
            manifest = self._plugins[found.channel].manifest if found.channel in self._plugins else None
            # An answer that the provider would refuse is not worth the agent's work.
            if manifest and (closed := replies.window_closed(manifest, found.last_inbound_at, now)):
                raise Refusal("window_closed", f"Turn {turn} cannot be answered: {closed}.")
            turns.resubmit(tx, turn, now)
            _record(tx, principal, "resubmit_turn", found, now)

        await self._store.write(again)

    async def forget(self, principal: Principal, wanted: Collection[int] | None) -> None:
        """Give turns up: they are not answered any more, and what people wrote in them is removed.

        Args:
            principal: who wants it.
            wanted: which turns; None means all that are parked.

        Raises:
            TurnNotFound: one of them is not parked; nothing was changed.
        """
        administrator(principal)
        now = self._now()

        def give_up(tx: Tx) -> None:
            for found in _parked(tx, wanted):
                turns.forget(tx, found.id, now)
                _record(tx, principal, "forget_turn", found, now)

        await self._store.write(give_up)


def _parked(tx: Tx, wanted: Collection[int] | None) -> list[FailedTurn]:
    parked = {one.id: one for one in turns.failed(tx)}
    chosen = list(parked if wanted is None else dict.fromkeys(wanted))
    # All or nothing: a mistyped number must not remove the others.
    if unknown := [one for one in chosen if one not in parked]:
        raise TurnNotFound(unknown)
    return [parked[one] for one in chosen]


def _record(tx: Tx, principal: Principal, action: audit.Action, turn: FailedTurn, now: datetime) -> None:
    details = {"turn": turn.id}
    audit.add(tx, now, principal.actor, action, agent=turn.agent, channel=turn.channel, details=details)
