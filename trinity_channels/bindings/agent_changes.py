"""An agent was renamed or deleted where agents are made: what is stored under its name follows, or is removed.

Both may be repeated: what is done already is not done again. A turn that runs goes on; its answer is sent if the agent was
renamed, and dropped if it was deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from trinity_channels.agent_name import RULE, fits_addresses
from trinity_channels.authorisation import administrator
from trinity_channels.bindings.registry import Bindings
from trinity_channels.bindings.webhook_key import WebhookKey, digest
from trinity_channels.crypto.vault import VaultError
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, agent_erasure, agent_names, audit, bindings, retired_keys
from trinity_channels.store.bindings import StoredBinding
from trinity_channels.store.given_up import ERASED, GIVEN_UP
from trinity_channels.store.news import Subject

LONGEST_NAME = 200


class NameTaken(Refusal):
    """Something is stored under the new name; `what` there is, in words."""

    def __init__(self, name: str, what: list[str]) -> None:
        super().__init__(
            "agent_name_taken",
            f"There is something stored for {name} already: {', '.join(what)}. It could be another agent's. Delete what is "
            "stored for that name first, if it is not needed.",
            field="name",
        )


@dataclass(frozen=True, slots=True)
class Renamed:
    """What became of it. `moved` is False if nothing was stored under the former name."""

    agent: str
    name: str
    moved: bool

    @property
    def message(self) -> str:
        """The same in a sentence."""
        if not self.moved:
            return f"Nothing is stored for {self.agent}: it has moved already, or there never was anything."
        return f"Everything that was stored for {self.agent} is {self.name}'s now; webhook addresses stay as they are."


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of it.

    Attributes:
        agent: its name.
        found: whether anything was stored for it.
        channels: what people call the channels that it was connected to.
    """

    agent: str
    found: bool
    channels: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """The same in sentences, with what stays."""
        if not self.found:
            return f"Nothing is stored for {self.agent}."
        stays = (
            f"What was stored for {self.agent} is removed: channels, people, conversations, shares, requests, settings and "
            "tokens. The audit log stays, and so do empty rows that are only counted."
        )
        if not self.channels:
            return stays
        return f"{stays} {' and '.join(self.channels)} may still post to the former webhook address: remove it there."


@runtime_checkable
class RemembersAgents(Protocol):
    """What keeps something by the names of agents, in memory."""

    def agents_changed(self) -> None:
        """Forget it: an agent was renamed or deleted, and names may mean other agents now."""


class AgentChanges:
    """What the surrounding application tells of its agents, or an administrator.

    Those of `remembering` that keep something by agents' names hear of it.
    """

    def __init__(
        self,
        store: Store,
        opened: Bindings,
        plugins: Plugins,
        now: Callable[[], datetime],
        remembering: Collection[object] = (),
    ) -> None:
        self._store = store
        self._opened = opened
        self._plugins = plugins
        self._now = now
        # Until it was looked at: a host may have died before all was erased.
        self._erases = True
        store.on_news(Subject.AGENTS, self._look_again)
        for one in remembering:
            if isinstance(one, RemembersAgents):
                store.on_news(Subject.AGENTS, one.agents_changed)

    async def renamed(self, principal: Principal, agent: str, name: str) -> Renamed:
        """Move what is stored for an agent to its new name.

        Raises:
            Refusal: the principal is not an administrator; `invalid_input`.
            NameTaken: something is stored for the new name; nothing is changed.
            VaultError: the encryption key of a connected channel is missing; nothing is changed.
        """
        administrator(principal)
        if not _usable(name):
            raise Refusal("invalid_input", f"name must have 1 to {LONGEST_NAME} {RULE}.", field="name")
        now = self._now()

        def move(tx: Tx) -> bool:
            if name == agent or not _usable(agent) or not agent_names.stored(tx, agent):
                return False
            if taken := agent_names.stored(tx, name):
                raise NameTaken(name, taken)
            for one in bindings.every(tx):
                if one.agent == agent:
                    self._seal_again(tx, one, name, now)
            agent_names.rename(tx, agent, name)
            audit.add(tx, now, principal.actor, "rename_agent", agent=name, details={"from": agent})
            return True

        moved = await self._store.write(move)
        return Renamed(agent, name, moved)

    async def deleted(self, principal: Principal, agent: str) -> Deleted:
        """Remove what is stored for an agent.

        Raises:
            Refusal: the principal is not an administrator.
        """
        administrator(principal)
        now = self._now()

        def remove(tx: Tx) -> Deleted:
            if not _usable(agent) or not agent_names.stored(tx, agent):
                return Deleted(agent, found=False)
            connected = [one.channel for one in bindings.every(tx) if one.agent == agent and one.connected]
            agent_names.delete_all(tx, agent, now)
            audit.add(tx, now, principal.actor, "delete_agent", agent=agent)
            return Deleted(agent, found=True, channels=tuple(map(self._plugins.title, connected)))

        done = await self._store.write(remove)
        await self.run()
        return done

    def _look_again(self) -> None:
        self._erases = True

    async def run(self) -> None:
        """Erase what deleted agents have left, also after a crash; called periodically."""
        now = self._now()
        while self._erases:
            self._erases = await self._store.write(lambda tx: agent_erasure.step(tx, now))

    def _seal_again(self, tx: Tx, stored: StoredBinding, name: str, now: datetime) -> None:
        """Seal the secrets of a binding for its agent's new name: they open for no other."""
        secrets = self._opened.secrets
        sealed = {field: secrets.sealed_for(stored, field, record, name) for field, record in stored.secrets.items()}
        try:
            key = secrets.sealed_for(stored, "webhook_key", stored.webhook_key, name)
        except VaultError:
            if stored.connected:
                raise
            # It will get another address when it is connected again: no one could tell the former one.
            fresh = WebhookKey.fresh()
            key = secrets.sealed(name, stored.channel, "webhook_key", str(fresh))
            bindings.rotate(tx, stored.id, (key, digest(fresh.key)), now)
        bindings.reseal(tx, stored.id, sealed, key)
        for retired, record in retired_keys.of_binding(tx, stored.id):
            try:
                again = secrets.sealed_for(stored, "webhook_key", record, name)
            except VaultError:
                continue  # nothing can be authenticated there, under whatever name
            retired_keys.reseal(tx, retired, again)


def _usable(name: str) -> bool:
    """Whether an agent can have this name: not one of those that rows are kept under."""
    reserved = name.startswith((GIVEN_UP, ERASED))
    return len(name) <= LONGEST_NAME and fits_addresses(name) and name == name.strip() and not reserved
