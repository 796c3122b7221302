"""Access requests: opened by people who may not chat yet, settled by owners, told to both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from trinity_channels import texts
from trinity_channels.mail.port import Mail, Mailer, MailError
from trinity_channels.store import Store, Tx, access
from trinity_channels.store.access import AccessRequest

if TYPE_CHECKING:
    from trinity_channels.access.directory import Directory

log = structlog.get_logger(__name__)

DAY = timedelta(days=1)
DIGEST_DELAY = timedelta(seconds=30)
"""How long requests are gathered before the owner gets a mail about them."""
LONGEST_PAUSE = timedelta(hours=1)
"""Between two tries to mail an owner whose mail is refused; the first is `DIGEST_DELAY`, each next one twice as long."""


def standing(tx: Tx, agent: str, email: str, channel: str, conversation: int, now: datetime) -> str:
    """Open a request if there is none, and again a day after a denial.

    Returns:
        `asked` if it was opened now, `pending` if it was open, `denied` if it may not be opened again yet.
    """
    known = access.request_of(tx, agent, email)
    if known and known.status == "pending":
        return "pending"
    if known and known.status == "denied" and known.decided_at and now - known.decided_at < DAY:
        return "denied"
    access.ask(tx, agent, email, channel, conversation, now)
    return "asked"


class OwnerDigest:
    """Mails an owner about the requests they have not heard of, several in one mail."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        mailer: Mailer | None,
        now: Callable[[], datetime],
        public_url: Callable[[], str | None],
    ) -> None:
        self._store = store
        self._directory = directory
        self._mailer = mailer
        self._now = now
        self._public_url = public_url
        # by agent: when its owner's mail may be tried again, and after what pause
        self._refused: dict[str, tuple[datetime, timedelta]] = {}

    async def run(self) -> None:
        """Send what is due; called now and then."""
        if self._mailer is None:
            return
        for agent in await self._store.read(access.agents_with_untold):
            if self._is_put_off(agent):
                continue
            waiting = await self._store.read(partial(access.untold, agent=agent))
            if waiting and self._now() - waiting[0].requested_at >= DIGEST_DELAY:
                try:
                    await self._tell(agent, waiting)
                except Exception as error:  # one agent's owner who cannot be looked up must not keep the others waiting
                    log.exception("owner digest failed", agent=agent, error=type(error).__name__)

    async def _tell(self, agent: str, waiting: list[AccessRequest]) -> None:
        owner = await self._directory.owner(agent)
        if owner and self._mailer:
            people = "\n".join(f"    {one.id}: {_shown(one.email)} (on {one.channel})" for one in waiting)
            count = "One person is" if len(waiting) == 1 else f"{len(waiting)} people are"
            mail = Mail(
                to=owner,
                subject=texts.DIGEST_SUBJECT.format(count=count, agent=agent),
                text=texts.DIGEST_TEXT.format(agent=agent, people=people, url=self._public_url() or ""),
            )
            try:
                await self._mailer.send(mail)
            except MailError as error:
                log.warning("owner digest failed", agent=agent, error=str(error))
                self._put_off(agent)
                return
        self._refused.pop(agent, None)

        def told(tx: Tx) -> None:
            for one in waiting:
                access.owner_told(tx, one.id)

        await self._store.write(told)

    def _is_put_off(self, agent: str) -> bool:
        now = self._now()
        # a time further ahead was set before the clock was set back
        return agent in self._refused and now < self._refused[agent][0] <= now + LONGEST_PAUSE

    def _put_off(self, agent: str) -> None:
        _, pause = self._refused.get(agent, (None, DIGEST_DELAY / 2))
        pause = min(2 * pause, LONGEST_PAUSE)
        self._refused[agent] = self._now() + pause, pause


def _shown(email: str) -> str:
    """An address for its reader's eyes, which cannot tell apart letters that look the same."""
    return email if email.isascii() else f"{email}{texts.DIGEST_FOREIGN}"
