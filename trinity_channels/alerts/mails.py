"""Mails owners about alerts: one mail for what is new about a channel, and none about the same thing for a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import structlog

from trinity_channels import texts
from trinity_channels.access.directory import Directory
from trinity_channels.failures import Failures, cause_of
from trinity_channels.mail.port import Mail, Mailer, MailError
from trinity_channels.store import Store, Tx, alerts
from trinity_channels.store.alerts import Alert

log = structlog.get_logger(__name__)

TRIED_AGAIN = timedelta(minutes=10)
"""After a mail that could not be sent."""
AT_ONCE = 5
"""Mails of one round, for each may take 15 seconds to fail."""


class AlertMails:
    """A chore that sends what is due. `title` gives a channel's name for people."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        mailer: Mailer | None,
        title: Callable[[str], str],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._directory = directory
        self._mailer = mailer
        self._title = title
        self._now = now
        self._tried: dict[int, datetime] = {}
        self._failures = Failures(now)

    async def run(self) -> None:
        """Mail what is due."""
        if self._mailer is None:
            return
        now = self._now()
        due = await self._store.read(lambda tx: alerts.unmailed(tx, now))
        mails = [(binding, list(group)) for binding, group in groupby(due, key=lambda one: one.binding)]
        waiting = [one for one in mails if one[0] not in self._tried or abs(now - self._tried[one[0]]) >= TRIED_AGAIN]
        for binding, group in waiting[:AT_ONCE]:
            await self._try(binding, group, self._mailer)

    async def _try(self, binding: int, due: Sequence[Alert], mailer: Mailer) -> None:
        try:
            owner = await self._directory.owner(due[0].agent)
            if owner:
                await mailer.send(self._mail(owner, due))
        except Exception as error:  # one owner's mail must not keep the others waiting
            self._tried[binding] = self._now()
            if self._failures.is_news(binding, cause := cause_of(error)):
                fault = not isinstance(error, MailError)  # its text is all there is to say
                log.warning("alert mail failed", agent=due[0].agent, cause=cause, exc_info=fault)
            return
        self._tried.pop(binding, None)
        self._failures.ended(binding)
        now = self._now()

        def mailed(tx: Tx) -> None:
            for one in due:
                alerts.mailed(tx, one, now)

        await self._store.write(mailed)

    def _mail(self, owner: str, due: Sequence[Alert]) -> Mail:
        names = {"agent": due[0].agent, "channel": self._title(due[0].channel)}
        found = "\n\n".join(f"    {one.cause}\n    {one.fix}".rstrip() for one in due)
        return Mail(owner, texts.ALERT_SUBJECT.format(**names), texts.ALERT_TEXT.format(found=found, **names))
