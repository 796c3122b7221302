"""Notices: sentences of the host's own, such as prompts, help and confirmations, within an hourly budget.

A channel may bill each of them, and strangers can make the host say something. Beyond the budget it is silent: what
people asked for still has its effect, and the owner sees that something was withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from trinity_channels import texts
from trinity_channels.api import Channel
from trinity_channels.limits import Limits
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.outbound import replies
from trinity_channels.store import Tx, notice_budget, notices
from trinity_channels.store.conversation_state import ConversationState

log = get_logger(__name__)

PERIOD = timedelta(hours=1)
LOGGED_AGAIN = timedelta(hours=1)


class Limit(StrEnum):
    """Which budget was used up."""

    CONTACT = "contact"
    CONVERSATION = "conversation"
    BINDING = "binding"


class Budget:
    """Provider messages of the host's own in an hour."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    @property
    def per_contact(self) -> int:
        """To one contact without a verified e-mail."""
        return self._limits.values.notices_per_contact

    @property
    def per_binding(self) -> int:
        """Of one binding, to all its contacts together."""
        return self._limits.values.notices_per_binding

    @property
    def per_conversation(self) -> int:
        """Within one conversation: a single person who has verified some e-mail must not silence the host for all."""
        return max(self.per_contact, self.per_binding // 10, 1)


class Notices:
    """Queues them, and reports to operators what was withheld."""

    def __init__(self, budget: Budget, metrics: Metrics, now: Callable[[], datetime]) -> None:
        self._budget = budget
        self._metrics = metrics
        self._now = now
        self._logged: dict[tuple[int, Limit], datetime] = {}

    def queue(
        self, tx: Tx, manifest: Channel, state: ConversationState, text: str, *, contact: int | None, now: datetime
    ) -> Limit | None:
        """Within a transaction: queue a notice that a contact has caused, unless that is beyond a budget.

        The agent does not see it as something it said.

        Args:
            contact: whose budget it counts against if they are without a verified e-mail; None if they had one before.

        Returns:
            The limit for which it was withheld, None if it was queued.
        """
        spoken, composed = replies.notice(manifest, text)
        # Counted from what is stored, in the transaction that queues: no restart and no second process resets a budget.
        spent = notice_budget.spent(tx, state, contact, now - PERIOD, now)
        if spent.stranger and not state.group and spent.to_stranger + len(composed) == self._budget.per_contact:
            # Unannounced, the silence that follows would look like a fault.
            last = replies.notice(manifest, f"{text}\n{texts.LAST_NOTICE}")
            spoken, composed = last if len(last[1]) == len(composed) else (spoken, composed)
        limit = self._exceeded(spent, len(composed))
        if limit:
            notices.put(tx, state.binding, notices.WITHHELD[limit], self._why(limit), now)
        else:
            # The newest: what the notice is about may be an earlier one, but it is said now.
            newest = state.waiting[-1].id if state.waiting else None
            told = {"stranger": spent.stranger, "answers": newest}
            replies.queue(tx, state, spoken, composed, origin="notice", now=now, **told)
        return limit

    def withheld(self, state: ConversationState, limits: Sequence[Limit]) -> None:
        """Count and log what a transaction has withheld, after its commit; the log repeats itself once an hour."""
        for limit in limits:
            self._metrics.notices_withheld.labels(state.channel, limit.value).inc()
            now, last = self._now(), self._logged.get((state.binding, limit))
            if last is None or abs(now - last) >= LOGGED_AGAIN:
                self._logged[state.binding, limit] = now
                log.warning(
                    "notice withheld", channel=state.channel, agent=state.agent, limit=limit.value, why=self._why(limit)
                )

    def _exceeded(self, spent: notice_budget.Spent, parts: int) -> Limit | None:
        # The narrowest limit first: it names who has caused it.
        if spent.stranger is not None and spent.to_stranger + parts > self._budget.per_contact:
            return Limit.CONTACT
        if spent.in_conversation + parts > self._budget.per_conversation:
            return Limit.CONVERSATION
        return Limit.BINDING if spent.of_binding + parts > self._budget.per_binding else None

    def _why(self, limit: Limit) -> str:
        if limit is Limit.CONTACT:
            most = self._budget.per_contact
            return f"A person without a verified e-mail caused more than {most} messages of the host in an hour."
        if limit is Limit.CONVERSATION:
            most = self._budget.per_conversation
            return f"More than {most} messages of the host were called for in one conversation in an hour."
        return f"More than {self._budget.per_binding} messages of the host were called for in an hour."
