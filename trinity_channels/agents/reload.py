"""Read the agents of the settings file again while the host runs: all of the new state, or all of the old one.

When one process does, the others of its database read their own files, too.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from trinity_channels.agent_settings import Agent
from trinity_channels.agents import configured
from trinity_channels.agents.table import AgentTable, Changes
from trinity_channels.authorisation import administrator
from trinity_channels.observability.log import get_logger
from trinity_channels.per_loop import PerLoop
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, StoreError, Tx, Unit, audit, bindings, settings
from trinity_channels.store.news import Subject

T = TypeVar("T")
log = get_logger(__name__)

_READING = "configuration_reading"
"""The stored setting that tells one reading of the file from another, for processes that have not heard of one."""


class ReloadRefused(Refusal):
    """What was read cannot work, so the host goes on with what it had; `problems` has one line for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        message = "\n".join(["The settings cannot work, so nothing was changed:", *problems])
        super().__init__("invalid_settings_file", message, extra={"problems": list(problems)})
        self.problems = problems


class NotReloadable(Refusal):
    """The application around this host gave it its settings or its agents; there is no file to read again."""

    def __init__(self) -> None:
        super().__init__("not_reloadable", "This host was given its settings by the application around it.")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the settings say now.

    Attributes:
        agents: the tables.
        restart: the other settings that differ from those the host runs with.
        complete: there are no other agents than those that have a table.
    """

    agents: Mapping[str, Agent]
    restart: tuple[str, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Left:
    """An agent that is not configured any more and still connected; `title` is what people call the channel."""

    agent: str
    channel: str
    title: str


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What became of it.

    Attributes:
        changes: the agents that differ from before.
        restart: other settings that have changed, and count from the next start.
        left: agents that are not configured any more and still connected.
    """

    changes: Changes
    restart: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()

    @property
    def message(self) -> str:
        """All of it in sentences, one a line."""
        named = {"Added": self.changes.added, "Changed": self.changes.changed, "Removed": self.changes.removed}
        lines = [f"{word}: {', '.join(names)}." for word, names in named.items() if names]
        lines = lines or ["The agents are as they were."]
        lines += [
            f"{one.agent} is still connected on {one.title}, and people who write there get an apology. Put the agent back "
            f"and disconnect it (DELETE /api/agents/{one.agent}/{one.channel}) before you remove it."
            for one in self.left
        ]
        if self.restart:
            lines.append(f"Restart the host for what else has changed: {', '.join(self.restart)}.")
        return "\n".join(lines)


class AgentReload:
    """Does it. Turns that run go on with the agent they began with."""

    def __init__(
        self,
        table: AgentTable,
        store: Store,
        read: Callable[[], Configuration] | None,
        titles: Callable[[str], str],
        now: Callable[[], datetime],
    ) -> None:
        """`read` raises ReloadRefused for settings that cannot work; None means that nothing can be read again.

        `titles` tells what people call a channel.
        """
        self._table = table
        self._store = store
        self._read = read
        self._titles = titles
        self._now = now
        # Two at once could put an older file in the place of a newer one.
        self._reloading = PerLoop(asyncio.Lock)
        self._seen: str | None = None
        self._telling = False
        self._under_way = 0
        store.read_on_news(Subject.CONFIGURATION, self._follow)

    @property
    def possible(self) -> bool:
        """Whether there is anything to read."""
        return self._read is not None

    async def begin(self) -> None:
        """The settings were read a moment ago: what other processes have read until now is no news."""
        self._seen = await self._store.lookup(_reading)

    async def run(self, principal: Principal) -> Reloaded:
        """Put what the settings say now in the place of the present agents, for an administrator.

        Raises:
            Refusal: the principal is not an administrator.
            ReloadRefused: it cannot work; nothing was changed.
            StoreError: it could not be put on record; nothing was changed.
            NotReloadable: there is nothing to read.
        """
        administrator(principal)
        if self._read is None:
            raise NotReloadable
        self._under_way += 1
        try:
            async with self._reloading.current:
                found = await asyncio.to_thread(self._read)
                changes = self._table.changes(found.agents)
                # On record before it takes effect: without the record nothing changes.
                connected = await self._told_all(lambda tx: self._record(tx, found, changes, principal))
                self._table.replace(found.agents)
        finally:
            self._under_way -= 1
        left = tuple(
            Left(agent, channel, self._titles(channel))
            for agent, channel in connected
            if found.complete and agent not in found.agents
        )
        return Reloaded(changes, found.restart, left)

    async def _told_all(self, unit: Unit[T]) -> T:
        """Write, and do not follow what this process tells itself by that."""
        self._telling = True
        try:
            return await self._store.write(unit)
        finally:
            self._telling = False

    async def _follow(self) -> None:
        """Another process may have read its file: read the one that is here.

        Raises:
            StoreError: it cannot be looked up, or settings are being read here just now; try again.
        """
        if self._read is None or self._telling:
            return
        reading = await self._store.read(_reading)
        if self._under_way:
            # What is under way waits until news was read, so that this must not wait for it.
            raise StoreError("The settings are being read.")
        async with self._reloading.current:
            if reading == self._seen:
                return
            self._seen = reading
            try:
                found = await asyncio.to_thread(self._read)
            except ReloadRefused as refused:
                log.warning("agents not reloaded as in another process", problems=refused.problems)
                return
            changes = self._table.changes(found.agents)
            self._table.replace(found.agents)
        told = {"added": changes.added, "changed": changes.changed, "removed": changes.removed}
        log.info("agents reloaded as in another process", **told)

    def _record(self, tx: Tx, found: Configuration, changes: Changes, by: Principal) -> list[tuple[str, str]]:
        """Put it on record, if anything differs; returns what is connected."""
        named = {"added": changes.added, "changed": changes.changed, "removed": changes.removed}
        details = {word: list(names) for word, names in named.items() if names}
        self._seen = secrets.token_hex(8)
        settings.put(tx, _READING, self._seen)
        configured.put(tx, found.agents)
        tx.tell(Subject.CONFIGURATION)
        if details:
            audit.add(tx, self._now(), by.actor, "reload_agents", details=details)
        return [(one.agent, one.channel) for one in bindings.every(tx) if one.connected]


def _reading(tx: Tx) -> str | None:
    return settings.get(tx, _READING)
