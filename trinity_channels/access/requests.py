"""Access requests: opened when a person who has no access writes, and again a day after a denial."""

from __future__ import annotations

from datetime import datetime, timedelta

from trinity_channels.store import Tx, access

DAY = timedelta(days=1)


def open_request(tx: Tx, agent: str, email: str, channel: str, conversation: int, now: datetime) -> str:
    """Open a request if there is none, and again a day after a denial.

    Returns:
        `asked` if it was opened now, `pending` if it was open, `denied` if it may not be opened again yet.
    """
    known = access.request_of(tx, agent, email)
    # The owner is told once, however often the person writes.
    if known and known.status == "pending":
        return "pending"
    # A denied person must not be able to bother the owner with every message.
    if known and known.status == "denied" and known.decided_at and now - known.decided_at < DAY:
        return "denied"
    access.ask(tx, agent, email, channel, conversation, now)
    return "asked"
