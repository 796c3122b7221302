"""What a step in a direct chat needs from outside its transaction: who may use the agent, and the mailing of codes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from trinity_channels import texts
from trinity_channels.access.directory import Directory, is_suspended
from trinity_channels.access.login import LoginContact
from trinity_channels.access.self_service import SelfService
from trinity_channels.api import Channel
from trinity_channels.email_address import shown_email
from trinity_channels.inbound.commands import Command, Expecting, Verb, recognise
from trinity_channels.inbound.gate import asks_to_sign_in, depends_on_access, login_contact, too_fast
from trinity_channels.inbound.sign_in import SignIn, may_hold_code
from trinity_channels.inbound.vouching import Vouching
from trinity_channels.store import Store
from trinity_channels.store.conversation_state import Contact, ConversationState

MOST_SHOWN = 5
"""Addresses that a person is asked to choose from."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What had to be asked outside the transaction, before it.

    Attributes:
        command: the command in the first waiting message.
        answer: what a command that reached outside (a mailed code) has to say.
        suspended: the e-mails of suspended accounts, of those that they have verified or sign in with.
        has_access: whether the person's verified e-mail may use the agent, asked where the gate depends on it.
        code_for: the e-mail that a live code was mailed to.
        code_opens: whether the e-mail that the person signs in with may use the agent, asked where they do.
        vouched: the e-mail that the provider vouches for, where the person signs in with that.
    """

    command: Command | None = None
    answer: str = ""
    suspended: frozenset[str] = field(default=frozenset(), repr=False)
    has_access: bool = False
    code_for: str | None = field(default=None, repr=False)
    code_opens: bool = False
    vouched: str | None = field(default=None, repr=False)

    @property
    def is_settled(self) -> bool:
        """Whether the command was carried out already, as far as it is: what was mailed cannot be taken back."""
        return self.command is not None and self.command.verb is Verb.LOGIN

    def suits(self, command: Command | None, expecting: Expecting) -> bool:
        """Whether this is what the command needs; not if something has changed since."""
        if command is None or command.verb not in (Verb.LOGIN, Verb.CODE):
            return True
        return command == self.command and (command.verb is Verb.LOGIN or expecting.code_for == self.code_for)


class Preparation:
    """Asks what a step needs to know."""

    def __init__(self, store: Store, directory: Directory, self_service: SelfService, vouching: Vouching) -> None:
        self._store = store
        self._directory = directory
        self._vouching = vouching
        self._login = self_service.login

    async def expecting(self, state: ConversationState, contact: Contact, manifest: Channel) -> Expecting:
        """How the waiting messages are to be understood; the step looks again."""
        stopped, asked = contact.stopped, asks_to_sign_in(state, contact)
        # Most messages have no number in them, and need no query here.
        if not may_hold_code(state.waiting):
            return Expecting(stopped=stopped, asked=asked)
        sign_in = SignIn(self._login, login_contact(state, contact, manifest))
        return await self._store.lookup(lambda tx: sign_in.expecting(tx, state.waiting, stopped=stopped, asked=asked))

    async def of(
        self, state: ConversationState, contact: Contact, manifest: Channel, expecting: Expecting, *, stale: bool
    ) -> Prepared:
        """What the next step needs; a /login is carried out, unless the messages are `stale`."""
        suspended = await self._suspended(contact.email)
        has_access = not suspended and await self._has_access(state, contact)
        first = state.waiting[0] if state.waiting else None
        command = recognise(first, expecting) if first else None
        prepared = Prepared(command, suspended=suspended, has_access=has_access, code_for=expecting.code_for)
        # Blocked people get no mail through us either.
        if first is None or command is None or contact.blocked:
            return prepared
        if command.verb is Verb.LOGIN:
            # An old /login would mail a code to someone who has long stopped waiting for it.
            if stale or await self._store.read(lambda tx: too_fast(tx, contact, first)):
                return prepared
            if email := await self._vouched(state, contact, command):
                return replace(await self._signing_in(prepared, state, email), vouched=email)
            return replace(prepared, answer=await self._log_in(login_contact(state, contact, manifest), command))
        if command.verb is Verb.CODE and expecting.code_for:
            return await self._signing_in(prepared, state, expecting.code_for)
        return prepared

    async def _signing_in(self, prepared: Prepared, state: ConversationState, email: str) -> Prepared:
        """With what the gate will say to someone who signs in with this e-mail."""
        opens, suspended = await self._directory.may_use(state.agent, email), await self._suspended(email)
        return replace(prepared, code_opens=opens, suspended=prepared.suspended | suspended)

    async def _suspended(self, email: str | None) -> frozenset[str]:
        return frozenset({email}) if email and await is_suspended(self._directory, email) else frozenset()

    async def _has_access(self, state: ConversationState, contact: Contact) -> bool:
        if contact.email is None or not depends_on_access(state, contact):
            return False
        # Outside the transaction: a directory may be code of the embedding program, and take its time.
        return await self._directory.may_use(state.agent, contact.email)

    async def _vouched(self, state: ConversationState, contact: Contact, command: Command) -> str | None:
        """The e-mail that the provider vouches for, if it is what the person wants to sign in with: no code is needed."""
        wanted = command.emails.found if command.emails else ()
        # Who is signed in and sends a bare /login wants another address, and is asked for it.
        if len(wanted) > 1 or (command.emails and not wanted) or (contact.email and not wanted):
            return None
        vouched = await self._vouching.vouched(state, contact)
        return vouched if not wanted or vouched == wanted[0] else None

    async def _log_in(self, contact: LoginContact, command: Command) -> str:
        """Mail a code to the address that was given; returns what to tell the person."""
        if not self._login.available:
            return texts.NO_MAILER
        if command.emails is None:
            return texts.LOGIN_USAGE
        match command.emails.found:
            case ():
                return texts.DECEPTIVE_EMAIL if command.emails.deceptive else texts.BAD_EMAIL
            case (email,):
                # Known addresses have a budget of their own, so that strangers cannot use up that of the owner's people.
                expected = await self._directory.may_use(contact.agent, email)
                return await self._login.ask(contact, email, expected=expected)
            case several:
                return texts.WHICH_EMAIL.format(emails=", ".join(map(shown_email, several[:MOST_SHOWN])))
