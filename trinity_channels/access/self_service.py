"""What the host itself offers people in a chat, without the agent: signing in, and a way to a human being."""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.access.escalation import Escalation
from trinity_channels.access.login import Login


@dataclass(frozen=True, slots=True)
class SelfService:
    """Both services, for those who answer chat commands or report what is set up."""

    login: Login
    escalation: Escalation
