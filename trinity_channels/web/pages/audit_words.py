"""The audit log in words: who acted, and what they did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from trinity_channels.store.audit import Entry

_DID = {
    "block": "blocked a person",
    "confirm_key_backup": "confirmed a copy of the encryption key",
    "connect": "connected a channel",
    "create_token": "made a token",
    "disconnect": "disconnected a channel",
    "email_changed": "changed an e-mail at the provider",
    "email_expired": "let a verified e-mail end",
    "email_vouched": "took an e-mail from the provider",
    "email_withdrawn": "withdrew an e-mail of the provider",
    "erase": "erased a person",
    "forget_turn": "gave up a question that failed",
    "login": "verified an e-mail",
    "login_failed": "entered a wrong code",
    "logout": "unlinked their e-mail",
    "proactive_consent": "changed who may be written to first",
    "proactive_message": "wrote first",
    "read_conversation": "read a conversation",
    "export": "exported what is kept of a person",
    "reload_agents": "took over the agents of the settings file",
    "remove_parked": "removed undecided questions",
    "request_approved": "approved an access request",
    "request_denied": "declined an access request",
    "resend_delivery": "sent a message again",
    "resend_failed": "sent everything again that failed",
    "resubmit_turn": "had a question tried again",
    "revoke_token": "revoked a token",
    "rotate_webhook": "rotated the webhook URL",
    "set_webhook": "set the webhook at the provider",
    "set_disclosure": "changed the AI disclosure",
    "set_escalation_contact": "changed the human contact",
    "set_limits": "changed the limits of the host",
    "set_policy": "changed who may chat",
    "set_public_chat_url": "changed the Public Chat URL",
    "set_public_model": "changed the model for channels",
    "set_public_prompt": "changed the instructions for channels",
    "set_retention": "changed how long messages are kept",
    "share": "gave access",
    "sign_in": "signed in to the pages",
    "sign_out": "signed out",
    "sign_out_everywhere": "signed out in every browser",
    "test_send": "sent a test message",
    "unblock": "unblocked a person",
    "unlink": "unlinked a person's e-mail",
    "unshare": "took access away",
}

_CHOICES: Mapping[tuple[str, str], str] = {
    ("policy", "open"): "open access",
    ("policy", "open_until_verified"): "open until verified",
    ("policy", "require_email"): "require email",
    ("policy", "require_sharing"): "require sharing",
    ("groups", "any_verified"): "people with a verified e-mail",
    ("groups", "open"): "everyone",
    ("groups", "off"): "never answered",
    ("via", "token"): "a token",
    ("via", "mailed link"): "a link by mail",
}
"""What the pages call a value of these details."""


def did(action: str) -> str:
    """What was done, as the rest of a sentence that begins with who did it."""
    return _DID.get(action, action.replace("_", " "))


def who(actor: str) -> str:
    """Who did it."""
    role, _, name = actor.partition(":")
    match role:
        case "admin":
            return f"Administrator ({name})" if name else "Administrator"
        case "user" if name:
            return name
        case "agent" if name:
            return f"{name}, the agent"
        case "contact" if name:
            return f"Person {name}"
        case _:
            return actor[:1].upper() + actor[1:]


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry for a list: `details` is a short text of what else was recorded."""

    at: datetime
    actor: str
    who: str
    did: str
    agent: str
    channel: str
    details: str


def line(entry: Entry, titles: Mapping[str, str]) -> AuditLine:
    """An entry in words; `titles` are those of the channels by name."""
    return AuditLine(
        entry.at,
        entry.actor,
        who(entry.actor),
        did(entry.action),
        entry.agent,
        titles.get(entry.channel, entry.channel),
        ", ".join(f"{name.replace('_', ' ')}: {_value(name, value)}" for name, value in entry.details.items()),
    )


def _value(name: str, value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case str():
            return _CHOICES.get((name, value), value)
        case int() | float():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)
