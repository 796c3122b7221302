"""How many messages an account may send in a second."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta

from trinity_channels_whatsapp.simulator.accounts import Account
from trinity_channels_whatsapp.simulator.problems import Problem

SECOND = timedelta(seconds=1)


class Pace:
    """Counts the sends of each account in the last second.

    Twilio sends 80 messages a second for a WhatsApp sender and queues the rest, up to four hours of them; what it answers
    with 429 is more requests at the same time than it works on, a figure that it does not tell. Requests are over at once
    here, so the first figure stands for both.
    """

    def __init__(self) -> None:
        self._sent: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def admit(self, account: Account, most: int | None, now: datetime) -> None:
        """Let one request pass, unless `most` have passed within a second.

        Raises:
            Problem: 20429.
        """
        sent = self._sent[account.sid]
        while sent and now - sent[0] >= SECOND:
            sent.popleft()
        if most is not None and len(sent) >= most:
            raise Problem(20429)
        # A refused request does not count, or a client that comes back at once would never get through.
        sent.append(now)
