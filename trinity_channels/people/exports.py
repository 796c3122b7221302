"""Everything about one person as a JSON file, for them or for whom they name; on record each time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import partial

from trinity_channels.authorisation import Authorisation
from trinity_channels.people.contacts import ContactNotFound
from trinity_channels.principal import Principal
from trinity_channels.store import Store, Tx, audit, exports, people
from trinity_channels.store.exports import Record

BATCH = 200
"""Messages that are read at a time, so that the host never holds all that a person ever wrote."""


class Exports:
    """Makes them."""

    def __init__(self, store: Store, may: Authorisation, now: Callable[[], datetime]) -> None:
        self._store = store
        self._may = may
        self._now = now

    async def of(self, principal: Principal, agent: str, contact: int) -> AsyncIterator[str]:
        """What is kept of a contact of the agent, as pieces of one JSON object.

        Raises:
            Refusal: the principal may not manage the agent.
            ContactNotFound: the agent does not have this contact, or they were erased.
        """
        await self._may.owner(principal, agent)
        now = self._now()

        def record(tx: Tx) -> bool:
            if people.contact(tx, agent, contact) is None or not people.is_known(tx, contact):
                return False
            audit.add(tx, now, principal.actor, "export", agent=agent, details={"client": contact})
            return True

        if not await self._store.write(record):
            raise ContactNotFound
        # Not in the same unit: what is written runs on the event loop, and this reads the agent's whole audit log.
        found = await self._store.read(lambda tx: exports.person(tx, agent, contact, audit.contact_actor(contact)))
        return self._pieces({"agent": agent, "exported_at": now.isoformat(), **found}, contact)

    async def _pieces(self, head: Record, contact: int) -> AsyncIterator[str]:
        # The object is left open for its messages.
        yield f'{_json(head)[:-2]},\n  "messages": ['
        after, separator = 0, ""
        while True:
            batch = await self._store.read(partial(exports.messages, contact=contact, after=after, most=BATCH))
            for one in batch:
                yield f"{separator}\n{_json(one)}"
                separator = ","
            if len(batch) < BATCH:
                break
            after = batch[-1]["id"]
        yield "\n]}\n"


def _json(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, indent=2)
