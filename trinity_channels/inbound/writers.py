"""Who wrote what waits in a group, and which of them may use the agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trinity_channels.access.directory import Directory, is_suspended
from trinity_channels.inbound.senders import Senders, Writer
from trinity_channels.store import Unit
from trinity_channels.store.conversation_state import Contact, ConversationState


@dataclass(frozen=True, slots=True)
class Known:
    """The writers by contact. `access` says whose e-mail may use the agent; the accounts of those in `suspended` are."""

    people: Mapping[int, Contact]
    access: Mapping[int, bool]
    suspended: frozenset[int] = frozenset()


class Writers:
    """Looks up everyone who wrote, at the provider and in the directory."""

    def __init__(self, senders: Senders, directory: Directory) -> None:
        self._senders = senders
        self._directory = directory

    async def of(self, state: ConversationState, writers: Mapping[int, Writer]) -> tuple[Known, tuple[Unit[None], ...]]:
        """The writers of the waiting messages, and what is to be recorded about them.

        Raises:
            ProviderUnavailable: the provider could not be asked.
        """
        people: dict[int, Contact] = {}
        access: dict[int, bool] = {}
        suspended: set[int] = set()
        keeps: list[Unit[None]] = []
        # Each writer once: in a group one person often writes several of the waiting messages.
        for identity in {message.contact for message in state.waiting if message.contact}:
            resolved = await self._senders.resolved(state, writers[identity])
            email = resolved.contact.email
            people[identity] = resolved.contact
            if await is_suspended(self._directory, email):
                suspended.add(identity)
            access[identity] = email is not None and await self._directory.may_use(state.agent, email)
            keeps.extend(filter(None, [resolved.keep]))
        return Known(people, access, frozenset(suspended)), tuple(keeps)
