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
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of quality.

    `areas` must hold nothing broken and nothing that was not run; of `shown`, at least `enough` checks must have been
    kept, so that what is not declared does not count. Each tier needs those before it.
    """

    name: str
    means: str
    areas: Collection[str]
    shown: Collection[str] = ()
    enough: int = 0
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
        "nothing gets lost: unknown sends are read back, and receipts tell how far a message got",
        {"find_sent", "receipts"},
        shown={"test_a_taken_message_is_found", "test_receipts_do_not_go_back"},
        enough=2,
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
    if not tier.exemptions and Outcome.EXEMPT in outcomes.values():
        return False
    return sum(outcomes.get(check) is Outcome.KEPT for check in tier.shown) >= tier.enough
