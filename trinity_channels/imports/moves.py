"""A binding that is to be moved here: its settings as the channel's model, its key, its people, and its account."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from pydantic import BaseModel, SecretStr

from trinity_channels.api import Account, ChannelError
from trinity_channels.bindings import Bindings
from trinity_channels.bindings.given_settings import InvalidSettings, parse, secret_names
from trinity_channels.bindings.webhook_key import WebhookKey, digest
from trinity_channels.crypto.vault import VaultError
from trinity_channels.imports.document import Document, DocumentRow, GivenBinding
from trinity_channels.imports.people import people
from trinity_channels.imports.problems import Problems
from trinity_channels.imports.writing import Sealed
from trinity_channels.observability.log import get_logger
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, Tx, bindings, imported
from trinity_channels.store.bindings import StoredBinding
from trinity_channels.store.imported import Person

log = get_logger(__name__)

_AT_ONCE = 8
"""Providers that are asked at the same time."""
_PATIENCE = 20.0
"""Seconds that one of them may take."""


@dataclass(frozen=True, slots=True)
class Move:
    """A binding that is to be here.

    Attributes:
        place: what its problems are told of.
        key: the webhook key that it gets.
        keeps_address: whether the key is the platform's; else it is a new one.
        provider_lacks_secret: whether the provider has to be told a secret of ours that it does not know.
    """

    place: str
    agent: str
    channel: str
    settings: BaseModel = field(repr=False)
    people: Sequence[Person] = field(repr=False)
    key: WebhookKey = field(repr=False)
    keeps_address: bool
    provider_lacks_secret: bool


class Moves:
    """Makes them of rows."""

    def __init__(self, store: Store, plugins: Plugins, opened: Bindings, now: Callable[[], datetime]) -> None:
        self._store = store
        self._plugins = plugins
        self._opened = opened
        self._now = now

    def read(self, document: Document, problems: Problems) -> list[Move]:
        """Check each binding against its channel; those with problems are left out, and so are people."""
        found = []
        for one in document.bindings:
            if one.row.channel in self._plugins:
                found.append(self._read(one, problems))
            else:
                known = ", ".join(self._plugins) or "none"
                problems.add(f"{one.place}.channel", f"There is no such channel here. Installed channels: {known}.")
        return [one for one in found if one]

    def _read(self, one: DocumentRow[GivenBinding], problems: Problems) -> Move | None:
        row, manifest = one.row, self._plugins[one.row.channel].manifest
        persons = tuple(people(manifest, one.contacts, self._now(), problems))
        try:
            settings = parse(manifest, row.settings, {})
        except InvalidSettings as error:
            for problem in error.problems:
                problems.add(f"{one.place}.settings", problem.sentence)
            return None
        given, token = row.webhook_secret, row.webhook_token
        fresh = WebhookKey.fresh()
        key = WebhookKey(
            given.get_secret_value() if given else fresh.key, token.get_secret_value() if token else fresh.secret
        )
        return Move(
            f"{one.place} ({row.agent} on {manifest.title})",
            row.agent,
            row.channel,
            settings,
            persons,
            key,
            keeps_address=given is not None,
            provider_lacks_secret=given is None or token is None,
        )

    async def sealed(self, moves: Sequence[Move], problems: Problems) -> list[Sealed]:
        """The bindings as they are stored, with what the providers say about their accounts; without those with problems.

        Only the provider can say whose an account is, and without that no webhook can be read: its own user's id, for one.

        Raises:
            VaultError: there is no encryption key.
        """
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def seal(move: Move) -> Sealed | None:
            async with at_once:
                stored, is_here = await self._store.read(lambda tx: _here(tx, move))
                differs = stored is not None and self._differs(stored, move)
                account = None if is_here else await self._account(move, problems)
                return self._sealed(move, account, differs=differs) if is_here or account else None

        sealed = [one for one in await asyncio.gather(*map(seal, moves)) if one]
        times = Counter((one.channel, one.account.key) for one in sealed if one.account)
        shared = {one.place for one in sealed if one.account and times[one.channel, one.account.key] > 1}
        for place in sorted(shared):
            problems.add(place, "Another row has the same account. Each agent needs its own.")
        return [one for one in sealed if one.place not in shared]

    def _sealed(self, move: Move, account: Account | None, *, differs: bool) -> Sealed:
        secret = secret_names(self._plugins[move.channel].manifest)
        seal = partial(self._opened.secrets.sealed, move.agent, move.channel)
        return Sealed(
            place=move.place,
            agent=move.agent,
            channel=move.channel,
            account=account,
            settings=move.settings.model_dump(mode="json", exclude=secret),
            secrets={
                name: seal(name, value.get_secret_value())
                for name in secret
                if isinstance(value := getattr(move.settings, name), SecretStr)
            },
            key=(seal("webhook_key", str(move.key)), digest(move.key.key)),
            keeps_address=move.keeps_address,
            to_set=move.provider_lacks_secret
            and account is not None
            and self._plugins[move.channel].manifest.capabilities.registers_unasked(sandbox=account.sandbox),
            differs=differs,
            people=move.people,
        )

    def _differs(self, stored: StoredBinding, move: Move) -> bool:
        """Whether the settings here are others than the document's; also if they cannot be read any more."""
        try:
            kept = parse(self._plugins[move.channel].manifest, stored.settings, self._opened.secrets.all(stored))
        except (InvalidSettings, VaultError):
            return True
        return kept != move.settings

    async def _account(self, move: Move, problems: Problems) -> Account | None:
        """Whose account it is; None if there is a problem."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._plugins[move.channel].configure(
                    move.settings, self._opened.contexts.of(move.channel, move.key.key), listens=False
                )
        except ChannelError as error:
            problems.add(move.place, error.message)
        except TimeoutError:
            problems.add(move.place, f"{self._plugins.title(move.channel)} does not answer. Try again in a moment.")
        except Exception as error:
            log.exception("an account could not be opened", channel=move.channel, error=type(error).__name__)
            problems.add(move.place, f"The plugin failed ({type(error).__name__}); the log says more.")
        return None


def _here(tx: Tx, move: Move) -> tuple[StoredBinding | None, bool]:
    """The connected binding of the agent, and whether the webhook address of the document is, or was, this one's.

    Then the provider need not be asked: it stays as it is.
    """
    present = bindings.of_agent(tx, move.agent, move.channel)
    if present is None or not present.connected:
        return None, False
    holder = imported.key_holder(tx, digest(move.key.key))
    return present, holder is not None and holder[0] == present.id
