"""The badge of each state of a message of ours."""

from __future__ import annotations

from trinity_channels.store.states import OutboxState

BADGES = {
    OutboxState.READY: "queued",
    OutboxState.SENDING: "queued",
    OutboxState.RECONCILING: "unknown",
    OutboxState.QUEUED: "queued",
    OutboxState.SENT: "sent",
    OutboxState.DELIVERED: "delivered",
    OutboxState.READ: "read",
    OutboxState.FAILED: "failed",
    OutboxState.UNKNOWN: "unknown",
}
