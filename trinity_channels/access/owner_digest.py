"""Mails owners about the people who ask for access to their agents: soon after the first, ever more rarely in a flood."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from trinity_channels.access.digest_mails import DigestMails
from trinity_channels.access.directory import Directory, owner_email
from trinity_channels.access.mail_pause import MailPause
from trinity_channels.mail.port import Mailer, MailError
from trinity_channels.observability.failures import Failures, cause_of
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.store import Store, Tx, access
from trinity_channels.store.access import Untold

log = get_logger(__name__)

DELAY = timedelta(seconds=30)
"""How long requests are gathered before the owner gets a mail about them."""
LONGEST_PAUSE = timedelta(hours=1)
"""Between two tries to mail an owner, while mail is refused or cannot be noted; the first is `DELAY`, each next one twice
as long."""
LISTED = 20
"""Requests that one mail lists; it counts the others."""


class OwnerDigest:
    """Mails an owner about the requests they have not heard of, several in one mail."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        mailer: Mailer | None,
        mails: DigestMails,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._directory = directory
        self._mailer = mailer
        self._mails = mails
        self._metrics = metrics
        self._now = now
        self._failures = Failures(now)
        # by agent: when its owner's mail may be tried again, and after what pause
        self._refused: dict[str, tuple[datetime, timedelta]] = {}

    async def run(self) -> None:
        """Send what is due; called periodically."""
        if self._mailer is None:
            return
        # One after the other: nothing waits for these mails.
        for agent in await self._store.lookup(access.agents_with_untold):
            if not self._is_put_off(agent):
                try:
                    await self._tell(agent)
                except Exception as error:  # one agent's owner who cannot be looked up must not keep the others waiting
                    if self._failures.is_news(agent, cause := cause_of(error)):
                        log.exception("owner digest failed", agent=agent, cause=cause)

    async def _tell(self, agent: str) -> None:
        now = self._now()
        waiting, pause = await self._store.read(partial(_waiting, agent=agent))
        # Counted from the oldest, so that a stream of requests cannot put the mail off.
        if waiting is None or now - waiting.oldest[0].requested_at < DELAY or pause.holds(now):
            return
        owner = await owner_email(self._directory, agent)
        if owner and self._mailer:
            try:
                await self._mailer.send(self._mails.of(agent, owner, waiting))
            except MailError as error:
                self._metrics.mail_failures.inc()
                log.warning("owner digest failed", agent=agent, cause=cause_of(error))
                self._put_off(agent)
                return
        self._failures.ended(agent)
        following = pause.after_mail(now, waiting.oldest[0].requested_at)

        def told(tx: Tx) -> None:
            # Up to the newest that was counted, also those that were not listed: the mail told how many.
            access.owner_told(tx, agent, waiting.newest_at)
            following.store(tx, agent)

        self._put_off(agent)  # if this cannot be written down, the mail must not go out again with every round
        await self._store.write(told)
        self._refused.pop(agent, None)

    def _is_put_off(self, agent: str) -> bool:
        now = self._now()
        # a time further ahead was set before the clock was set back
        return agent in self._refused and now < self._refused[agent][0] <= now + LONGEST_PAUSE

    def _put_off(self, agent: str) -> None:
        _, pause = self._refused.get(agent, (None, DELAY / 2))
        pause = min(2 * pause, LONGEST_PAUSE)
        self._refused[agent] = self._now() + pause, pause


def _waiting(tx: Tx, agent: str) -> tuple[Untold | None, MailPause]:
    return access.untold(tx, agent, LISTED), MailPause.load(tx, agent)
