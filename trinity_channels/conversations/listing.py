"""The list of conversations: of one agent or of all that a person manages, by channel, by what is left to do, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from trinity_channels.access.directory import Directory, agents_of
from trinity_channels.access.overview import RECENT
from trinity_channels.access.reading_records import Looked, ReadingRecords
from trinity_channels.authorisation import Authorisation, person
from trinity_channels.principal import Principal, Role
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, conversation_list
from trinity_channels.store.conversation_list import Listed, Need, Wanted
from trinity_channels.store.place import Place

PAGE = 25
"""Conversations on one page."""
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Filter:
    """What is to be listed; an empty field means all. `after` goes on where a page has ended, see `Listing.next`."""

    agent: str = ""
    channel: str = ""
    need: Need | None = None
    name: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list.

    Attributes:
        conversations: those in which people wrote last come first.
        next: the `Filter.after` of the next page; empty if this is the last one.
        total: how many there are of these agents on this channel, whatever else was asked for.
        counts: in how many of them each is left to do.
        agents: all agents that the reader manages.
    """

    conversations: tuple[Listed, ...]
    next: str
    total: int
    counts: Mapping[Need, int]
    agents: tuple[str, ...]


class ConversationList:
    """Lists them for owners and administrators. The last words of each are shown, so that reading the list is on record."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        may: Authorisation,
        records: ReadingRecords,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._directory = directory
        self._may = may
        self._records = records
        self._now = now

    async def of(self, principal: Principal, wanted: Filter) -> Listing:
        """A page of the list.

        Raises:
            Refusal: the principal may not manage the agent, or `invalid_input`: `after` is not from a page of this list.
        """
        person(principal)
        if wanted.agent:
            await self._may.owner(principal, wanted.agent)
        managed = await self._managed(principal)
        agents = (wanted.agent,) if wanted.agent else managed
        after = _place(wanted.after)
        since = self._now() - RECENT
        chosen = Wanted(agents, wanted.channel, wanted.need, wanted.name[:LONGEST_NAME].strip(), since)

        def read(tx: Tx) -> tuple[list[Listed], int, dict[Need, int]]:
            everyone = replace(chosen, name="")
            # One more than is shown tells whether there is another page.
            found = conversation_list.page(tx, chosen, after, PAGE + 1)
            return found, conversation_list.total(tx, everyone), conversation_list.counts(tx, everyone)

        found, total, counts = await self._store.read(read)
        shown = found[:PAGE]
        await self._records.note(principal, [Looked(agent) for agent in sorted({one.agent for one in shown})])
        ends = str(Place(shown[-1].last_inbound_at, shown[-1].id)) if len(found) > PAGE else ""
        return Listing(tuple(shown), ends, total, counts, managed)

    async def attention(self, principal: Principal) -> int:
        """In how many conversations of all their agents something needs this person; nothing of them is shown.

        Raises:
            Refusal: the principal is an agent.
        """
        person(principal)
        agents = await self._managed(principal)
        wanted = Wanted(agents, "", Need.ATTENTION, "", self._now() - RECENT)
        return await self._store.read(lambda tx: conversation_list.number(tx, wanted))

    async def _managed(self, principal: Principal) -> tuple[str, ...]:
        owner = principal.subject if principal.role is Role.USER else None
        return tuple(sorted(await agents_of(self._directory, owner)))


def _place(text: str) -> Place | None:
    if not text:
        return None
    try:
        return Place.read(text)
    except ValueError as error:
        raise Refusal("invalid_input", f"after {error}.", field="after") from None
