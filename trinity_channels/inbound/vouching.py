"""What a provider's word does to a contact's verified e-mail.

An e-mail that the provider vouches for lasts as long as the provider says so. One that the person proved with a code is
theirs: the provider neither replaces nor withdraws it. Those who signed out, or were unlinked, stay so until they sign in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from trinity_channels.access.lifetime import Lifetime
from trinity_channels.api import Sender
from trinity_channels.bindings import Bindings
from trinity_channels.email_address import normalise_email
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, Tx, audit, people, verified_emails
from trinity_channels.store.audit import Actor
from trinity_channels.store.conversation_state import Contact, ConversationState
from trinity_channels.store.verified_emails import Linked, Source, Verification

ACTOR = Actor("host")
"""How the audit log names what ends automatically."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a provider reports about a contact."""

    name: str = field(repr=False)
    email: str | None = field(repr=False)


class Vouching:
    """Asks providers about contacts, and links, replaces or ends their e-mails accordingly."""

    def __init__(
        self, store: Store, plugins: Plugins, bindings: Bindings, lifetime: Lifetime, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._bindings = bindings
        self._lifetime = lifetime
        self._now = now

    async def ask(self, linked: Linked, sender: Sender | None = None, conversation: str | None = None) -> Known:
        """What the provider reports about a contact; `sender` saves a look-up where it is known.

        `conversation` is where they have just written, as the plugin named it.

        Raises:
            ProviderUnavailable: it could not be asked.
            Disconnected: the binding was disconnected meanwhile.
            VaultError: the secrets of the binding cannot be decrypted.
        """
        bound = await self._bindings.open(linked.binding)
        if sender is None:
            sender = await self._store.read(lambda tx: people.sender(tx, linked.contact))
        identity = await bound.resolve_identity(sender, conversation)
        vouches = self._vouches(linked.channel)
        # An e-mail counts only where the manifest says that the provider has verified it.
        return Known(identity.name, _normalised(identity.verified_email) if vouches else None)

    async def check(self, linked: Linked) -> None:
        """Ask the provider whether it still vouches for a contact's e-mail; errors as `ask`."""
        known = await self.ask(linked)
        await self._store.write(lambda tx: self.settle(tx, linked, known, self._now(), wrote=False))

    async def vouched(self, state: ConversationState, contact: Contact) -> str | None:
        """The e-mail that the provider vouches for, also after a person signed out; errors as `ask`."""
        if not self._vouches(state.channel):
            return None
        return (await self.ask(Linked(contact.id, state.binding, state.agent, state.channel))).email

    def concerns(self, channel: str, contact: Contact) -> bool:
        """Whether a person's e-mail rests on the provider's word."""
        return self._by_provider(channel, contact.email, contact.email_source)

    def _vouches(self, channel: str) -> bool:
        return self._plugins[channel].manifest.capabilities.verified_email

    def _by_provider(self, channel: str, email: str | None, source: str | None) -> bool:
        # Where no source is stored, to rely on the provider is what is safe.
        return email is not None and (source == Source.PROVIDER or (source is None and self._vouches(channel)))

    def expected(self, channel: str, contact: Contact, known: Known, *, wrote: bool) -> str | None:
        """The e-mail that a contact will have once `settle` is done; that one also ends what was not used for too long."""
        if contact.email is None:
            return known.email if wrote and not contact.signed_out else None
        return known.email if self.concerns(channel, contact) else contact.email

    def settle(self, tx: Tx, linked: Linked, known: Known, now: datetime, *, wrote: bool) -> None:
        """Link, replace or end a contact's e-mail. `wrote`: the contact has just written, and so uses what they have."""
        source = self._settled(tx, linked, known, now, wrote=wrote)
        if source and wrote:
            verified_emails.used(tx, linked.contact, source, now)

    def _settled(self, tx: Tx, linked: Linked, known: Known, now: datetime, *, wrote: bool) -> Source | None:
        """The same; returns the source of the e-mail that the contact has then."""
        contact = linked.contact
        current = self._ended(tx, linked, now)
        # Proved by the person: the provider's word changes nothing about it.
        if current and not self._by_provider(linked.channel, current.email, current.source):
            return Source.CODE
        if current and known.email == current.email:
            verified_emails.checked(tx, contact, now)
        elif current and known.email:
            # The last use stays: a new address at the provider is not a sign of life of the person.
            verified_emails.link(tx, contact, known.email, Source.PROVIDER, now, used_at=current.used_at)
            _record(tx, linked, "email_changed", now)
        elif current:
            verified_emails.end(tx, contact)
            _record(tx, linked, "email_withdrawn", now)
            return None
        # Only as they write: an e-mail is linked for someone who is there, never by the housekeeping.
        elif wrote and known.email and not verified_emails.signed_out(tx, contact):
            verified_emails.link(tx, contact, known.email, Source.PROVIDER, now)
            _record(tx, linked, "email_vouched", now)
        else:
            return None
        return Source.PROVIDER

    def _ended(self, tx: Tx, linked: Linked, now: datetime) -> Verification | None:
        """The contact's e-mail, which ends here if it was not used for too long."""
        current = verified_emails.of(tx, linked.contact)
        if current is None or now < self._lifetime.ends_at(current):
            return current
        expire(tx, linked, now)
        return None


def expire(tx: Tx, linked: Linked, now: datetime) -> None:
    """End an e-mail that was not used for too long."""
    verified_emails.end(tx, linked.contact)
    _record(tx, linked, "email_expired", now)


def _record(tx: Tx, linked: Linked, action: audit.Action, now: datetime) -> None:
    details = {"client": linked.contact}
    audit.add(tx, now, ACTOR, action, agent=linked.agent, channel=linked.channel, details=details)


def _normalised(email: str | None) -> str | None:
    """A provider's spelling of an address as shares and requests spell it; None if it is not an address to us."""
    try:
        return normalise_email(email) if email else None
    except ValueError:
        return None
