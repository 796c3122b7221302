"""What the host itself offers people in a chat, without the agent: signing in, a way to a human being, and what it is."""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.access.disclosure import Disclosure
from trinity_channels.access.escalation import Escalation
from trinity_channels.access.lifetime import Lifetime
from trinity_channels.access.login import Login


@dataclass(frozen=True, slots=True)
class SelfService:
    """The services, for those who answer chat commands, send what an agent says, or report what is set up."""

    login: Login
    escalation: Escalation
    disclosure: Disclosure
    lifetime: Lifetime
