"""The service: checks a document, asks the providers, writes it in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from trinity_channels.access.directory import Directory, LocalDirectory
from trinity_channels.access.platform_policy import GROUPS, POLICIES
from trinity_channels.api import ChannelError
from trinity_channels.authorisation import administrator
from trinity_channels.bindings import Bindings, Disconnected, OpenBinding
from trinity_channels.imports import agents
from trinity_channels.imports.document import read
from trinity_channels.imports.moves import Move, Moves
from trinity_channels.imports.newcomers import Newcomers
from trinity_channels.imports.problems import Problems
from trinity_channels.imports.result import Imported, ImportedBinding
from trinity_channels.imports.writing import Contents, Writing
from trinity_channels.observability.log import get_logger
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.store import Store, Tx, bindings

log = get_logger(__name__)

_PATIENCE = 30.0
"""Seconds that a provider may take to be pointed here."""
_NOT_SET = "Its webhook could not be set at the provider; set it on the channel's page, or with set-webhook."


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
        self._opened = opened
        self._directory = directory
        self._newcomers = newcomers
        self._now = now
        self._moves = Moves(store, plugins, opened, now)

    async def run(self, principal: Principal, given: Mapping[str, Any], *, dry_run: bool = False) -> Imported:
        """Import a document, or find out what would become of it.

        The providers are asked whose the accounts are, also for a dry run; nothing is changed there. Only a binding whose
        webhook secrets the provider cannot know is registered afterwards, where the channel does that without being asked.

        Raises:
            Refusal: the principal is not an administrator.
            ImportRefused: rows have problems; nothing was written.
            Unavailable: the directory cannot be asked about agents.
            VaultError: there is no encryption key.
        """
        administrator(principal)
        problems = Problems()
        # Thousands of e-mails are checked, for which nothing else is to wait.
        document = await asyncio.to_thread(read, given, problems)
        owners = await agents.owners(self._directory, document, problems)
        agents.refuse_twice(document, problems)
        moves = self._moves.read(document, owners, problems)
        sealed = await self._moves.sealed(moves, problems)
        problems.refuse()
        local = isinstance(self._directory, LocalDirectory)
        contents = Contents(
            bindings=sealed,
            policies=[
                (one.row.agent, POLICIES[one.row.require_email, one.row.open_access], GROUPS[one.row.group_auth_mode])
                for one in document.policies
            ],
            # The owner has access anyway.
            shares=[
                (one.row.agent, one.row.email, one.row.allow_proactive)
                for one in document.shares
                if local and owners[one.row.agent].email != one.row.email
            ],
            shares_elsewhere=0 if local else len(document.shares),
        )
        written = await self._write(Writing(contents, principal, self._now(), self._newcomers), dry_run=dry_run)
        if dry_run:
            return written
        self._opened.forget()
        noted = [await self._registered(one, move) for one, move in zip(written.bindings, moves, strict=True)]
        return replace(written, bindings=noted)

    async def _write(self, unit: Writing, *, dry_run: bool) -> Imported:
        def tried(tx: Tx) -> Imported:
            raise _OnlyTried(unit(tx))

        try:
            return await self._store.write(tried if dry_run else unit)
        except _OnlyTried as only:
            return only.result

    async def _registered(self, one: ImportedBinding, move: Move) -> ImportedBinding:
        """Point the provider here, if it does not know our secrets."""
        if not (one.new and move.tells):
            return one
        stored = await self._store.read(lambda tx: bindings.of_agent(tx, move.agent, move.channel))
        assert stored is not None  # noqa: S101  written above
        try:
            async with asyncio.timeout(_PATIENCE):
                note = await self._told(await self._opened.open(stored.id), move)
        except (ChannelError, Disconnected) as error:
            note = f"{_NOT_SET} {error}".rstrip()
        # It is imported, and can be pointed here later.
        except Exception as error:
            log.exception("a webhook could not be set", channel=move.channel, error=type(error).__name__)
            note = _NOT_SET
        return replace(one, note=note)

    async def _told(self, bound: OpenBinding, move: Move) -> str:
        """Tell the provider, where that is done without being asked for; what is left to do, empty if nothing is."""
        if not bound.registers_unasked:
            return "" if move.keeps_address else "Its webhook address is a new one: enter it at the provider."
        if bound.context.webhook_url is None:
            return "Its webhook is set at the provider as soon as there is a public address."
        await bound.register_webhook()
        return ""
