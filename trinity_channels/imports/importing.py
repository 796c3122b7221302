"""The service: checks a document, asks the providers, writes what has no problem in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from trinity_channels.access.directory import Directory, LocalDirectory
from trinity_channels.access.platform_policy import GROUPS, POLICIES
from trinity_channels.api import ChannelError
from trinity_channels.authorisation import administrator
from trinity_channels.bindings import Bindings, Disconnected, WebhooksToSet
from trinity_channels.bindings.webhooks_to_set import AT_ONCE
from trinity_channels.imports import agents
from trinity_channels.imports.document import read
from trinity_channels.imports.moves import Move, Moves
from trinity_channels.imports.newcomers import Newcomers
from trinity_channels.imports.problems import ImportRefused, Problems, first
from trinity_channels.imports.result import Imported, ImportedBinding
from trinity_channels.imports.writing import Contents, Writing
from trinity_channels.observability.log import get_logger
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.store import Store, Tx, bindings, notices

log = get_logger(__name__)

_NOT_SET = (
    "Its webhook could not be set at the provider. A running server tries again by itself, at first after a minute; or set "
    "it on the channel's page, or with set-webhook."
)
_NO_ADDRESS = "Its webhook is set at the provider as soon as there is a public address."
_BY_HAND = "Its webhook address is a new one: enter it at the provider."


class _OnlyTried(Exception):
    """Takes back what was written to find out what would become of it."""

    def __init__(self, result: Imported) -> None:
        super().__init__()
        self.result = result


class PlatformImport:
    """Takes over bindings, people, policies and shares. What is here already is never changed."""

    def __init__(
        self,
        store: Store,
        plugins: Plugins,
        opened: Bindings,
        directory: Directory,
        newcomers: Newcomers,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._opened = opened
        self._directory = directory
        self._newcomers = newcomers
        self._now = now
        self._to_set = WebhooksToSet(store, opened, now)
        self._moves = Moves(store, plugins, opened, now)

    async def run(self, principal: Principal, given: Mapping[str, Any], *, dry_run: bool = False) -> Imported:
        """Import a document, or find out what would become of it.

        The providers are asked whose the accounts are, also for a dry run; nothing is changed there. Only a binding whose
        webhook secrets the provider cannot know is registered afterwards, where the channel does that without being asked.

        Raises:
            Refusal: the principal is not an administrator.
            ImportRefused: the document has a problem as a whole, or every row has one; nothing was written.
            Unavailable: the directory cannot be asked about agents.
            VaultError: there is no encryption key.
        """
        administrator(principal)
        problems = Problems()
        # Thousands of e-mails are checked, for which nothing else is to wait.
        document = await asyncio.to_thread(read, given, problems)
        owners = await agents.owners(self._directory, document, problems)
        document = agents.without_problems(document, owners, problems)
        moves = self._moves.read(document, problems)
        sealed = await self._moves.sealed(moves, problems)
        local = isinstance(self._directory, LocalDirectory)
        # The owner has access anyway.
        shares = [one for one in document.shares if local and owners[one.row.agent].email != one.row.email]
        contents = Contents(
            bindings=sealed,
            policies=[
                (one.row.agent, POLICIES[one.row.require_email, one.row.open_access], GROUPS[one.row.group_auth_mode])
                for one in document.policies
            ],
            shares=[(one.row.agent, one.row.email, one.row.allow_proactive) for one in shares],
            shares_of_owners=len(document.shares) - len(shares) if local else 0,
            shares_elsewhere=0 if local else len(document.shares),
        )
        written = await self._write(Writing(contents, principal, self._now(), self._newcomers), dry_run=dry_run)
        every = [*problems.found, *written.problems]
        if every and not (written.bindings or document.policies or document.shares):
            raise ImportRefused(every)
        written = replace(written, problems=first(every))
        if dry_run:
            return written
        return replace(written, bindings=await self._finished(written.bindings, moves))

    async def _write(self, unit: Writing, *, dry_run: bool) -> Imported:
        def tried(tx: Tx) -> Imported:
            raise _OnlyTried(unit(tx))

        try:
            return await self._store.write(tried if dry_run else unit)
        except _OnlyTried as only:
            return only.result

    async def _finished(self, written: Sequence[ImportedBinding], moves: Sequence[Move]) -> list[ImportedBinding]:
        """Tell the providers what they do not know yet; the bindings say what is left to do."""
        waiting = await self._store.read(notices.webhooks_to_set)
        to_set = {(one.agent, one.channel): one.binding for one in waiting}
        at_once = asyncio.Semaphore(AT_ONCE)

        by_place = {(one.agent, one.channel): one for one in moves}

        async def finish(one: ImportedBinding) -> ImportedBinding:
            move = by_place[one.agent, one.channel]
            binding = to_set.get((one.agent, one.channel))
            if binding is None:
                left = await self._store.read(lambda tx: self._by_hand(tx, move))
                return _noted(one, _BY_HAND if left else "")
            async with at_once:
                return _noted(one, await self._set_webhook(binding, move))

        return await asyncio.gather(*map(finish, written))

    def _by_hand(self, tx: Tx, move: Move) -> bool:
        """Whether an address is to be entered at the provider by hand, and nothing has come to it yet."""
        if move.keeps_address or (stored := bindings.of_agent(tx, move.agent, move.channel)) is None:
            return False
        capabilities = self._plugins[move.channel].manifest.capabilities
        if capabilities.registers_unasked(sandbox=stored.account.sandbox):
            return False
        return bindings.last_inbound(tx, stored.id) is None

    async def _set_webhook(self, binding: int, move: Move) -> str:
        """Tell a provider; returns what is left to do, empty if nothing is."""
        try:
            return "" if await self._to_set.tell(binding) else _NO_ADDRESS
        except (ChannelError, Disconnected) as error:
            return f"{_NOT_SET} {error}".rstrip()
        # It is imported, and is told later.
        except Exception as error:
            log.exception("a webhook could not be set", channel=move.channel, error=type(error).__name__)
            return _NOT_SET


def _noted(one: ImportedBinding, note: str) -> ImportedBinding:
    return replace(one, note=f"{one.note} {note}".strip())
