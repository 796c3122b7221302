"""What a change of an agent's policy would do: who would gain or lose access, and what would be answered at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from trinity_channels.access.directory import Directory, owner_email
from trinity_channels.access.gate import HELD_FOR, Policy, policies
from trinity_channels.authorisation import Authorisation
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.store import Store, Tx, access, clients
from trinity_channels.store.clients import Counts


class _Group(Enum):
    """What the gate tells people apart by who are not blocked. `VERIFIED`: without a share."""

    UNVERIFIED = auto()
    VERIFIED = auto()
    SHARED = auto()


_LETS_IN = {
    Policy.OPEN: frozenset(_Group),
    Policy.OPEN_UNTIL_VERIFIED: frozenset({_Group.UNVERIFIED, _Group.SHARED}),
    Policy.REQUIRE_EMAIL: frozenset({_Group.VERIFIED, _Group.SHARED}),
    Policy.REQUIRE_SHARING: frozenset({_Group.SHARED}),
}
"""Whom a policy lets in; see `gate.decide`."""


@dataclass(frozen=True, slots=True)
class PolicyEffect:
    """What one policy means for the people who have written so far, on the channels that are connected.

    Attributes:
        policy: the policy.
        allows: how many of them may chat under it.
        gain: how many may not chat now, and could then.
        lose: how many may chat now, and could not then.
        answered: how many messages that are held now would be answered at once.
    """

    policy: Policy
    allows: int
    gain: int
    lose: int
    answered: int


class PolicyEffects:
    """Counts them. Administrators of a surrounding application count as its directory shares the agent with them."""

    def __init__(
        self, store: Store, directory: Directory, plugins: Plugins, may: Authorisation, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._directory = directory
        self._plugins = plugins
        self._may = may
        self._now = now

    async def of(self, principal: Principal, agent: str) -> list[PolicyEffect]:
        """The effect of each policy, the most open one first; that of the present one is none.

        Raises:
            Refusal: the principal may not manage the agent.
        """
        await self._may.owner(principal, agent)
        shared = {one.email for one in await self._directory.shares(agent)}
        if owner := await owner_email(self._directory, agent):
            shared.add(owner)
        now = self._now()

        def count(tx: Tx) -> tuple[Policy, Counts, Counts]:
            people, messages = Counts(), Counts()
            for place in clients.connections(tx, agent):
                if not place.connected or place.channel not in self._plugins:
                    continue  # no one can write there, and nothing can be sent
                window = self._plugins[place.channel].manifest.reply_window
                people += clients.counts(tx, place.binding, shared)
                messages += clients.held_counts(
                    tx,
                    place.binding,
                    shared,
                    written_since=now - HELD_FOR,
                    open_since=None if window is None else now - window,
                )
            return policies(access.policies(tx, agent))[0], people, messages

        present, people, messages = await self._store.read(count)
        return [
            PolicyEffect(
                policy=policy,
                allows=_number(people, _LETS_IN[policy]),
                gain=_number(people, _LETS_IN[policy] - _LETS_IN[present]),
                lose=_number(people, _LETS_IN[present] - _LETS_IN[policy]),
                answered=0 if policy is present else _number(messages, _LETS_IN[policy]),
            )
            for policy in Policy
        ]


def _number(counts: Counts, groups: frozenset[_Group]) -> int:
    """How many of those counted belong to these groups."""
    sizes = {
        _Group.UNVERIFIED: counts.everyone - counts.verified,
        _Group.VERIFIED: counts.verified - counts.shared,
        _Group.SHARED: counts.shared,
    }
    return sum(sizes[group] for group in groups)
