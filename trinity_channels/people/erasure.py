"""Erase a person: first what others quoted of them, in small batches, then everything of their own at once.

If the process dies in between, the person is still there and can be erased again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from trinity_channels.people.blocks import Blocks
from trinity_channels.store import Store, Tx, erase, messages, quotations
from trinity_channels.store.quotations import Written

BATCH = 100
"""Messages that are changed in one transaction."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A person whose quotations have been removed from messages up to an id."""

    contact: int
    written: tuple[Written, ...]
    upto: int


class Erasure:
    """Erases people."""

    def __init__(self, store: Store, blocks: Blocks) -> None:
        self._store = store
        self._blocks = blocks

    async def prepare(self, contact: int) -> Prepared:
        """Remove what others quoted of a person."""

        def find(tx: Tx) -> tuple[Prepared, list[tuple[Written, list[int]]]]:
            theirs = quotations.written(tx, contact)
            # Up to the newest message now; what is quoted after this is found by `finish`, in the erasing
            # transaction itself.
            prepared = Prepared(contact, tuple(theirs), messages.newest(tx))
            return prepared, [(one, quotations.find(tx, contact, one, 0)) for one in theirs]

        prepared, found = await self._store.read(find)
        for theirs, quoting in found:
            for start in range(0, len(quoting), BATCH):
                batch = quoting[start : start + BATCH]
                await self._store.write(partial(quotations.remove, theirs=theirs, messages=batch))
        return prepared

    def finish(self, tx: Tx, prepared: Prepared, now: datetime) -> None:
        """Erase the person; keyed hashes of the addresses stay."""
        for theirs in prepared.written:
            quotations.remove(tx, theirs, quotations.find(tx, prepared.contact, theirs, prepared.upto))
        # Before the addresses are gone.
        self._blocks.remember(tx, prepared.contact)
        erase.person(tx, prepared.contact, now)
