"""The gate: one table decides for every channel whether a person reaches the agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

HELD_FOR = timedelta(days=7)
"""How long what a person wrote waits for the gate to open."""


class Policy(StrEnum):
    """Who may chat with an agent."""

    OPEN = "open"
    OPEN_UNTIL_VERIFIED = "open_until_verified"
    """Everyone until they verify an e-mail, from then on as in REQUIRE_SHARING: what the platform does with an agent that
    neither requires an e-mail nor is open. Pages offer it to no one who does not have it."""
    REQUIRE_EMAIL = "require_email"
    REQUIRE_SHARING = "require_sharing"


class GroupPolicy(StrEnum):
    """Whether an agent answers in groups, and whom. OPEN: everyone, whatever the policy for direct chats says."""

    OPEN = "open"
    OFF = "off"
    ANY_VERIFIED = "any_verified"


@lru_cache(maxsize=16)
def policies(stored: tuple[str, str] | None) -> tuple[Policy, GroupPolicy]:
    """An agent's policies for direct chats and for groups, which its owner may never have set."""
    if stored is None:
        # The strictest for direct chats: an agent that was just connected must not talk to strangers.
        return Policy.REQUIRE_SHARING, GroupPolicy.ANY_VERIFIED
    return Policy(stored[0]), GroupPolicy(stored[1])


class Decision(StrEnum):
    """What happens to a message."""

    ALLOW = "allow"
    SILENT = "silent"
    ASK_LOGIN = "ask_login"
    REQUEST_ACCESS = "request_access"


@dataclass(frozen=True, slots=True)
class AccessSubject:
    """The facts about a person that the gate decides on. `has_access`: shared, owner or admin.

    `suspended`: their account on the surrounding application is.
    """

    email: str | None
    blocked: bool
    has_access: bool
    suspended: bool = False

    @property
    def shut_out(self) -> bool:
        """Whether they get no word, whatever the policy says."""
        return self.blocked or self.suspended


def decide(policy: Policy, subject: AccessSubject) -> Decision:
    """Apply the cross-channel policy (docs/explanation/access.md has the table this mirrors)."""
    if subject.shut_out:
        return Decision.SILENT
    # After that, which holds whatever else is true of a person.
    if policy is Policy.OPEN or subject.has_access:
        return Decision.ALLOW
    if subject.email is None:
        return Decision.ALLOW if policy is Policy.OPEN_UNTIL_VERIFIED else Decision.ASK_LOGIN
    return Decision.ALLOW if policy is Policy.REQUIRE_EMAIL else Decision.REQUEST_ACCESS


def decide_group(groups: GroupPolicy, policy: Policy, subject: AccessSubject) -> Decision:
    """The same for one message in a group: its writer must be verified, unless the agent answers everyone in groups."""
    if groups is GroupPolicy.OFF:
        return Decision.SILENT
    if groups is GroupPolicy.OPEN:
        return Decision.SILENT if subject.shut_out else Decision.ALLOW
    # Blocked people are not even asked to sign in.
    if subject.email is None and not subject.shut_out:
        return Decision.ASK_LOGIN
    return decide(policy, subject)


def explain(policy: Policy, subject: AccessSubject) -> str:
    """The rule that `decide` applied, as a sentence for the operator."""
    if subject.blocked:
        return "The owner has blocked this person: every message is dropped in silence."
    if subject.suspended:
        return "The account with this person's verified e-mail is suspended: every message is dropped in silence."
    if policy is Policy.OPEN:
        return "The policy is open: everyone may chat."
    if subject.has_access:
        return "The verified e-mail belongs to the owner, an admin, or someone the agent is shared with."
    if subject.email is None and policy is Policy.OPEN_UNTIL_VERIFIED:
        return f"The policy is {policy}, and this person has verified no e-mail."
    if subject.email is None:
        return f"The policy is {policy}, and this person has not verified an e-mail with /login."
    if policy is Policy.REQUIRE_EMAIL:
        return "The policy is require_email, and this person has verified one."
    return f"The policy is {policy}, and the agent is not shared with this person's verified e-mail."
