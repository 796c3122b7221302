"""The answers to chat commands, within the transaction that carries them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels import texts
from trinity_channels.access import requests
from trinity_channels.access.gate import Decision
from trinity_channels.access.self_service import SelfService
from trinity_channels.email_address import shown_email
from trinity_channels.inbound.commands import TOLERANCE, Command, Verb
from trinity_channels.inbound.gate import decision
from trinity_channels.inbound.prepare import Prepared
from trinity_channels.inbound.sign_in import SignIn
from trinity_channels.inbound.situation import Situation
from trinity_channels.store import Tx, audit, people, verified_emails
from trinity_channels.store.conversation_state import Contact, ConversationState
from trinity_channels.store.verified_emails import Source


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person is told.

    `noted`: times of the contact to set once it has been told, for it is not repeated for a while.
    """

    text: str
    noted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """What commands do for one person, and what they are told."""

    state: ConversationState
    contact: Contact
    prepared: Prepared
    situation: Situation
    self_service: SelfService
    sign_in: SignIn

    def to(self, tx: Tx, command: Command) -> Answer:
        """Carry out a command; returns what to tell the person."""
        match command.verb:
            case Verb.LOGIN if self.prepared.vouched:
                return self._vouched(tx, self.prepared.vouched)
            case Verb.CODE:
                return self._verify(tx, command.code)
            case _:
                return Answer(self._text(tx, command))

    def _text(self, tx: Tx, command: Command) -> str:
        match command.verb:
            # A code was mailed before the transaction, as a mail cannot be rolled back; only its answer is left to give.
            case Verb.LOGIN:
                return self.prepared.answer
            case Verb.SPENT | Verb.CODE:
                return self._spent(tx, command.code)
            case Verb.LOGOUT:
                if not self.contact.email:
                    return texts.NOT_LOGGED_IN
                verified_emails.sign_out(tx, self.contact.id, self.situation.now)
                self._audit(tx, "logout")
                return (
                    texts.LOGGED_OUT_VOUCHED
                    if self.situation.manifest.capabilities.verified_email
                    else texts.LOGGED_OUT
                )
            case Verb.WHOAMI:
                return self._whoami(tx)
            case Verb.STOP | Verb.START:
                stopped = command.verb is Verb.STOP
                people.stop(tx, self.contact.id, self.situation.now if stopped else None)
                return texts.STOPPED if stopped else texts.STARTED
            case Verb.HELP | Verb.HUMAN:
                return self._help(tx, command.verb)

    def _help(self, tx: Tx, verb: Verb) -> str:
        way_to_a_human = self.self_service.escalation.sentence(tx, self.state.agent)
        if verb is Verb.HUMAN:
            return way_to_a_human or texts.NO_HUMAN
        return f"{texts.HELP}\n{way_to_a_human}".rstrip()

    def _whoami(self, tx: Tx) -> str:
        verification = verified_emails.of(tx, self.contact.id)
        if verification is None:
            return texts.NOT_LOGGED_IN
        who = texts.WHOAMI.format(email=shown_email(verification.email))
        if verification.source is None:
            return who
        how = texts.WHOAMI_PROVIDER if verification.source is Source.PROVIDER else texts.WHOAMI_CODE
        days = self.self_service.lifetime.of(verification).days
        detail = how.format(channel=self.situation.manifest.title, since=verification.verified_at.date(), days=days)
        return f"{who}\n{detail}"

    def _vouched(self, tx: Tx, email: str) -> Answer:
        """Sign in with the e-mail that the provider vouches for."""
        verified_emails.link(tx, self.contact.id, email, Source.PROVIDER, self.situation.now)
        self._audit(tx, "login")
        return self._welcome(tx, email) or Answer(texts.VERIFIED.format(email=shown_email(email)))

    def _verify(self, tx: Tx, code: str) -> Answer:
        login, who = self.sign_in.login, self.sign_in.contact
        # It was live when the message was read, and has been used or replaced since.
        if login.awaited(tx, who.id) is None:
            return Answer(self._spent(tx, code))
        attempt = login.check(tx, who, code)
        if attempt.guess:
            # Counted after the commit: a unit may run twice.
            self.sign_in.guesses.append(attempt.guess)
        if attempt.email is None:
            return Answer(attempt.answer)
        verified_emails.link(tx, self.contact.id, attempt.email, Source.CODE, self.situation.now)
        self._audit(tx, "login")
        # It may also stand in earlier messages, where it was not alone and so confirmed nothing.
        if attempt.since:
            self.sign_in.hide_everywhere(tx, code, attempt.since - TOLERANCE)
        return self._welcome(tx, attempt.email) or Answer(attempt.answer)

    def _welcome(self, tx: Tx, email: str) -> Answer | None:
        """What to tell a person who has just signed in and may not use the agent yet; None if they may."""
        shut_out, opens = self.contact.blocked or email in self.prepared.suspended, self.prepared.code_opens
        if decision(self.state, email, blocked=shut_out, has_access=opens) is not Decision.REQUEST_ACCESS:
            return None
        status = request_access(tx, self.state, email, self.situation.now)
        text = texts.VERIFIED_DENIED if status == "denied" else texts.VERIFIED_PENDING
        return Answer(text.format(email=shown_email(email)), ("pending_told_at",))

    def _spent(self, tx: Tx, code: str) -> str:
        """The answer to a code that no longer counts, or never did."""
        # People send a code twice when the answer is slow; who is signed in with it is told so, not that it is wrong.
        known = self.sign_in.login.spent(tx, self.sign_in.contact, {code}).get(code)
        if known and known.email == self.contact.email:
            return texts.VERIFIED.format(email=shown_email(known.email))
        expired = self.sign_in.login.lapse(tx, self.contact.id)
        if expired or (known and self.situation.now - known.expires_at >= timedelta(0)):
            return texts.CODE_EXPIRED
        return texts.NO_CODE

    def _audit(self, tx: Tx, action: audit.Action) -> None:
        state = self.state
        audit.add(
            tx,
            self.situation.now,
            audit.contact_actor(self.contact.id),
            action,
            agent=state.agent,
            channel=state.channel,
        )


def request_access(tx: Tx, state: ConversationState, email: str, now: datetime) -> str:
    """Ask the owner to approve a person; returns how that stands: asked, pending or denied."""
    return requests.open_request(tx, state.agent, email, state.channel, state.conversation, now)
