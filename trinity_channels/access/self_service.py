"""What the host itself offers people in a chat, without the agent: signing in, a way to a human being, and what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trinity_channels.access.disclosure import Disclosure
from trinity_channels.access.escalation import Escalation
from trinity_channels.access.gate import Policy, policies
from trinity_channels.access.lifetime import Lifetime
from trinity_channels.access.login import Login
from trinity_channels.store import Tx, access


@dataclass(frozen=True, slots=True)
class SelfService:
    """The services, for those who answer chat commands, send what an agent says, or report what is set up.

    `unseen_shares` tells why it is not known whom an agent is shared with, as far as that was tried; empty if it is known.
    """

    login: Login
    escalation: Escalation
    disclosure: Disclosure
    lifetime: Lifetime
    unseen_shares: Callable[[str], str]

    @property
    def mails(self) -> bool:
        """Whether the host can mail, which signing in needs."""
        return self.login.available

    def open_to_all(self, tx: Tx, agent: str) -> bool:
        """Whether everyone may chat with an agent, at least without an e-mail, so that no one needs to sign in."""
        return policies(access.policies(tx, agent))[0] in (Policy.OPEN, Policy.OPEN_UNTIL_VERIFIED)

    def escalates(self, tx: Tx, agent: str) -> bool:
        """Whether an agent names a way to a person."""
        return self.escalation.contact(tx, agent) is not None
