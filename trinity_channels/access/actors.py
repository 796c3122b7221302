"""How those are called who did something, where another application knows their accounts by an id."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from trinity_channels.access.directory import Directory, agents_of, owner_of
from trinity_channels.principal import Role
from trinity_channels.refusal import Refusal

_ACCOUNTS = (Role.USER, Role.ADMIN)


class Actors:
    """Tells it by the agents that an account owns; one that owns none stays an id."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def called(self, actors: Iterable[str | None]) -> dict[str, str]:
        """The e-mails or names of accounts that are known by an id, by what the audit log calls them."""
        found: dict[str, str] = {}
        for actor in dict.fromkeys(actors):
            role, _, identity = (actor or "").partition(":")
            if actor and role in _ACCOUNTS and identity and "@" not in identity:
                # A directory that cannot be asked must not keep what was done from being read.
                with contextlib.suppress(Refusal):
                    if name := await self._name(identity):
                        found[actor] = name
        return found

    async def _name(self, identity: str) -> str:
        for agent in (await agents_of(self._directory, identity))[:1]:
            owner = await owner_of(self._directory, agent)
            if owner and owner.id == identity:
                return owner.shown
        return ""
