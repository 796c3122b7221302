"""What decides how the people of a document come: whether they were erased here, and whether they are signed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from trinity_channels.access.lifetime import Lifetime
from trinity_channels.people.blocks import Blocks
from trinity_channels.store import Tx
from trinity_channels.store.imported import Person
from trinity_channels.store.verified_emails import Source, Verification


class Newcomers:
    """Judges people who are to be added."""

    def __init__(self, lifetime: Lifetime, blocks: Blocks, now: Callable[[], datetime]) -> None:
        self._lifetime = lifetime
        self._blocks = blocks
        self._now = now

    def sign_in_expired(self, person: Person) -> bool:
        """Whether their verified e-mail would end at once."""
        if person.email is None or person.verified_at is None:
            return False
        used = max(person.seen_at or person.verified_at, person.verified_at)
        verification = Verification(
            person.email, Source.CODE, person.verified_at, used, changes_hands=not person.stable
        )
        return self._now() >= self._lifetime.ends_at(verification)

    def erased(self, tx: Tx, binding: int, channel: str, people: Sequence[Person]) -> set[str]:
        """The addresses of those who were erased from the binding: they asked for it, or the owner decided it."""
        return self._blocks.erased(tx, binding, channel, (one.address for one in people))
