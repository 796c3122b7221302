"""Links that sign an owner in to the pages: mailed on request, good once and for 15 minutes.

What the page says is the same for every address, known or not, and so is the time it takes: mail is sent afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from trinity_channels import texts
from trinity_channels.access.directory import Directory, agents_of
from trinity_channels.access.tokens import fresh_token, token_digest
from trinity_channels.crypto.vault import Vault
from trinity_channels.email_address import mailbox
from trinity_channels.mail.port import Mail, Mailer, MailError
from trinity_channels.observability.failures import cause_of
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.principal import Principal, Role
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, sign_in_links
from trinity_channels.store.sign_in_links import Count

log = get_logger(__name__)

LASTS = timedelta(minutes=15)
HOUR = timedelta(hours=1)
PER_SOURCE = 20
"""Requests of one client in an hour, for all addresses together."""
PER_SHARED_SOURCE = 200
"""The same where a proxy stands for all clients, so that one of them cannot keep all others out."""
PER_BOTH = 3
"""Requests of one client for one address in an hour."""
PER_MAILBOX = 5
"""Requests for one address in an hour by all clients. The first of each client is not counted against it, so that others
cannot keep an owner out; `MOST_PER_MAILBOX` bounds those too."""
MOST_PER_MAILBOX = 30
GRACE = 5.0
"""Seconds that a mail gets when the host stops."""
_MAILBOX = "sign-in mailbox"
_SOURCE = "sign-in source"


class TooManyLinks(Refusal):
    """Too many links were asked for; `retry_after` says how long until the next one may be."""

    def __init__(self, wait: timedelta) -> None:
        minutes = max(1, round(wait.total_seconds() / 60))
        super().__init__(
            "too_many_links",
            "Too many links were asked for. Use the newest one, or try again in "
            f"{minutes} minute{'' if minutes == 1 else 's'}.",
            field="email",
            retry_after=wait,
        )


class SignInLinks:
    """Mails and redeems them. Only e-mails that own an agent get one."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        mailer: Mailer | None,
        vault: Vault,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._directory = directory
        self._mailer = mailer
        self._vault = vault
        self._metrics = metrics
        self._now = now
        self._sending: set[asyncio.Task[None]] = set()

    @property
    def can_mail(self) -> bool:
        """Whether mail is set up."""
        return self._mailer is not None

    async def ask(self, email: str, source: str, link: Callable[[str], str], *, shared: bool = False) -> None:
        """Mail a link, if the e-mail owns an agent; the caller cannot tell whether it does.

        Args:
            email: the address in its usual spelling.
            source: where the request comes from, for the limits.
            link: makes the address of the page from a token.
            shared: whether many clients have this source, because a proxy is in front of this host.

        Raises:
            TooManyLinks: with the time to wait.
        """
        token = fresh_token()
        owns = bool(await agents_of(self._directory, email))
        now = self._now()
        # Keyed digests: the limits need to recognise them again, not to know them.
        box = self._vault.digest(mailbox(email), purpose=_MAILBOX)
        client = self._vault.digest(source, purpose=_SOURCE)

        def unit(tx: Tx) -> datetime | None:
            until = _full_until(tx, box, client, now, PER_SHARED_SOURCE if shared else PER_SOURCE)
            if until is None:
                # Counted for every address alike, or the limits would tell which ones own an agent.
                digest, to = (token_digest(token), email) if owns else ("", "")
                sign_in_links.add(tx, digest=digest, email=to, mailbox=box, source=client, now=now)
            return until

        until = await self._store.write(unit)
        if until is not None:
            raise TooManyLinks(until - now)
        if owns and self._mailer:
            # Beside the answer, which takes as long without a mail.
            task = asyncio.create_task(self._send(self._mailer, email, link(token)), name="sign-in mail")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def look(self, token: str) -> str | None:
        """The e-mail that a link signs in, None if it is used, too old or not ours. Changes nothing."""
        since = self._now() - LASTS
        return await self._store.read(lambda tx: sign_in_links.find(tx, token_digest(token), since))

    async def redeem(self, token: str) -> Principal | None:
        """Use a link up; None as `look`."""
        now = self._now()
        # Looked up and used up in one transaction, so that two clicks open one session.
        email = await self._store.write(lambda tx: sign_in_links.use(tx, token_digest(token), now - LASTS, now))
        return Principal(Role.USER, email) if email else None

    async def stop(self) -> None:
        """Wait a moment for mails that are being sent."""
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=GRACE)
            for task in late:
                task.cancel()

    async def _send(self, mailer: Mailer, email: str, url: str) -> None:
        try:
            await mailer.send(Mail(email, texts.SIGN_IN_SUBJECT, texts.SIGN_IN_TEXT.format(url=url)))
        except MailError as error:
            self._metrics.mail_failures.inc()
            log.warning("sign-in mail failed", cause=cause_of(error))


def _full_until(tx: Tx, box: str, client: str, now: datetime, per_source: int) -> datetime | None:
    """When a link may be asked for; None if it may now."""
    since = now - HOUR
    of_both = sign_in_links.of_both(tx, box, client, since)
    of_mailbox = sign_in_links.of_mailbox(tx, box, since)
    limits: list[tuple[Count, int]] = [
        (sign_in_links.of_source(tx, client, since), per_source),
        (of_both, PER_BOTH),
        (of_mailbox, PER_MAILBOX if of_both[0] else MOST_PER_MAILBOX),
    ]
    return max((first + HOUR for (count, first), most in limits if first and count >= most), default=None)
