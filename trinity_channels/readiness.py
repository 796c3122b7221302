"""Whether a process can do its work, and why not: for `/readyz`, the diagnosis and the pages alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from trinity_channels.api import Check, CheckState
from trinity_channels.bindings import Bindings
from trinity_channels.plugins import Plugins
from trinity_channels.role import Phase, Role
from trinity_channels.store import Store, StoreError, Tx, workers
from trinity_channels.store.bindings import StoredBinding
from trinity_channels.store.schema import Schema, compared

PATIENCE = 2.0
"""Seconds that the database may take to show that it is there."""
UNHEARD = 10.0
"""Seconds for which a process may go on without hearing from the others: as long as a restart of the database takes."""
SILENT = 15.0
"""Seconds after which a worker that has not been heard of is dead: by then another one has taken over its work."""
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Ready:
    """What was found.

    Attributes:
        database: "ok", or what kind of error it answered with.
        locked: the connected accounts whose encryption key is lost.
        checks: what is wrong; nothing of what is right.
    """

    database: str
    locked: tuple[StoredBinding, ...]
    checks: tuple[Check, ...]

    @property
    def keys(self) -> str:
        """For which accounts the key is lost; "ok" if for none."""
        return _lost(self.locked) if self.locked else "ok"

    @property
    def ready(self) -> bool:
        """Whether requests may be sent here: what is only a warning keeps none away."""
        return not any(check.state is CheckState.FAILED for check in self.checks)


class Readiness:
    """Looks at one process. `phase` says how far it is in its life, `heard` whether others leave its work to it.

    Attributes:
        role: what the process does.
    """

    def __init__(
        self,
        store: Store,
        plugins: Plugins,
        opened: Bindings,
        role: Role,
        phase: Callable[[], Phase],
        heard: Callable[[], bool],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._opened = opened
        self.role = role
        self._phase = phase
        self._heard = heard

    @property
    def dispatcher(self) -> str:
        """What the dispatcher of this process does."""
        return self._phase().value if self.role.works else "elsewhere"

    async def look(self) -> Ready:
        """Look now, for at most as long as the database may take; never raises."""
        locked: list[StoredBinding] = []
        connected = 0
        database = "ok"
        checks = [*self._of_life()]
        try:
            async with asyncio.timeout(PATIENCE):
                schema = await self._store.read(_schema)
                connected, locked = await self._opened.locked()
                between = await self.between_processes()
        except Exception as error:  # noqa: BLE001  whatever it is, the database does not answer
            database = type(error).__name__
            # First, and alone with what does not follow from it.
            checks.insert(0, self._unreachable(error))
        else:
            checks += [*self._of_heartbeats(), *_of_schema(schema), *between]
        # With one account's key lost the others still work; with all of them nothing can be received.
        if locked:
            checks.append(_keys(locked, everything=len(locked) == connected))
        if not list(self._plugins):
            checks.append(Check("plugins", CheckState.FAILED, "No channel can be used.", "Install a channel's plugin."))
        return Ready(database, tuple(locked), tuple(checks))

    async def between_processes(self) -> list[Check]:
        """What is wrong between the processes that serve the database; nothing where there can be only one.

        Raises:
            StoreError: the database cannot be used.
        """
        if not self._store.shared:
            return []
        checks = [_deaf(self._store.unheard)] if self._store.unheard > UNHEARD else []
        if not self.role.works:
            heard = await self._store.lookup(workers.last_heard)
            if heard is None or heard > SILENT:
                checks.append(_alone(heard))
        return checks

    def _of_life(self) -> Iterator[Check]:
        phase = self._phase()
        if phase is Phase.STOPPING:
            message = "This process is shutting down: it finishes what runs and begins nothing new."
            yield Check("stopping", CheckState.FAILED, message, "Send requests to another process.")
        elif phase is Phase.STOPPED:
            what = "The dispatcher of this process" if self.role.works else "This process"
            yield Check(
                "dispatcher", CheckState.FAILED, f"{what} does not run.", "Look at its log, and start it again."
            )

    def _of_heartbeats(self) -> Iterator[Check]:
        if self._phase() is Phase.RUNNING and not self._heard():
            message = (
                "The heartbeats of this process have not been written for some seconds, though the database answers: other "
                "processes take over what it worked on."
            )
            fix = "Look at its log, and at the connections that the database allows; it goes on by itself then."
            yield Check("dispatcher", CheckState.FAILED, message, fix)

    def _unreachable(self, error: Exception) -> Check:
        why = f"it did not answer within {PATIENCE:g} seconds" if isinstance(error, TimeoutError) else str(error)
        message = f"The database {self._store.name} cannot be used: {why or type(error).__name__}"
        if isinstance(error, StoreError):  # it names the database itself
            message = str(error)
        fix = "Start the database, or correct what the message names; this process goes on by itself then."
        return Check("database", CheckState.FAILED, message, fix)


def _deaf(seconds: float) -> Check:
    message = (
        f"The connection on which other processes tell of changes has been broken for {seconds:.0f} seconds: accounts and "
        "settings that were changed since count here as they were."
    )
    return Check("news", CheckState.FAILED, message, "Look at the network and the limits of the database server.")


def _alone(heard: float | None) -> Check:
    since = "" if heard is None else f" for {heard:.0f} seconds"
    message = f"No process that answers has been heard of{since}: messages are stored, and wait."
    fix = "Start `trinity-channels worker` on this database, or `trinity-channels serve` without --no-worker."
    return Check("workers", CheckState.WARNING, message, fix)


def _schema(tx: Tx) -> Schema:
    return compared(tx)


def _of_schema(schema: Schema) -> Iterator[Check]:
    if schema is Schema.NEWER:
        message = "A later version has changed the database's schema since this process started."
        fix = "Stop this process and start it with the version that the others have."
        yield Check("schema", CheckState.FAILED, message, fix)
    elif schema is Schema.MOVED:
        message = "The database is being moved to another place, or was."
        yield Check("schema", CheckState.FAILED, message, "Stop this process and start it with the new database.")
    elif schema is Schema.OLDER:
        message = "The database has an older schema than this process needs: an earlier backup was restored."
        fix = "Stop all processes on this database, start one, which brings the schema up to date, then the others."
        yield Check("schema", CheckState.FAILED, message, fix)


def _keys(locked: list[StoredBinding], *, everything: bool) -> Check:
    fix = (
        "Add the former key to TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY, after the newest one, or connect these "
        "accounts again."
    )
    message = f"The encryption key is {_lost(locked)}: nothing is received or sent there."
    return Check("keys", CheckState.FAILED if everything else CheckState.WARNING, message, fix)


def _lost(locked: Sequence[StoredBinding]) -> str:
    named = ", ".join(f"{one.agent} on {one.channel}" for one in locked[:SHOWN])
    return f"lost for {named}" + (f" and {len(locked) - SHOWN} more" if len(locked) > SHOWN else "")
