"""What pages call the states of messages: the badge and the words."""

from __future__ import annotations

from trinity_channels.conversations.words import SENDING
from trinity_channels.store.states import MessageState
from trinity_channels.web.pages.delivery_badges import BADGES

SENT = {state: (BADGES[state], words) for state, words in SENDING.items()}
"""Of what went out."""
RECEIVED = {
    MessageState.WAITING: ("queued", "Waits for the agent"),
    MessageState.HELD: ("queued", "Waits for access"),
    MessageState.ANSWERING: ("working", "Agent is answering"),
    MessageState.ANSWERED: ("good", "Answered"),
    MessageState.NOTICE: ("sent", "Sent"),
    MessageState.HANDLED: ("good", "Command"),
    MessageState.FAILED: ("failed", "Not answered"),
    MessageState.DROPPED: ("", "Not answered"),
    MessageState.EXPIRED: ("", "Not answered"),
    MessageState.ERASED: ("", "Erased"),
}
"""Of what came in."""
ORIGINS = {
    "person": "Message",
    "agent": "Answer",
    "notice": "Notice of the host",
    "proactive": "Written first",
    "test": "Test message",
}
"""What kind of message it is."""


def reason(failure: str | None, code: str | None) -> str:
    """Why a message did not arrive, with the provider's code; empty if nothing is known."""
    if not failure:
        return ""
    return f"{failure.rstrip('.')} ({code})." if code else failure
