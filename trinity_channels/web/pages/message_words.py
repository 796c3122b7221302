"""What pages call the states of messages: the badge and the words."""

from __future__ import annotations

from trinity_channels.store.states import MessageState, OutboxState

SENT = {
    OutboxState.READY: ("queued", "Waiting to be sent"),
    OutboxState.SENDING: ("queued", "Being sent"),
    OutboxState.RECONCILING: ("queued", "Being looked up"),
    OutboxState.QUEUED: ("queued", "Taken by the provider"),
    OutboxState.SENT: ("sent", "Sent"),
    OutboxState.DELIVERED: ("delivered", "Delivered"),
    OutboxState.READ: ("read", "Read"),
    OutboxState.FAILED: ("failed", "Failed"),
    OutboxState.UNKNOWN: ("unknown", "Perhaps sent"),
}
"""Of what went out."""
RECEIVED = {
    MessageState.WAITING: ("queued", "Waiting"),
    MessageState.HELD: ("queued", "Waits for access"),
    MessageState.ANSWERING: ("queued", "Being answered"),
    MessageState.ANSWERED: ("good", "Answered"),
    MessageState.NOTICE: ("sent", "Sent"),
    MessageState.HANDLED: ("good", "Command, done"),
    MessageState.FAILED: ("failed", "No answer"),
    MessageState.DROPPED: ("", "Not answered"),
    MessageState.EXPIRED: ("", "Too old to answer"),
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
