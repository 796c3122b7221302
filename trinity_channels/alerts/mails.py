"""Mails owners about alerts: one mail for what is new about a channel, and none about the same thing for a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from trinity_channels import texts
from trinity_channels.access.directory import Directory, owner_email
from trinity_channels.mail.port import Mail, Mailer, MailError
from trinity_channels.observability.failures import Failures, cause_of
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, Tx, alerts
from trinity_channels.store.alerts import Alert

log = get_logger(__name__)

TRIED_AGAIN = timedelta(minutes=10)
"""After a mail that could not be sent."""
SENT_AGAIN = timedelta(hours=1)
"""After a mail that was sent while the database could not take note of it."""
AT_ONCE = 5
"""Mails of one round, for each may take 15 seconds to fail."""


class AlertMails:
    """A chore that sends what is due."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        mailer: Mailer | None,
        plugins: Plugins,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._directory = directory
        self._mailer = mailer
        self._plugins = plugins
        self._metrics = metrics
        self._now = now
        self._not_before: dict[int, datetime] = {}
        self._failures = Failures(now)

    async def run(self) -> None:
        """Mail what is due."""
        if self._mailer is None:
            return
        now = self._now()
        due = await self._store.lookup(lambda tx: alerts.unmailed(tx, now))
        mails = [(binding, list(group)) for binding, group in groupby(due, key=lambda one: one.binding)]
        for binding, group in [one for one in mails if not self._is_put_off(one[0], now)][:AT_ONCE]:
            await self._try(binding, group, self._mailer)

    def _is_put_off(self, binding: int, now: datetime) -> bool:
        until = self._not_before.get(binding)
        # a time further ahead was set before the clock was set back
        return until is not None and now < until <= now + SENT_AGAIN

    async def _try(self, binding: int, due: Sequence[Alert], mailer: Mailer) -> None:
        try:
            owner = await owner_email(self._directory, due[0].agent)
            if owner:
                await mailer.send(self._mail(owner, due))
        except Exception as error:  # one owner's mail must not keep the others waiting
            self._not_before[binding] = self._now() + TRIED_AGAIN
            if isinstance(error, MailError):
                self._metrics.mail_failures.inc()
            if self._failures.is_news(binding, cause := cause_of(error)):
                fault = not isinstance(error, MailError)  # its text is all there is to say
                log.warning("alert mail failed", agent=due[0].agent, cause=cause, exc_info=fault)
            return
        self._failures.ended(binding)
        now = self._now()
        # Before the note in the database: if that cannot be written, the same mail must not go out with every round.
        self._not_before[binding] = now + SENT_AGAIN

        def mailed(tx: Tx) -> None:
            for one in due:
                alerts.mailed(tx, one, now)

        await self._store.write(mailed)
        del self._not_before[binding]

    def _mail(self, owner: str, due: Sequence[Alert]) -> Mail:
        names = {"agent": due[0].agent, "channel": self._plugins.title(due[0].channel)}
        found = "\n\n".join(f"    {one.cause}\n    {one.fix}".rstrip() for one in due)
        return Mail(owner, texts.ALERT_SUBJECT.format(**names), texts.ALERT_TEXT.format(found=found, **names))
