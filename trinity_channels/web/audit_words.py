"""The words of the audit log for its actions, and for who did them."""

from __future__ import annotations

from trinity_channels.email_address import shown_email
from trinity_channels.people.masked import masked
from trinity_channels.store.audit_names import KnownContact

DID = {
    "block": "blocked a person",
    "confirm_key_backup": "confirmed a copy of the encryption key",
    "connect": "connected a channel",
    "create_token": "made a token",
    "delete_agent": "removed what was stored for the agent",
    "disconnect": "disconnected a channel",
    "email_changed": "changed an e-mail at the provider",
    "email_expired": "let a verified e-mail end",
    "email_vouched": "took an e-mail from the provider",
    "email_withdrawn": "withdrew an e-mail of the provider",
    "erase": "erased a person",
    "export": "exported what is kept of a person",
    "forget_turn": "gave up a question that failed",
    "import": "took a channel over from the platform",
    "login": "verified an e-mail",
    "login_failed": "entered a wrong code",
    "logout": "unlinked their e-mail",
    "proactive_consent": "changed who may be written to first",
    "proactive_message": "wrote first",
    "read_conversation": "read a conversation",
    "reload_agents": "took over the agents of the settings file",
    "rename_agent": "moved what was stored for the agent to its new name",
    "remove_parked": "removed undecided questions",
    "request_approved": "approved an access request",
    "request_denied": "declined an access request",
    "resend_delivery": "sent a message again",
    "resend_failed": "sent everything again that failed",
    "resubmit_turn": "had a question tried again",
    "revoke_token": "revoked a token",
    "rotate_webhook": "rotated the webhook URL",
    "set_disclosure": "changed the AI disclosure",
    "set_escalation_contact": "changed the human contact",
    "set_limits": "changed the limits of the host",
    "set_policy": "changed who may chat",
    "set_public_chat_url": "changed the Public Chat URL",
    "set_public_model": "changed the model for channels",
    "set_public_prompt": "changed the instructions for channels",
    "set_retention": "changed how long messages are kept",
    "set_webhook": "set the webhook at the provider",
    "share": "gave access",
    "sign_in": "signed in to the pages",
    "sign_out": "signed out",
    "sign_out_everywhere": "signed out in every browser",
    "test_send": "sent a test message",
    "unblock": "unblocked a person",
    "unlink": "unlinked a person's e-mail",
    "unshare": "took access away",
}
"""What each action is, for a list of all of them, and where an entry tells no more."""
ERASED = "an erased person"
_HOST = {
    "host": "The host",
    "retention": "The host",
    "settings": "The host",
    "first start": "The host",
    "command line": "Command line",
    "platform": "The platform",
    "signal": "A signal (SIGHUP)",
}
"""Actors that are a part of the host."""


def did(action: str) -> str:
    """What was done, as the rest of a sentence that begins with who did it."""
    return DID.get(action, action.replace("_", " "))


def who(actor: str, called: str = "") -> str:
    """Who did it, as far as the log itself says; `called` as `Actors` has it."""
    role, _, name = actor.partition(":")
    name = called or name
    match role:
        case "admin":
            return f"Administrator ({shown_email(name)})" if name else "Administrator"
        case "user" if name:
            return shown_email(name)
        case "agent" if name:
            return f"{name}, the agent"
        case "contact" if name:
            return ERASED.capitalize()
        case _:
            return _HOST.get(actor, actor[:1].upper() + actor[1:])


def by(actor: str, called: str = "") -> str:
    """The same within a sentence, behind "by"."""
    told = who(actor, called)
    if told.startswith("Administrator"):
        return f"an a{told[1:]}"
    if actor in _HOST:
        told = told[0].lower() + told[1:]
        return told if told.startswith(("the ", "a ")) else f"the {told}"
    return told


def contact_name(contact: KnownContact) -> str:
    """How a contact is named.

    With the verified e-mail or an address: a name is what people call themselves, and may be another one's.
    """
    known = shown_email(contact.email) if contact.email else masked(contact.address)
    return f"{contact.name or 'Unknown'} ({known})" if known else contact.name or "Unknown"
