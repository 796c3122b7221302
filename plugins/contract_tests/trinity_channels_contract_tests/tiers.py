"""The quality tiers, and what each one stands for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from trinity_channels_contract_tests.contract import CHECKS

NO_TIER = "none"


class Outcome(StrEnum):
    """What became of a check."""

    KEPT = "kept"
    BROKEN = "broken"
    EXEMPT = "exempt"
    IN_PART = "kept but for an aspect"
    IMPOSSIBLE = "the provider has none"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of quality.

    `areas` must hold nothing broken and nothing that was not run. What is not declared does not count: of `shown`, at least
    `enough` checks must have been kept, and of each group of `needed` one. Each tier needs those before it.
    """

    name: str
    means: str
    areas: Collection[str]
    shown: Collection[str] = ()
    enough: int = 0
    needed: Collection[Collection[str]] = ()
    exemptions: bool = True


TIERS = (
    Tier(
        "bronze",
        "safe to install: it loads, keeps secrets, connects, and reads only what the provider sent",
        {"loading", "settings", "connect", "verify", "authenticity", "reading", "manners"},
    ),
    Tier(
        "silver",
        "good to talk through: messages and people come through as they are, every send tells the truth",
        {"messages", "identity", "sending"},
    ),
    Tier(
        "gold",
        "nothing gets lost: unknown sends are cleared up, and receipts tell how far a message got, if the provider has any",
        {"find_sent", "receipts"},
        needed=(
            {"test_a_taken_message_is_found", "test_a_repeated_send_is_recognised"},
            {"test_receipts_do_not_go_back"},
        ),
    ),
    Tier(
        "platinum",
        "the whole contract without exemption, with two of: typing, catch-up after an outage, a webhook set by API",
        {"optional"},
        shown={"test_indicating_is_harmless", "test_missed_messages_are_listed", "test_the_webhook_is_registered"},
        enough=2,
        exemptions=False,
    ),
)


def tier_of(outcomes: Mapping[str, Outcome]) -> str:
    """The highest tier that the outcomes of all checks reach."""
    reached = NO_TIER
    for tier in TIERS:
        if not _reaches(tier, outcomes):
            break
        reached = tier.name
    return reached


def _reaches(tier: Tier, outcomes: Mapping[str, Outcome]) -> bool:
    found = [outcomes.get(check, Outcome.NOT_RUN) for check, group in CHECKS.items() if group.area in tier.areas]
    if {Outcome.BROKEN, Outcome.NOT_RUN} & set(found):
        return False
    if not tier.exemptions and {Outcome.EXEMPT, Outcome.IN_PART} & set(outcomes.values()):
        return False
    kept = {Outcome.KEPT, Outcome.IN_PART}
    # What no channel of this provider can have does not cost it a tier.
    enough = {*kept, Outcome.IMPOSSIBLE}
    if not all(any(outcomes.get(check) in enough for check in group) for group in tier.needed):
        return False
    return sum(outcomes.get(check) in kept for check in tier.shown) >= tier.enough
