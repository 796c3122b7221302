"""What became of an import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportedBinding:
    """One agent on one channel.

    Attributes:
        agent: its name.
        channel: the channel's name.
        new: False if the binding was here already; then only people who were not were added.
        keeps_address: whether the webhook's address ends as on the platform.
        people: who were added, and `signed_in` those of them whose verified e-mail counts.
        sign_in_expired: those whose verified e-mail ends at once, because it was not used for too long.
        known: who were here already, and stay as they are.
        erased: who were erased here, and stay erased.
        note: what is left to do, and whether the settings here are others than the document's; empty if there is nothing.
    """

    agent: str
    channel: str
    new: bool
    keeps_address: bool
    people: int
    signed_in: int
    sign_in_expired: int
    known: int
    erased: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """The whole of it.

    Attributes:
        bindings: in the order of the document.
        policies_set: agents that have the platform's policy now, and `policies_kept` those whose own one stays.
        shares_added: shares that are new, and `shares_kept` those that were here already.
        shares_of_owners: shares that were left out, because an owner may use the agent anyway.
        shares_elsewhere: shares that were left out, because the application around the host, or the platform, keeps them.
        problems: rows that were left out, and why.
    """

    bindings: Sequence[ImportedBinding]
    policies_set: Sequence[str]
    policies_kept: Sequence[str]
    shares_added: int
    shares_kept: int
    shares_of_owners: int
    shares_elsewhere: int
    problems: Sequence[str] = ()
