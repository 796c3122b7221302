"""What pages and the audit log call the limits of the host."""

from __future__ import annotations

LABELS = {
    "keep_bodies_days": (
        "Keep the texts of messages",
        "For agents without a setting of their own. Older texts are removed within minutes; states and times stay.",
    ),
    "email_lifetime_days": ("Verified e-mails count for", "Counted from the person's last message."),
    "late_after_hours": ("An answer is late after", "A late answer first says what it refers to."),
    "park_after_hours": ("A question is left to the owner after", "Older questions wait until the owner decides."),
    "disclose_after_hours": (
        "People are told again about the AI after",
        "The length of silence after which the notice is repeated.",
    ),
    "notices_per_contact": (
        "Host messages to one unverified person",
        "Prompts, help, confirmations; a channel may bill them.",
    ),
    "notices_per_binding": ("Host messages of one agent on a channel", "To all people together."),
}
"""How pages call the limits, and what they say about them."""
_ONE = {"days": "day", "hours": "hour", "messages an hour": "message an hour"}


def measured(value: float, unit: str) -> str:
    """A limit as people read it."""
    return f"{value:g} {_ONE[unit] if value == 1 else unit}"
