"""The pause after a mail about access requests: it grows while people go on asking, so that a flood fills no mailbox.

A stranger with mail at many addresses can open any number of requests. The pause is ten minutes after the first mail, twice
as long after each further one, at most six hours, and ten minutes again after four pauses without a request. A flood
of a day makes nine mails, and then four a day; 29 is the most that any pattern of requests can bring about in a day. It is
stored, so that a restart changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from trinity_channels.store import Tx, agent_settings
from trinity_channels.store.clock import micros, moment

FIRST = timedelta(minutes=10)
LONGEST = timedelta(hours=6)
QUIET = 4
"""Pauses without a request after which the next one is the first again."""
_SETTING = "request_mail_pause"


@dataclass(frozen=True, slots=True)
class MailPause:
    """Until when no mail is sent to an agent's owner, and how long that pause is; zero before the first mail."""

    until: datetime
    length: timedelta

    @classmethod
    def load(cls, tx: Tx, agent: str) -> Self:
        """The present pause of an agent."""
        stored = agent_settings.get(tx, agent, _SETTING) or "0 0"
        until, seconds = stored.split()
        return cls(moment(int(until)), timedelta(seconds=int(seconds)))

    def store(self, tx: Tx, agent: str) -> None:
        """Make this the pause of an agent."""
        agent_settings.put(tx, agent, _SETTING, f"{micros(self.until)} {int(self.length.total_seconds())}")

    def holds(self, now: datetime) -> bool:
        """Whether no mail may be sent; a time further ahead than any pause was set before the clock was set back."""
        return now < self.until <= now + LONGEST

    def after_mail(self, now: datetime, requested_at: datetime) -> Self:
        """The pause that follows a mail whose oldest request was made at `requested_at`."""
        # Counted from the end of the last pause to the oldest request: so long it was quiet.
        again = not self.length or requested_at - self.until > QUIET * self.length
        length = FIRST if again else min(2 * self.length, LONGEST)
        return type(self)(now + length, length)
