"""What the Sharing page shows: the policies with their effects, the people who ask, who has access, and who has written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trinity_channels.access.gate import Policy
from trinity_channels.access.policy_effects import PolicyEffect
from trinity_channels.agents.words import in_words
from trinity_channels.email_address import shown_email
from trinity_channels.outbound.replies import closes_at
from trinity_channels.people.masked import masked
from trinity_channels.plugins import Plugins
from trinity_channels.store.access import Share
from trinity_channels.store.pending import PendingRequest
from trinity_channels.store.people import ListedContact
from trinity_channels.store.verified_emails import Source, Verification
from trinity_channels.web import audit_words
from trinity_channels.web.pages.visit import Visit
from trinity_channels.web.pages.words import counted

_FIRST_WORDS = 280
"""Characters of what someone wrote that a request shows."""
_SENTENCES = {
    Policy.OPEN: ("Open access", "Any user can chat with the agent without verification."),
    Policy.OPEN_UNTIL_VERIFIED: (
        "Open until verified",
        "Anyone can chat until they verify an e-mail; from then on the agent must be shared with it.",
    ),
    Policy.REQUIRE_EMAIL: (
        "Require email",
        "Users must complete /login before chatting; unverified users are prompted.",
    ),
    Policy.REQUIRE_SHARING: (
        "Require sharing",
        "Users must be explicitly shared on the agent; you or an admin must approve.",
    ),
}

_OFFERED = set(Policy) - {Policy.OPEN_UNTIL_VERIFIED}


@dataclass(frozen=True, slots=True)
class Choice:
    """A policy to choose. `effect` says what would change, empty if nothing would."""

    value: str
    name: str
    sentence: str
    effect: str
    chosen: bool


def choices(effects: list[PolicyEffect], present: Policy) -> list[Choice]:
    """The policies to choose from, the most open one first; one of them only where it is set already."""
    return [
        Choice(one.policy, *_SENTENCES[one.policy], _effect(one), one.policy is present)
        for one in effects
        if one.policy in (_OFFERED | {present})
    ]


def _effect(effect: PolicyEffect) -> str:
    told = []
    if effect.gain:
        told.append(f"{_clients(effect.gain)} would gain access.")
    if effect.lose:
        told.append(f"{_clients(effect.lose)} would lose access.")
    if effect.answered:
        messages = "message" if effect.answered == 1 else "messages"
        told.append(f"{counted(effect.answered)} held {messages} would be answered at once.")
    return " ".join(told)


def _clients(number: int) -> str:
    return f"{counted(number)} client{'' if number == 1 else 's'}"


class RequestView:
    """Someone who asks for access."""

    def __init__(self, request: PendingRequest, plugins: Plugins, visit: Visit) -> None:
        self.id = request.id
        self.email = shown_email(request.email)
        self.requested_at = request.requested_at
        self.channel = plugins.title(request.channel, visit.languages)
        self.name = request.name
        self.address = masked(request.address)
        self.verified = _how(request.verification, self.channel)
        held = request.held
        words = in_words(held.text, held.parts)
        self.words = f"{words[:_FIRST_WORDS]}…" if len(words) > _FIRST_WORDS else words
        self.more = max(0, held.number - 1)


class ShareView:
    """Someone with access."""

    def __init__(self, share: Share, visit: Visit, called: Mapping[str, str]) -> None:
        self.email = share.email
        self.shown = shown_email(share.email)
        self.since = share.created_at
        self.may_write_first = share.allow_proactive
        self.by = by(share.created_by, visit, called)


def by(actor: str, visit: Visit, called: Mapping[str, str]) -> str:
    """Who did something, within a sentence; `called` as `Actors` tells it."""
    return "you" if actor == visit.principal.actor else audit_words.by(actor, called.get(actor, ""))


class ClientView:
    """Someone who has written."""

    def __init__(self, client: ListedContact, plugins: Plugins, visit: Visit) -> None:
        self.id = client.id
        self.name = client.name or "Unknown"
        self.channel = plugins.title(client.channel, visit.languages)
        self.address = masked(client.address)
        self.email = shown_email(client.email) if client.email else ""
        self.source = _how(client.verification, self.channel)
        self.verified_at = client.verification.verified_at if client.verification else None
        self.blocked = client.blocked
        self.stopped = client.stopped
        self.unreachable = client.unreachable_at is not None
        self.messages = client.message_count
        self.conversation = client.conversation
        self.last_active = client.last_active
        closes = None
        # Only in a direct chat is there something to answer; a group has a window of its own.
        if client.last_direct and client.channel in plugins:
            closes = closes_at(plugins[client.channel].manifest, client.last_direct)
            self.window = "open" if closes is None or closes > visit.now else "closed"
        else:
            self.window = ""
        self.closes_at = closes

    @property
    def who(self) -> str:
        """How buttons name them, for people who do not see the row."""
        return f"{self.name[:80]}, {self.channel} {self.address}"


def _how(verification: Verification | None, channel: str) -> str:
    """By whose word an e-mail is verified; empty without one, or where that is not known."""
    if verification is None or verification.source is None:
        return ""
    return "by code" if verification.source is Source.CODE else f"by {channel}"
