"""The people of a binding, checked against what the addresses of people look like on the channel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from trinity_channels.api import Channel
from trinity_channels.imports.document import DocumentRow, GivenContact
from trinity_channels.imports.problems import Problems
from trinity_channels.store.imported import Person

_AHEAD = timedelta(days=1)
"""How far another machine's clock may be ahead."""


def people(
    manifest: Channel, contacts: Sequence[DocumentRow[GivenContact]], now: datetime, problems: Problems
) -> Iterator[Person]:
    """The people as they are stored; those with problems are left out."""
    # Groups have addresses too; as a person one of them would be signed in, and be written what is meant for the person.
    address = re.compile(manifest.address.person or manifest.address.pattern)
    times = Counter(one.row.address for one in contacts)
    for one in contacts:
        row = one.row
        found = []
        if not address.fullmatch(row.address):
            example = f", such as {manifest.address.example}" if manifest.address.example else ""
            found.append(("address", f"is not the address of a person on {manifest.title}{example}."))
        elif times[row.address] > 1:
            found.append(("address", "is listed twice in this binding."))
        if row.verified_email and row.verified_at is None:
            found.append(("verified_at", "is missing: since when the e-mail is verified decides how long it counts."))
        for name in ("verified_at", "last_active"):
            at: datetime | None = getattr(row, name)
            if at and at > now + _AHEAD:
                found.append((name, "is in the future."))
        for name, sentence in found:
            problems.add(f"{one.place}.{name}", sentence)
        if not found:
            yield _person(row, now)


def _person(row: GivenContact, now: datetime) -> Person:
    return Person(
        address=row.address,
        stable=row.stable,
        name=row.name or "",
        email=row.verified_email,
        verified_at=row.verified_at and min(row.verified_at, now),
        seen_at=row.last_active and min(row.last_active, now),
    )
