"""The gate in front of an agent, asked about one person in one conversation; and how fast a person may write."""

from __future__ import annotations

from datetime import timedelta

from trinity_channels.access.gate import AccessSubject, Decision, decide, policies
from trinity_channels.access.login import LoginContact
from trinity_channels.api import Channel
from trinity_channels.store import Tx, conversation_state
from trinity_channels.store.conversation_state import Contact, ConversationState, Message

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PER_MINUTE = 30


def too_fast(tx: Tx, contact: Contact, message: Message) -> bool:
    """Whether this message is beyond what one person may write in a minute."""
    return conversation_state.written_before(tx, contact.id, message.id, message.at, MINUTE) > PER_MINUTE


def decision(
    state: ConversationState, email: str | None, *, blocked: bool, has_access: bool, suspended: bool = False
) -> Decision:
    """What the gate says to a person in a direct conversation."""
    policy, _ = policies(state.policies)
    return decide(policy, AccessSubject(email, blocked, has_access, suspended))


def asks_to_sign_in(state: ConversationState, contact: Contact) -> bool:
    """Whether the gate holds what this person writes until they have verified an e-mail."""
    asked = decision(state, contact.email, blocked=contact.blocked, has_access=False)
    # `has_access=False` is enough to ask: without an e-mail nothing could grant access.
    return contact.email is None and asked is Decision.ASK_LOGIN


def depends_on_access(state: ConversationState, contact: Contact) -> bool:
    """Whether the gate lets this person through only if their verified e-mail may use the agent."""
    without = decision(state, contact.email, blocked=contact.blocked, has_access=False)
    return without is not decision(state, contact.email, blocked=contact.blocked, has_access=True)


def login_contact(state: ConversationState, contact: Contact, manifest: Channel) -> LoginContact:
    """Who a login code is bound to."""
    return LoginContact(contact.id, state.binding, state.agent, manifest.title, state.channel)
