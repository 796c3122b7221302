"""Fetch from the provider what it lists and we do not have: for catch-up, and when an owner asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from trinity_channels.authorisation import Authorisation
from trinity_channels.bindings import Bindings, Disconnected, OpenBinding
from trinity_channels.bindings.refusals import NotConnected
from trinity_channels.inbound.accept import Accepted, accept
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, bindings, messages
from trinity_channels.store.bindings import StoredBinding

OVERLAP = timedelta(minutes=5)
"""Clocks differ, and a message may have been under way when the last one came."""


class CannotList(Refusal):
    """The provider has no list of what it could not deliver; `channel` is the channel's title."""

    def __init__(self, channel: str) -> None:
        super().__init__(
            "cannot_list", f"{channel} has no list of what it could not deliver; it delivers again automatically."
        )


class NothingKnown(Refusal):
    """No message of a person has ever arrived, so the start of the gap is unknown."""

    def __init__(self) -> None:
        super().__init__("since_required", "No message has arrived yet. Say from when on: since.", field="since")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of it: how many messages were new, of those that the provider lists from `since` on."""

    messages: int
    since: datetime


class MissedMessages:
    """Fetches them; what is known already is not stored again."""

    def __init__(
        self,
        store: Store,
        plugins: Plugins,
        opened: Bindings,
        may: Authorisation,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._opened = opened
        self._may = may
        self._now = now

    def listed(self, channel: str) -> timedelta:
        """How far back the provider lists messages; zero if it does not."""
        return self._plugins[channel].manifest.capabilities.list_missed

    async def fetch(self, bound: OpenBinding, first: datetime) -> Fetched:
        """Fetch what was written from a time on, as far back as the provider lists it.

        Raises:
            ConfigurationError, ProviderUnavailable: it could not be listed.
        """
        now = self._now()
        earliest = now - self.listed(bound.channel)
        # Never before what the provider lists, and never in the future, from which a clock that was set back may come.
        since = max(min(max(first, earliest), now).astimezone(UTC) - OVERLAP, earliest)
        missed = await bound.list_missed(since)

        def keep(tx: Tx) -> Accepted:
            # With the messages in one transaction: else a crash between them would forget the gap.
            bindings.fetched(tx, bound.id, now)
            return accept(tx, bound.id, missed, now)

        accepted = await self._store.write(keep)
        return Fetched(len(accepted.messages), since)

    async def on_request(self, principal: Principal, agent: str, channel: str, since: datetime | None) -> Fetched:
        """Fetch for one binding, from a time on; None means since the last message that arrived, or was refused.

        Raises:
            Refusal: the principal is neither the owner nor an administrator.
            NotConnected: the agent has no binding there.
            CannotList: the channel has no such list.
            NothingKnown: no time is given, and no message has one.
            ConfigurationError, ProviderUnavailable, VaultError: it could not be listed.
        """
        await self._may.owner(principal, agent)
        title = self._plugins[channel].manifest.title
        if not self.listed(channel):
            raise CannotList(title)
        stored, first = await self._store.read(lambda tx: _known(tx, agent, channel, since))
        if stored is None or not stored.connected:
            raise NotConnected(title)
        if first is None:
            raise NothingKnown
        try:
            bound = await self._opened.open(stored.id)
        except Disconnected as error:
            raise NotConnected(title) from error
        return await self.fetch(bound, first)


def _known(tx: Tx, agent: str, channel: str, since: datetime | None) -> tuple[StoredBinding | None, datetime | None]:
    """The binding, and from when messages are to be listed: what was refused is always among them."""
    stored = bindings.of_agent(tx, agent, channel)
    if stored is None:
        return None, None
    start = since or messages.last_inbound(tx, stored.id, messages.newest(tx))
    return stored, min((one for one in (start, stored.refused_since) if one is not None), default=None)
