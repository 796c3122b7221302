"""How many messages an account may send in a second."""

from __future__ import annotations

from datetime import datetime, timedelta

from trinity_channels.simulation import Rule, Windows
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
        self._sent = Windows()

    def admit(self, account: Account, most: int | None, now: datetime) -> None:
        """Let one request pass, unless `most` have passed within a second. A refused request does not count.

        Raises:
            Problem: 20429.
        """
        if most is not None and self._sent.take(now, Rule(account.sid, most, SECOND)) is not None:
            raise Problem(20429)
