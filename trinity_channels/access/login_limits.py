"""How many codes are mailed, and how many wrong guesses there may be, so that strangers cannot lock out known people.

Every limit on what belongs to a person (their mailbox) has a part that others cannot use up:

- A contact gets 3 codes an hour. Only that contact can use them up.
- A binding has 100 codes an hour for known e-mails (shared, the owner's, or verified before by any contact) and 100 for
  all others. The limit does not apply to a contact who has verified the mailbox before, nor to a known mailbox that got
  fewer than 5 in this hour: who floods some known mailboxes keeps no other from its codes.
- The mailbox of an unknown e-mail gets 5 codes an hour for all contacts together, so that few accounts cannot flood it
  with mails; but the first code in an hour that a contact asks for is always mailed.
- A contact with 20 wrong guesses in a day for one mailbox gets no code for it for a day. Where other contacts have made 20
  wrong guesses for it, each contact that has never verified it has 3 instead, for several accounts may belong to one person
  who guesses. A correct code still signs in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trinity_channels.store import Tx, codes, mailboxes
from trinity_channels.store.codes import StoredCode

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PER_CONTACT = 3
PER_MAILBOX = 5
PER_BINDING = 100
GUESSES = 5
"""Wrong guesses that end a code."""
GUESSES_A_DAY = 20
"""Wrong guesses of one contact at one mailbox that lock it for them."""
GUESSES_UNDER_ATTACK = 3
"""The same where other contacts have made `GUESSES_A_DAY` at that mailbox."""


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """A contact asked for a code by mail. `expected`: the e-mail may use the agent."""

    contact: int
    binding: int
    mailbox: str = field(repr=False)
    expected: bool

    def is_known(self, tx: Tx) -> bool:
        """Whether it counts among the known e-mails."""
        return self.expected or mailboxes.is_known(tx, self.mailbox)

    def locked_until(self, tx: Tx, now: datetime) -> datetime | None:
        """When the contact may guess at this mailbox again; None if they may now."""
        since = mailboxes.locked_at(tx, self.contact, self.mailbox)
        # a time to come was written before the clock was set back
        return since + DAY if since and since <= now < since + DAY else None

    def full_until(self, tx: Tx, now: datetime) -> datetime | None:
        """When a code may be mailed; None if it may now."""
        since = now - HOUR
        count, first = codes.of_contact(tx, self.contact, since)
        if first and count >= PER_CONTACT:
            return first + HOUR
        # Proved before by this contact: no flood by strangers may keep them from signing in again.
        if mailboxes.is_known_to(tx, self.contact, self.mailbox):
            return None
        known = self.is_known(tx)
        of_mailbox = codes.of_mailbox(tx, self.mailbox, since)
        if known and of_mailbox[0] < PER_MAILBOX:
            return None
        # Known and unknown e-mails have separate budgets: a flood of invented addresses uses up only that of the unknown.
        counts = [(codes.of_binding(tx, self.binding, since, known=known), PER_BINDING)]
        # Only from this contact's second code on: the first one is always mailed.
        if not known and codes.of_mailbox(tx, self.mailbox, since, contact=self.contact)[0]:
            counts.append((of_mailbox, PER_MAILBOX))
        return max((first + HOUR for (count, first), most in counts if first and count >= most), default=None)


def missed(tx: Tx, contact: int, live: StoredCode, now: datetime) -> tuple[int, bool]:
    """Count a wrong guess; the code is given up after the last.

    Returns:
        How many guesses are left, and whether the mailbox is now locked for the contact.
    """
    codes.guess(tx, live.id)
    own, of_others = mailboxes.misses(tx, contact, live.mailbox, now - DAY)
    attacked = of_others >= GUESSES_A_DAY and not mailboxes.is_known_to(tx, contact, live.mailbox)
    left_today = max(0, (GUESSES_UNDER_ATTACK if attacked else GUESSES_A_DAY) - own)
    left = max(0, min(GUESSES - live.guesses - 1, left_today))
    if not left:
        codes.kill(tx, contact)
    if not left_today:
        mailboxes.lock(tx, live.id, now)
    return left, not left_today
