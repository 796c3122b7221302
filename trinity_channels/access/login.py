"""Signing in by e-mail: a six-digit code is mailed, and entered in the chat it was asked for.

A code is bound to binding, contact and e-mail, stored as a keyed hash, and lives for 10 minutes and 5 guesses.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

import structlog

from trinity_channels import texts
from trinity_channels.bindings.vault import Vault
from trinity_channels.mail.port import Mail, Mailer, MailError
from trinity_channels.metrics import Metrics
from trinity_channels.store import Store, Tx, codes
from trinity_channels.store.codes import StoredCode

log = structlog.get_logger(__name__)

LIFETIME = timedelta(minutes=10)
GUESSES = 5
HOUR = timedelta(hours=1)
LIMITS = (("contact_id", 3), ("email", 5), ("binding_id", 100))
"""Codes per hour, for a contact, for an e-mail on all bindings, and for a binding."""
REMEMBERED = timedelta(hours=24)
"""How long a code is recognised after it was made, although it no longer counts: as long as it is stored."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants to sign in, and where."""

    contact: int
    binding: int
    agent: str
    channel_title: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of an entered code: the verified e-mail, what to tell the person, and since when the code was known."""

    email: str | None
    answer: str
    since: datetime | None = None


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

    async def ask(self, asker: Asker, email: str) -> str:
        """Mail a code to the address a person gave, in its usual spelling; returns what to tell them."""
        if self._mailer is None:
            return texts.NO_MAILER
        now = self._now()
        code = f"{secrets.randbelow(1_000_000):06d}"
        digest = self._vault.digest(_bound(asker, email, code), purpose="login")

        def make(tx: Tx) -> datetime | None:
            values: dict[str, int | str] = {"contact_id": asker.contact, "email": email, "binding_id": asker.binding}
            for what, most in LIMITS:
                count, first = codes.recent(tx, what, values[what], now - HOUR)
                if count >= most and first:
                    return first
            codes.make(tx, asker.binding, asker.contact, email, digest, now=now, expires=now + LIFETIME)
            return None

        full_since = await self._store.write(make)
        if full_since:
            self._metrics.login_codes.labels("limited").inc()
            minutes = max(1, ceil((full_since + HOUR - now) / timedelta(minutes=1)))
            return texts.TOO_MANY_CODES.format(minutes=minutes)
        try:
            await self._mailer.send(_mail(asker, email, code))
        except MailError as error:
            log.warning("login mail failed", agent=asker.agent, error=str(error))
            self._metrics.mail_failures.inc()
            await self._store.write(lambda tx: codes.kill(tx, asker.contact))
            return texts.CODE_NOT_MAILED.format(email=email)
        self._metrics.login_codes.labels("sent").inc()
        sent = texts.CODE_SENT if email.isascii() else texts.CODE_SENT_ABROAD
        return sent.format(email=email)

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

    def spent(self, tx: Tx, asker: Asker, numbers: Collection[str]) -> dict[str, StoredCode]:
        """Which of these numbers are codes of this contact that no longer count: used, expired, replaced.

        Of the live code nothing is said: that would be a guess for free.
        """
        now = self._now()
        known = [
            one for one in codes.made(tx, asker.contact, now - REMEMBERED) if not one.live or one.expires_at <= now
        ]
        return {number: one for number in numbers for one in known if self._is_of(asker, one, number)}

    def check(self, tx: Tx, asker: Asker, code: str) -> Attempt:
        """Check an entered code within the transaction that will store the outcome."""
        live = codes.live(tx, asker.contact)
        if live is None:
            return Attempt(None, texts.NO_CODE)
        if live.expires_at <= self._now():
            codes.kill(tx, asker.contact)
            return Attempt(None, texts.CODE_EXPIRED)
        if self._is_of(asker, live, code):
            codes.kill(tx, asker.contact)
            return Attempt(live.email, texts.VERIFIED.format(email=live.email), live.created_at)
        left = self._miss(tx, asker, live)
        return Attempt(None, texts.WRONG_CODE.format(left=left) if left else texts.WRONG_CODE_LAST)

    def mentioned(self, tx: Tx, asker: Asker, numbers: Collection[str]) -> str | None:
        """The live code among these numbers, if it is.

        Each other number that is looked at counts as a guess, for a person may find out what was recognised.
        """
        for number in sorted(numbers):
            live = self.awaited(tx, asker.contact)
            if live is None or self._is_of(asker, live, number):
                return number if live else None
            self._miss(tx, asker, live)
        return None

    @staticmethod
    def _miss(tx: Tx, asker: Asker, live: StoredCode) -> int:
        """Count a wrong guess; returns how many are left, and gives the code up after the last."""
        codes.guess(tx, live.id)
        left = max(0, GUESSES - live.guesses - 1)
        if not left:
            codes.kill(tx, asker.contact)
        return left

    def _is_of(self, asker: Asker, stored: StoredCode, code: str) -> bool:
        possible = self._vault.digests(_bound(asker, stored.email, code), purpose="login")
        return any(hmac.compare_digest(one.encode(), stored.digest.encode()) for one in possible)


def _bound(asker: Asker, email: str, code: str) -> str:
    return f"{asker.binding}\n{asker.contact}\n{email}\n{code}"


def _mail(asker: Asker, email: str, code: str) -> Mail:
    subject = texts.MAIL_SUBJECT.format(agent=asker.agent, channel=asker.channel_title)
    text = texts.MAIL_TEXT.format(agent=asker.agent, channel=asker.channel_title, code=code)
    return Mail(to=email, subject=subject, text=text)
