"""How long a verified e-mail counts without being used."""

from __future__ import annotations

from datetime import datetime, timedelta

from trinity_channels.limits import Limits
from trinity_channels.store.verified_emails import SILENCE, Verification


class Lifetime:
    """The operator's limit."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    @property
    def unused(self) -> timedelta:
        """The time after which an e-mail ends that the person has not written with."""
        return timedelta(days=self._limits.values.email_lifetime_days)

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
