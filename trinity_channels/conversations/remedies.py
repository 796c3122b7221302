"""What can be done now about what failed, and what that would do: known before the button is pressed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from trinity_channels.inbound.parked_turns import OwnersParkedTurns
from trinity_channels.outbound import replies
from trinity_channels.outbound.resend import Resends, Resent
from trinity_channels.plugins import Plugins
from trinity_channels.store import Tx
from trinity_channels.store.conversation_log import Heading, Log
from trinity_channels.store.states import PARKED_DELIVERIES

RESUBMIT = (
    "Resubmit gives this to the agent again. If it has already acted, for example booked something, it may do so a second "
    "time."
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What could be done about something that failed.

    Attributes:
        message: what would happen, or why nothing can be done now.
        code: of the refusal; empty if it can be done.
        delivery: which delivery is sent again, for a message of ours.
    """

    message: str
    code: str = ""
    delivery: int = 0

    @property
    def possible(self) -> bool:
        """Whether it can be done now."""
        return not self.code


class Remedies:
    """Says it; `Resends` and `ParkedTurns` do it."""

    def __init__(
        self, resends: Resends, turns: OwnersParkedTurns, plugins: Plugins, now: Callable[[], datetime]
    ) -> None:
        self._resends = resends
        self._turns = turns
        self._plugins = plugins
        self._now = now

    def closes_at(self, heading: Heading) -> datetime | None:
        """When free text can no longer be sent; None if there is no such limit, or it is not known."""
        if heading.channel not in self._plugins:
            return None
        return replies.closes_at(self._plugins[heading.channel].manifest, heading.last_inbound_at)

    def of_messages(self, tx: Tx, log: Log) -> dict[int, Outlook]:
        """For each message that did not arrive as a whole, by its id."""
        found: dict[int, Outlook] = {}
        for said in log.said:
            # One button for a message: sending a part again takes all others that failed with it.
            parked = next((one.id for one in said.sendings if one.state in PARKED_DELIVERIES), None)
            if parked is not None:
                found[said.id] = self._resend(tx, parked)
        return found

    def of_turns(self, log: Log) -> dict[int, Outlook]:
        """For each failed turn, by its id."""
        return {turn: self._resubmit(log.heading, turn) for turn in log.parked}

    def _resend(self, tx: Tx, delivery: int) -> Outlook:
        found = self._resends.outlook(tx, delivery, self._now())
        if isinstance(found, Resent):
            return Outlook(found.message, delivery=delivery)
        return Outlook(found.message, found.code, delivery)

    def _resubmit(self, heading: Heading, turn: int) -> Outlook:
        refusal = self._turns.refusal(turn, heading.channel, heading.last_inbound_at)
        return Outlook(refusal.message, refusal.code) if refusal else Outlook(RESUBMIT)
