"""The access requests that wait for an owner: a page of them, with what was written first, and several decided at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trinity_channels.access.reading_records import Looked, ReadingRecords
from trinity_channels.access.sharing import Sharing
from trinity_channels.authorisation import Authorisation
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, pending
from trinity_channels.store.access import AccessRequest
from trinity_channels.store.pending import Held, PendingRequest

LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Pending:
    """Some of an agent's open requests, the newest first, and how many there are in all."""

    number: int
    requests: tuple[PendingRequest, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of several requests: those that stand as decided, and why the others do not."""

    requests: tuple[AccessRequest, ...]
    refused: dict[int, Refusal]


class PendingRequests:
    """Lists and decides them. What was written first is shown, so that reading it is on record.

    Raises:
        Refusal: by each operation, if the principal may not manage the agent.
    """

    def __init__(self, store: Store, sharing: Sharing, may: Authorisation, records: ReadingRecords) -> None:
        self._store = store
        self._sharing = sharing
        self._may = may
        self._records = records

    async def of(self, principal: Principal, agent: str, *, before: int = LAST, most: int = 25) -> Pending:
        """The open requests with ids below `before`."""
        await self._may.owner(principal, agent)

        def look(tx: Tx) -> Pending:
            return Pending(pending.number(tx, agent), tuple(pending.page(tx, agent, before=before, most=most)))

        found = await self._store.read(look)
        if any(one.held.number for one in found.requests):
            await self._records.note(principal, [Looked(agent, requests=True)])
        return found

    async def held(self, principal: Principal, agent: str, requests: Sequence[AccessRequest]) -> dict[int, Held]:
        """What is held of those of some requests that are open, by their ids."""
        await self._may.owner(principal, agent)
        wanted = {one.id: one.conversation for one in requests if one.status == "pending" and one.agent == agent}
        found = await self._store.read(lambda tx: pending.held(tx, list(wanted.values())))
        shown = {request: found[conversation] for request, conversation in wanted.items() if conversation in found}
        if shown:
            await self._records.note(principal, [Looked(agent, requests=True)])
        return shown

    async def decide(self, principal: Principal, agent: str, requests: Sequence[int], *, approve: bool) -> Decided:
        """Approve or decline several; each is decided by itself, and one that cannot be keeps no other from it."""
        await self._may.owner(principal, agent)
        decided, refused = [], {}
        for request in dict.fromkeys(requests):
            try:
                decided.append(await self._sharing.decide(principal, agent, request, approve=approve))
            except Refusal as refusal:
                refused[request] = refusal
        return Decided(tuple(decided), refused)
