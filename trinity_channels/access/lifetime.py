"""How long a verified e-mail counts without being used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels.store.verified_emails import SILENCE, Verification


@dataclass(frozen=True, slots=True)
class Lifetime:
    """`unused`: the time after which an e-mail ends that the person has not written with."""

    unused: timedelta

    @property
    def shortest(self) -> timedelta:
        """The time for contacts whose addresses can change hands."""
        # Never longer than such an address is counted as the same person's.
        return min(self.unused, SILENCE)

    def of(self, verification: Verification) -> timedelta:
        """The time that a verified e-mail may be unused."""
        return self.shortest if verification.changes_hands else self.unused

    def ends_at(self, verification: Verification) -> datetime:
        """When a verified e-mail ends if the person does not write."""
        return verification.used_at + self.of(verification)
