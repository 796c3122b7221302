"""What a change of an agent's policy would do: who would gain or lose access, and what would be answered at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from trinity_channels.access.directory import Directory
from trinity_channels.access.gate import HELD_FOR, Policy, policies
from trinity_channels.authorisation import Authorisation
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.store import Store, Tx, access, clients
from trinity_channels.store.clients import Counts


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
        if owner := await self._directory.owner(agent):
            shared.add(owner)
        now = self._now()

        def count(tx: Tx) -> tuple[Policy, Counts, Counts]:
            people, messages = Counts(), Counts()
            for place in clients.places(tx, agent):
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
        before = _let_in(people, present)
        return [
            PolicyEffect(
                policy=policy,
                allows=_let_in(people, policy),
                # Each policy lets in everyone that the next stricter one does.
                gain=max(0, _let_in(people, policy) - before),
                lose=max(0, before - _let_in(people, policy)),
                answered=0 if policy is present else _let_in(messages, policy),
            )
            for policy in Policy
        ]


def _let_in(counts: Counts, policy: Policy) -> int:
    """How many of those counted a policy lets in; see `gate.decide`."""
    return {
        Policy.OPEN: counts.everyone,
        Policy.REQUIRE_EMAIL: counts.verified,
        Policy.REQUIRE_SHARING: counts.shared,
    }[policy]
