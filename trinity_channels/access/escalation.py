"""The way from an agent to a human being, which outside rules ask for: one escalation contact per agent.

A channel whose own rules ask for it names them in its manifest (`Channel.escalation_rule`).
"""

from __future__ import annotations

from trinity_channels import texts
from trinity_channels.agents.table import AgentTable
from trinity_channels.escalation_contact import ContactKind, EscalationContact, parse_escalation_contact
from trinity_channels.owner_settings import OwnerSettings
from trinity_channels.principal import Principal
from trinity_channels.store import Tx, agent_settings

_NAME = "escalation_contact"
_SENTENCES = {
    ContactKind.EMAIL: texts.HUMAN_BY_EMAIL,
    ContactKind.PHONE: texts.HUMAN_BY_PHONE,
    ContactKind.LINK: texts.HUMAN_BY_LINK,
}


class Escalation:
    """The escalation contact of each agent: what its owner stored, or else what the settings file says."""

    def __init__(self, settings: OwnerSettings, configured: AgentTable) -> None:
        self._settings = settings
        self._configured = configured

    def contact(self, tx: Tx, agent: str) -> EscalationContact | None:
        """Where a human being is reached for this agent; None if nothing is set."""
        configured = self._configured.get(agent)
        value = agent_settings.get(tx, agent, _NAME) or (configured.escalation_contact if configured else None)
        return None if value is None else parse_escalation_contact(value)

    def sentence(self, tx: Tx, agent: str) -> str:
        """One sentence that tells a person how to reach a human being; empty if nothing is set."""
        contact = self.contact(tx, agent)
        return _SENTENCES[contact.kind].format(contact=contact.value) if contact else ""

    async def setting(self, principal: Principal, agent: str) -> EscalationContact | None:
        """The contact, for the owner or an administrator.

        Raises:
            Refusal: the principal is neither.
        """
        return await self._settings.read(principal, agent, lambda tx: self.contact(tx, agent))

    async def set(self, principal: Principal, agent: str, contact: EscalationContact | None) -> None:
        """Store an agent's contact, on record; None removes it, and the one of the settings file counts again.

        Raises:
            Refusal: the principal is neither the owner nor an administrator.
        """
        value = contact.value if contact else None
        # The kind alone: the audit log holds no addresses or numbers.
        details = {"kind": contact.kind if contact else None}
        await self._settings.put(principal, agent, _NAME, value, "set_escalation_contact", details)
