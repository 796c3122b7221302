"""Raises one alert for each thing that is wrong with a channel, and clears it when the channel works again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from trinity_channels.alerts.connections import ConnectionsMade
from trinity_channels.alerts.finding import Finding, Look
from trinity_channels.alerts.provider_checks import ProviderChecks
from trinity_channels.alerts.refusals import Refusals
from trinity_channels.alerts.silence import Silence
from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, alerts, bindings
from trinity_channels.store.alerts import Alert
from trinity_channels.store.bindings import StoredBinding

log = get_logger(__name__)

PAUSE = timedelta(minutes=1)


class ChannelWatch:
    """A chore that looks at every connected binding once a minute.

    An alert is a row, a line in the log and a count in the metrics; the mail is `AlertMails`' part.
    """

    def __init__(
        self,
        store: Store,
        connections: Connections,
        plugins: Plugins,
        address: PublicAddress,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        checks = ProviderChecks(connections, plugins, address, now)
        self._looks: tuple[Look, ...] = (
            Refusals(store, now),
            ConnectionsMade(store, now),
            checks,
            Silence(store, now),
        )
        self._metrics = metrics
        self._now = now
        self._looked: datetime | None = None

    async def run(self) -> None:
        """Look, if a minute has passed."""
        now = self._now()
        # abs: the clock may be set back.
        if self._looked and abs(now - self._looked) < PAUSE:
            return
        self._looked = now
        every, opened = await self._store.read(lambda tx: (bindings.every(tx), alerts.opened(tx)))
        connected = [one for one in every if one.connected]
        ids = {one.id for one in connected}
        for gone in opened:
            # A disconnected channel cannot work again, so its alerts end here.
            if gone.binding not in ids:
                await self._clear(gone.binding, gone.agent, gone.channel, gone.code)
        # Causes first: what may only follow from them is then known to be explained.
        for look in sorted(self._looks, key=lambda one: one.is_consequence):
            await self._apply(look, connected, await self._store.lookup(alerts.opened))
        await self._count()

    async def _apply(self, look: Look, connected: Sequence[StoredBinding], opened: Sequence[Alert]) -> None:
        alerted = {one.binding: one.raised_at for one in opened if one.code == look.code}
        # The account does not work: then checks fail, and no one can write.
        reported = {one.binding for one in opened if one.code == alerts.ACCOUNT}
        explained = {one.binding for one in opened} if look.is_consequence else reported
        found = await look.look(connected, alerted)
        for one in connected:
            finding = found.get(one.id)
            if finding is not None and one.id not in alerted and one.id not in explained:
                await self._raise(one, look.code, finding)
            elif one.id in found and finding is None and one.id in alerted:
                await self._clear(one.id, one.agent, one.channel, look.code)

    async def _raise(self, one: StoredBinding, code: str, finding: Finding) -> None:
        now = self._now()
        await self._store.write(lambda tx: alerts.put(tx, one.id, code, finding.cause, finding.fix, now))
        log.error(
            "channel alert", agent=one.agent, channel=one.channel, alert=code, cause=finding.cause, fix=finding.fix
        )

    async def _clear(self, binding: int, agent: str, channel: str, code: str) -> None:
        now = self._now()
        if await self._store.write(lambda tx: alerts.clear(tx, binding, code, now)):
            log.info("channel alert cleared", agent=agent, channel=channel, alert=code)

    def ceased(self) -> None:
        """Another process counts them from now on."""
        self._metrics.channel_alerts.clear()

    async def _count(self) -> None:
        opened = await self._store.lookup(alerts.opened)
        # A gauge keeps labels that are not set again; an alert that ended would stay at 1.
        self._metrics.channel_alerts.clear()
        for (channel, code), number in Counter((one.channel, one.code) for one in opened).items():
            self._metrics.channel_alerts.labels(channel, code).set(number)
