"""Signing in by e-mail: a six-digit code is mailed, and entered in the chat it was asked for.

A code is bound to binding, contact and e-mail, stored as a keyed hash, and is valid for 10 minutes and 5 guesses. How many
there may be is in `login_limits`.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from trinity_channels import texts
from trinity_channels.access import login_limits
from trinity_channels.access.login_limits import CodeRequest
from trinity_channels.crypto.vault import Vault
from trinity_channels.email_address import mailbox, shown_email
from trinity_channels.mail.port import Mail, Mailer, MailError
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.store import Store, Tx, audit, codes, people
from trinity_channels.store.codes import NewCode, StoredCode

log = get_logger(__name__)

LIFETIME = timedelta(minutes=10)
REMEMBERED = timedelta(hours=24)
"""How long a code is recognised after it was made, although it no longer counts: as long as it is stored."""


@dataclass(frozen=True, slots=True)
class LoginContact:
    """Who wants to sign in, and where. `channel` is its name, for the audit log."""

    id: int
    binding: int
    agent: str
    channel_title: str
    channel: str = ""


class Guess(StrEnum):
    """What a number that was compared with a live code turned out to be, as the metrics count it."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    """Wrong, and one too many: the e-mail is locked for this contact."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of an entered code: the verified e-mail, what to tell the person, and since when the code was known.

    `guess` is None where no code was live.
    """

    email: str | None
    answer: str
    since: datetime | None = None
    guess: Guess | None = None


@dataclass(frozen=True, slots=True)
class _Made:
    """The result of a request for a code: the id of a new one, or why there is none."""

    code: int = 0
    refusal: str = ""
    reason: str = ""


class Login:
    """Makes codes and checks them."""

    def __init__(
        self, store: Store, vault: Vault, mailer: Mailer | None, now: Callable[[], datetime], metrics: Metrics
    ) -> None:
        self._store = store
        self._vault = vault
        self._mailer = mailer
        self._now = now
        self._metrics = metrics

    @property
    def available(self) -> bool:
        """Whether codes can be mailed at all."""
        return self._mailer is not None

    async def ask(self, contact: LoginContact, email: str, *, expected: bool = False) -> str:
        """Mail a code to the address a person gave; while one that was mailed to it is live, point to that.

        Args:
            contact: who wants to sign in.
            email: the address in its usual spelling.
            expected: it may use the agent already.

        Returns:
            What to tell them.
        """
        if self._mailer is None:
            return texts.NO_MAILER
        now = self._now()
        code = f"{secrets.randbelow(1_000_000):06d}"
        # Six digits are few: a plain hash of them could be undone by trying all, a keyed one only with the key.
        digest = self._vault.digest(_bound(contact, email, code), purpose="login")
        request = CodeRequest(contact.id, contact.binding, mailbox(email), expected)
        # Stored before the mail is sent: a code that arrives must be known. A failed mail takes it back.
        made = await self._store.write(lambda tx: self._make(tx, request, email, digest, now))
        if made.refusal:
            self._metrics.login_codes.labels(made.reason).inc()
            return made.refusal
        try:
            await self._mailer.send(_mail(contact, email, code))
        except MailError as error:
            log.warning("login mail failed", agent=contact.agent, error=str(error))
            self._metrics.mail_failures.inc()
            await self._store.write(lambda tx: codes.kill(tx, contact.id))
            return texts.CODE_NOT_MAILED.format(email=shown_email(email))
        # A process that dies before this line mails another code when the same e-mail is given again.
        await self._store.write(lambda tx: codes.mailed(tx, made.code, now))
        self._metrics.login_codes.labels("sent").inc()
        # Letters beyond ASCII can look like others, so the person is asked to check the address.
        sent = texts.CODE_SENT if email.isascii() else texts.CODE_SENT_ABROAD
        return sent.format(email=shown_email(email))

    def _make(self, tx: Tx, request: CodeRequest, email: str, digest: str, now: datetime) -> _Made:
        # The directory was asked before, which may take its time.
        if not people.is_known(tx, request.contact):
            return _Made(refusal=texts.CODE_NOT_MAILED.format(email=shown_email(email)), reason="erased")
        if locked_until := request.locked_until(tx, now):
            hours = ceil((locked_until - now) / timedelta(hours=1))
            return _Made(refusal=texts.EMAIL_LOCKED.format(email=shown_email(email), hours=hours), reason="locked")
        live = self.awaited(tx, request.contact)
        # Asked for twice, since the mail is slow: a second code would make the first one useless.
        if live and live.mailed and live.email == email:
            minutes = ceil((live.expires_at - now) / timedelta(minutes=1))
            again = texts.CODE_STILL_WORKS.format(email=shown_email(email), minutes=minutes)
            return _Made(refusal=again, reason="repeated")
        if full_until := request.full_until(tx, now):
            minutes = max(1, ceil((full_until - now) / timedelta(minutes=1)))
            return _Made(refusal=texts.TOO_MANY_CODES.format(minutes=minutes), reason="limited")
        new = NewCode(request.binding, request.contact, email, request.mailbox, request.is_known(tx), digest)
        return _Made(codes.make(tx, new, now=now, expires=now + LIFETIME))

    def awaited(self, tx: Tx, contact: int) -> StoredCode | None:
        """The code that this contact can confirm now."""
        live = codes.live(tx, contact)
        return live if live and live.expires_at > self._now() else None

    def lapse(self, tx: Tx, contact: int) -> bool:
        """Give up a live code that has expired; False if there is none."""
        expired = codes.live(tx, contact) is not None and self.awaited(tx, contact) is None
        if expired:
            codes.kill(tx, contact)
        return expired

    def spent(self, tx: Tx, contact: LoginContact, numbers: Collection[str]) -> dict[str, StoredCode]:
        """Which of these numbers are codes of this contact that no longer count: used, expired, replaced.

        Of the live code nothing is said: that would be a guess for free.
        """
        now = self._now()
        known = [one for one in codes.made(tx, contact.id, now - REMEMBERED) if not one.live or one.expires_at <= now]
        return {number: one for number in numbers for one in known if self._is_of(contact, one, number)}

    def check(self, tx: Tx, contact: LoginContact, code: str) -> Attempt:
        """Check an entered code within the transaction that will store the outcome."""
        live = codes.live(tx, contact.id)
        if live is None:
            return Attempt(None, texts.NO_CODE)
        if live.expires_at <= self._now():
            codes.kill(tx, contact.id)
            return Attempt(None, texts.CODE_EXPIRED)
        if self._is_of(contact, live, code):
            codes.kill(tx, contact.id)
            answer = texts.VERIFIED.format(email=shown_email(live.email))
            return Attempt(live.email, answer, live.created_at, Guess.RIGHT)
        left, guess = self._miss(tx, contact, live)
        if guess is Guess.LOCKED:
            return Attempt(None, texts.WRONG_CODE_LOCKED.format(email=shown_email(live.email)), guess=guess)
        answer = texts.WRONG_CODE.format(left=left) if left else texts.WRONG_CODE_LAST
        return Attempt(None, answer, guess=guess)

    def mentioned(self, tx: Tx, contact: LoginContact, numbers: Collection[str]) -> tuple[str | None, list[Guess]]:
        """The live code among these numbers, if it is, and the wrong guesses that were made on the way.

        Each other number that is looked at counts as a guess, for a person may find out what was recognised.
        """
        wrong: list[Guess] = []
        # Sorted, so that a unit that is run again looks at the same numbers in the same order.
        for number in sorted(numbers):
            live = self.awaited(tx, contact.id)
            if live is None or self._is_of(contact, live, number):
                return (number if live else None), wrong
            wrong.append(self._miss(tx, contact, live)[1])
        return None, wrong

    def count(self, guesses: Iterable[Guess]) -> None:
        """Count guesses in the metrics, after the transaction in which they were made."""
        for guess in guesses:
            self._metrics.login_guesses.labels(guess).inc()

    def _miss(self, tx: Tx, contact: LoginContact, live: StoredCode) -> tuple[int, Guess]:
        """Count a wrong guess, on record; returns how many are left."""
        now = self._now()
        left, locked = login_limits.missed(tx, contact.id, live, now)
        audit.add(
            tx,
            now,
            audit.contact_actor(contact.id),
            "login_failed",
            agent=contact.agent,
            channel=contact.channel,
            details={"guesses_left": left, "locked": locked},
        )
        return left, Guess.LOCKED if locked else Guess.WRONG

    def _is_of(self, contact: LoginContact, stored: StoredCode, code: str) -> bool:
        # One for each key of the ring: a code that was mailed before a rotation still counts.
        possible = self._vault.digests(_bound(contact, stored.email, code), purpose="login")
        return any(hmac.compare_digest(one.encode(), stored.digest.encode()) for one in possible)


def _bound(contact: LoginContact, email: str, code: str) -> str:
    # None of the four can hold a line break, so no two combinations are the same text.
    return f"{contact.binding}\n{contact.id}\n{email}\n{code}"


def _mail(contact: LoginContact, email: str, code: str) -> Mail:
    subject = texts.MAIL_SUBJECT.format(agent=contact.agent, channel=contact.channel_title)
    text = texts.MAIL_TEXT.format(agent=contact.agent, channel=contact.channel_title, code=code)
    return Mail(to=email, subject=subject, text=text)
