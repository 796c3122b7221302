"""All agents at a glance: where each is connected, whether that works, and what waits for its owner."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels.access.directory import Directory, agents_of, owner_of
from trinity_channels.access.gate import Policy, policies
from trinity_channels.api import Check, CheckState
from trinity_channels.authorisation import person
from trinity_channels.bindings.health import Health
from trinity_channels.bindings.reports import HealthReports, Report
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal, Role
from trinity_channels.store import Store, Tx, access, attention, bindings
from trinity_channels.store.attention import Waiting
from trinity_channels.store.bindings import StoredBinding

RECENT = timedelta(days=7)
"""How long a message that did not arrive counts as waiting for the owner; it is listed for longer."""
ATTENTION = "attention"
NOT_CONFIGURED = "The agent is not configured any more, so people who write get an apology."


@dataclass(frozen=True, slots=True)
class Connected:
    """An agent on a channel.

    Attributes:
        channel: its name.
        title: what people call the channel.
        display_name: what the provider calls the account.
        state: ok, waiting or attention.
        cause: why it is not ok, empty otherwise.
        fix: what to do about it.
        code: of the check that says so.
        last_inbound: when a person last wrote.
        questions: how many unanswered ones the cause counts.
    """

    channel: str
    title: str
    display_name: str | None
    state: str
    cause: str
    fix: str = ""
    code: str = ""
    last_inbound: datetime | None = None
    questions: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """An agent. `owner` is None if it is not configured any more and still connected.

    `last_inbound` is when a person last wrote, on any channel, also on one that was disconnected since.
    """

    name: str
    owner: str | None
    policy: Policy
    channels: tuple[Connected, ...]
    waiting: Waiting
    last_inbound: datetime | None = None

    @property
    def turns(self) -> int:
        """How many parked turns need attention besides those that a channel's cause counts already."""
        return max(0, self.waiting.turns - sum(one.questions for one in self.channels))

    @property
    def attention(self) -> int:
        """How many things need attention: channels, access requests, other parked turns, messages."""
        channels = sum(one.state == ATTENTION for one in self.channels)
        return channels + self.waiting.requests + self.turns + self.waiting.deliveries


class Overviews:
    """Makes them, from what is stored; no provider is asked."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        plugins: Plugins,
        reports: HealthReports,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._directory = directory
        self._plugins = plugins
        self._reports = reports
        self._now = now

    async def of(self, principal: Principal) -> list[Overview]:
        """The principal's agents by name; for an administrator all, those included that are only left in the database.

        Raises:
            Refusal: the principal is an agent.
        """
        person(principal)
        owner = principal.subject if principal.role is Role.USER else None
        since = self._now() - RECENT
        waiting, every, left_at = await self._store.read(lambda tx: _stored(tx, since))
        configured = set(await agents_of(self._directory, owner))
        # Only administrators see them: what is configured no longer has no owner.
        left = {one.agent for one in every if one.connected} - configured if owner is None else set()
        names = sorted(configured | left)
        stored = [one for one in every if one.connected and one.agent in configured | left]
        connected: dict[str, list[Connected]] = {}
        for one, channel in zip(stored, await self._channels(stored, configured), strict=True):
            connected.setdefault(one.agent, []).append(channel)
        chosen = await self._store.read(lambda tx: {name: policies(access.policies(tx, name))[0] for name in names})
        return [
            Overview(
                name,
                await self._owner(name) if name in configured else None,
                chosen[name],
                tuple(connected.get(name, ())),
                waiting.get(name, Waiting()),
                max(
                    (at for at in (left_at.get(name), *(one.last_inbound for one in connected.get(name, ()))) if at),
                    default=None,
                ),
            )
            for name in names
        ]

    async def _owner(self, agent: str) -> str | None:
        owner = await owner_of(self._directory, agent)
        return owner.shown if owner else None

    async def _channels(self, stored: Sequence[StoredBinding], configured: Collection[str]) -> list[Connected]:
        """How each binding is, in their order."""
        usable = [one for one in stored if one.agent in configured and one.channel in self._plugins]
        reports = dict(zip((one.id for one in usable), await self._reports.of_all(usable), strict=True))
        return [self._channel(one, reports.get(one.id), configured) for one in stored]

    def _channel(self, stored: StoredBinding, report: Report | None, configured: Collection[str]) -> Connected:
        if stored.agent not in configured:
            return self._trouble(stored, NOT_CONFIGURED)
        # A plugin that was removed leaves its bindings, which come back with it.
        if report is None:
            return self._trouble(
                stored, "The channel's plugin is not usable; administrators see the reason under Settings → Plugins."
            )
        worst = _worst(report.health)
        return Connected(
            channel=stored.channel,
            title=self._plugins.title(stored.channel),
            display_name=stored.account.display_name,
            state=report.health.state,
            cause=worst.message if worst else "",
            fix=worst.fix if worst else "",
            code=worst.code if worst else "",
            last_inbound=report.last_inbound,
            questions=_questions(worst, report),
        )

    def _trouble(self, stored: StoredBinding, cause: str) -> Connected:
        title = self._plugins.title(stored.channel)
        return Connected(stored.channel, title, stored.account.display_name, ATTENTION, cause)


def _stored(tx: Tx, since: datetime) -> tuple[Mapping[str, Waiting], list[StoredBinding], Mapping[str, datetime]]:
    """What waits, every binding, and when people last wrote to agents on channels that are disconnected."""
    every, left_at = bindings.every(tx), dict[str, datetime]()
    for one in every:
        if not one.connected and (at := bindings.last_inbound(tx, one.id)):
            left_at[one.agent] = max(at, left_at.get(one.agent, at))
    return attention.by_agent(tx, since), every, left_at


def _questions(worst: Check | None, report: Report) -> int:
    """How many unanswered questions the worst finding counts."""
    counts = {"agent": report.parked, "parked": report.left}
    return counts.get(worst.code, 0) if worst and worst.state is not CheckState.OK else 0


def _worst(health: Health) -> Check | None:
    """The worst finding, None if there is nothing to say."""
    # One cause is enough here: the page of the channel has all findings.
    for state in (CheckState.FAILED, CheckState.WARNING, CheckState.UNKNOWN):
        for check in health.checks:
            if check.state is state:
                return check
    return None
