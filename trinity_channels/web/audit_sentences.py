"""Entries of the audit log as sentences: who acted, and what they did with whom. For pages, the API and commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from trinity_channels.email_address import shown_email
from trinity_channels.limits import BOUNDS
from trinity_channels.store.audit_names import Told
from trinity_channels.web.audit_words import DID, ERASED, contact_name, did, who
from trinity_channels.web.limit_words import LABELS, measured

_TOLD = {
    "block": "blocked {person}",
    "connect": "connected {channel}",
    "disconnect": "disconnected {channel}",
    "email_changed": "took over another e-mail of {person} from the provider",
    "email_expired": "let the verified e-mail of {person} end",
    "email_vouched": "took the e-mail of {person} from the provider",
    "email_withdrawn": "withdrew the e-mail of {person}, for which the provider does not vouch any more",
    "export": "exported what is kept of {person}",
    "forget_turn": "gave up a question of {person} that failed",
    "import": "took {channel} over from the platform",
    "proactive_message": "wrote first to {email}",
    "request_approved": "approved the access request of {email}",
    "request_denied": "declined the access request of {email}",
    "resend_delivery": "sent a message to {person} again",
    "resubmit_turn": "had a question of {person} tried again",
    "rotate_webhook": "rotated the webhook URL of {channel}",
    "set_webhook": "set the webhook of {channel} at the provider",
    "share": "gave {email} access",
    "test_send": "sent a test message on {channel}",
    "unblock": "unblocked {person}",
    "unlink": "unlinked the e-mail of {person}",
    "unshare": "took the access of {email} away",
}
"""The same with whom and where; for entries that tell it."""
_ROLES = {"admin": "for an administrator", "user": "for a user", "agent": "for an agent"}
_POLICIES = {
    "open": "Open access",
    "open_until_verified": "Open until verified",
    "require_email": "Require email",
    "require_sharing": "Require sharing",
}
_GROUPS = {
    "any_verified": "answers people with a verified e-mail",
    "open": "answers everyone",
    "off": "never answers",
}
_CONTACTS = {"email": "an e-mail address", "phone": "a telephone number", "link": "a link"}


Title = Callable[[str], str]
"""What people call a channel, by its name."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry in words: "`who` `what`" is a sentence. `channel` is empty if the words name it."""

    at: datetime
    actor: str
    who: str
    what: str
    agent: str
    channel: str


def line(told: Told, title: Title) -> AuditLine:
    """An entry in words."""
    entry = told.entry
    place = entry.channel or next((one.channel for one in (told.about, told.actor) if one), "")
    channel = title(place) if place else ""
    what = _what(told, channel)
    return AuditLine(
        entry.at,
        entry.actor,
        contact_name(told.actor) if told.actor else who(entry.actor, told.user),
        what,
        entry.agent,
        "" if "{channel}" in _TOLD.get(entry.action, "") else channel,
    )


def _what(told: Told, channel: str) -> str:
    action, details = told.entry.action, told.entry.details
    if action in _SPECIAL:
        words = _SPECIAL[action](told)
    else:
        values = {"person": _person(told), "email": _email(told), "channel": channel}
        template = _TOLD.get(action, "")
        missing = [name for name, value in values.items() if not value and f"{{{name}}}" in template]
        words = did(action) if missing or not template else template.format_map(values)
    more = _MORE[action](details) if action in _MORE else "" if action in DID else _list(details)
    return f"{words}{more}"


def _signed_in(via: object) -> str:
    if via == "demo":
        return " by opening the demo"
    return f" with a {via}" if via else ""


def _person(told: Told) -> str:
    if told.about is not None:
        return contact_name(told.about)
    if told.in_group:
        return "a group"
    return ERASED if {"client", "conversation", "delivery", "turn"} & set(told.entry.details) else ""


def _email(told: Told) -> str:
    return "" if told.email is None else shown_email(told.email) or ERASED


def _read(told: Told) -> str:
    if "requests" in told.entry.details:
        return "read the access requests and the first messages in them"
    if "list" in told.entry.details:
        return "read the list of conversations"
    person = _person(told)
    return (
        f"read the conversation {'of a group' if told.in_group else f'with {person}'}"
        if person
        else did("read_conversation")
    )


def _token(told: Told) -> str:
    made = "made" if told.entry.action == "create_token" else "revoked"
    named = f"the token “{told.token}”" if told.token else f"token {told.entry.details.get('token', '')}".strip()
    role = _ROLES.get(str(told.entry.details.get("role")), "")
    return f"{made} {named}{f' {role}' if role else ''}"


def _consent(told: Told) -> str:
    email = _email(told) or "a person"
    if told.entry.details.get("allow"):
        return f"allowed the agent to write first to {email}"
    return f"no longer allowed the agent to write first to {email}"


def _removed(told: Told) -> str:
    number, days = told.entry.details.get("parked"), told.entry.details.get("after_days")
    if number == 1:
        return f"removed 1 question or message that had waited for a decision for {days} days"
    return f"removed {number} questions and messages that had waited for a decision for {days} days"


def _human(told: Told) -> str:
    kind = told.entry.details.get("kind")
    return f"set {_CONTACTS.get(str(kind), str(kind))} as the human contact" if kind else "removed the human contact"


def _disclosure(told: Told) -> str:
    if told.entry.details.get("enabled"):
        return "turned the AI disclosure on"
    return f"turned the AI disclosure off: {told.entry.details.get('reason')}"


def _policy(told: Told) -> str:
    policy, groups = str(told.entry.details.get("policy")), str(told.entry.details.get("groups"))
    return (
        f"set the access policy to “{_POLICIES.get(policy, policy)}”; in groups the agent {_GROUPS.get(groups, groups)}"
    )


def _retention(told: Told) -> str:
    days = told.entry.details.get("keep_bodies_days")
    return (
        "gave the retention back to the host's setting"
        if days is None
        else f"set the retention to {_numbered(days, 'day')}"
    )


_SPECIAL: Mapping[str, Callable[[Told], str]] = {
    "create_token": _token,
    "proactive_consent": _consent,
    "read_conversation": _read,
    "remove_parked": _removed,
    "revoke_token": _token,
    "set_disclosure": _disclosure,
    "set_escalation_contact": _human,
    "set_policy": _policy,
    "set_retention": _retention,
}
"""Actions whose sentence depends on more than whom and where."""


def _limits(details: Mapping[str, object]) -> str:
    changed = (
        f"{LABELS[name][0].lower()}: "
        + ("as configured" if value is None else measured(float(str(value)), BOUNDS[name].unit))
        for name, value in details.items()
        if name in LABELS
    )
    return f": {', '.join(changed)}"


def _again(details: Mapping[str, object]) -> str:
    again, code = details.get("again"), details.get("code")
    parts = f": {_numbered(len(again), 'message')}" if isinstance(again, list) else ""
    return f"{parts}{f', after the error {code}' if code else ''}"


def _reloaded(details: Mapping[str, object]) -> str:
    named = (f"{word} {', '.join(map(str, names))}" for word, names in details.items() if isinstance(names, list))
    return f": {'; '.join(named)}"


def _guesses(details: Mapping[str, object]) -> str:
    if details.get("locked"):
        return ", and gets no code for a day"
    left = details.get("guesses_left")
    return "" if left is None else f"; {_numbered(left, 'guess', 'guesses')} left"


_MORE: Mapping[str, Callable[[Mapping[str, object]], str]] = {
    "confirm_key_backup": lambda details: f" ({details['key']})" if details.get("key") else "",
    "connect": lambda details: ", a sandbox" if details.get("sandbox") else "",
    "login_failed": _guesses,
    "reload_agents": _reloaded,
    "request_approved": lambda details: " with a mailed link" if details.get("via") == "mail link" else "",
    "request_denied": lambda details: " with a mailed link" if details.get("via") == "mail link" else "",
    "resend_delivery": lambda details: f", after the error {details['code']}" if details.get("code") else "",
    "resend_failed": _again,
    "set_limits": _limits,
    "set_public_model": lambda details: f": {details.get('model') or 'none'}",
    "set_public_prompt": lambda details: f": {_numbered(details.get('characters'), 'character')}",
    "sign_in": lambda details: _signed_in(details.get("via")),
    "sign_out_everywhere": lambda details: f" ({_numbered(details.get('sessions'), 'session')})",
}
"""What else entries of an action tell, behind its sentence."""


def _numbered(number: object, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or f'{one}s'}"


def _list(details: Mapping[str, object]) -> str:
    """The details of an action of another version, as they are."""
    return "".join(
        f"; {name.replace('_', ' ')}: {json.dumps(value, ensure_ascii=False)}" for name, value in details.items()
    )
