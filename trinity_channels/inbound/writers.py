"""Who wrote what waits in a group, and which of them may use the agent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from trinity_channels.access.directory import Directory
from trinity_channels.inbound.senders import Senders
from trinity_channels.store import Store, conversation_state
from trinity_channels.store.conversation_state import Contact, ConversationState


@dataclass(frozen=True, slots=True)
class Known:
    """The writers by contact. `access` says whose e-mail may use the agent."""

    people: dict[int, Contact]
    access: dict[int, bool]


class Writers:
    """Looks up everyone who wrote, at the provider and in the directory."""

    def __init__(self, store: Store, senders: Senders, directory: Directory) -> None:
        self._store = store
        self._senders = senders
        self._directory = directory

    async def of(self, state: ConversationState) -> Known:
        """The writers of the waiting messages.

        Raises:
            ProviderUnavailable: the provider could not be asked.
        """
        known = Known({}, {})
        for identity in {message.contact for message in state.waiting if message.contact}:
            contact = await self._store.read(partial(conversation_state.contact, contact=identity))
            contact = await self._senders.resolved(state, contact)
            known.people[identity] = contact
            known.access[identity] = contact.email is not None and await self._directory.may_use(
                state.agent, contact.email
            )
        return known
