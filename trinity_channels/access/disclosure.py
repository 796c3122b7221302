"""Disclosure: people are told that they are talking with an AI agent, when they meet it and after a long silence.

The EU AI Act asks for it (article 50(1), https://eur-lex.europa.eu/eli/reg/2024/1689/oj), and other places do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels import texts
from trinity_channels.access.escalation import Escalation
from trinity_channels.limits import Limits
from trinity_channels.owner_settings import OwnerSettings
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Tx, agent_settings, disclosures
from trinity_channels.store.conversation_state import ConversationState

_OFF = "disclosure_off"


def due(disclosed_at: datetime | None, last_spoken: datetime | None, at: datetime, silence: timedelta) -> bool:
    """Whether a conversation is to be told.

    Args:
        disclosed_at: when it was last told.
        last_spoken: when the newest message of either side was written, of those before the one at `at`.
        at: when the message was written that is to be answered, or the present for one that the agent sends first.
        silence: after how long without a message it is told again.
    """
    if disclosed_at is None:
        return True
    return at - max(disclosed_at, last_spoken or disclosed_at) >= silence


@dataclass(frozen=True, slots=True)
class DisclosureSetting:
    """`reason` is why people are not told, None if they are; `sentence` is what they are told."""

    reason: str | None
    sentence: str


class Disclosure:
    """The sentence, and whether an owner has turned it off."""

    def __init__(self, settings: OwnerSettings, escalation: Escalation, limits: Limits) -> None:
        self._settings = settings
        self._escalation = escalation
        self._limits = limits

    def before(self, tx: Tx, state: ConversationState, at: datetime) -> str:
        """What the next message of the agent in a conversation begins with; empty if nothing is due.

        `at` is when the message was written that it answers, or the present if it answers none.
        """
        told = state.disclosed_at
        # Most messages end here, without a query.
        if told is not None and at - told < self._limits.values.silence:
            return ""
        if not due(told, disclosures.last_spoken(tx, state.conversation), at, self._limits.values.silence):
            return ""
        # Last, for it costs queries that hardly any message needs.
        return "" if self.reason_off(tx, state.agent) else self.sentence(tx, state.agent)

    def sentence(self, tx: Tx, agent: str) -> str:
        """What people are told about an agent: that it is one, and how to reach a person where that is set up."""
        return " ".join(filter(None, (texts.DISCLOSURE, self._escalation.sentence(tx, agent))))

    def reason_off(self, tx: Tx, agent: str) -> str | None:
        """Why the owner has turned it off; None if it is on."""
        return agent_settings.get(tx, agent, _OFF)

    async def setting(self, principal: Principal, agent: str) -> DisclosureSetting:
        """How it is set, for the owner or an administrator.

        Raises:
            Refusal: the principal is neither.
        """
        return await self._settings.read(
            principal, agent, lambda tx: DisclosureSetting(self.reason_off(tx, agent), self.sentence(tx, agent))
        )

    async def turn_off(self, principal: Principal, agent: str, reason: str) -> None:
        """Stop telling people, for a reason that goes on record.

        Raises:
            Refusal: the principal is neither the owner nor an administrator, or gives no reason.
        """
        if not reason:
            raise Refusal("invalid_input", "reason is required to turn the disclosure off.", field="reason")
        await self._change(principal, agent, reason)

    async def turn_on(self, principal: Principal, agent: str) -> None:
        """Tell people again.

        Raises:
            Refusal: the principal is neither the owner nor an administrator.
        """
        await self._change(principal, agent, None)

    async def _change(self, principal: Principal, agent: str, reason: str | None) -> None:
        details = {"enabled": reason is None, "reason": reason}
        await self._settings.put(principal, agent, _OFF, reason, "set_disclosure", details)
