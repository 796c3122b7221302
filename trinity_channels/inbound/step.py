"""One step with what waits in a conversation: limits, commands, the gate. Decided inside the transaction that records it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile

from trinity_channels import texts
from trinity_channels.access.gate import HELD_FOR, Decision
from trinity_channels.access.self_service import SelfService
from trinity_channels.email_address import shown_email
from trinity_channels.inbound.answer import Answers, request_access
from trinity_channels.inbound.basis import Taken, decides, found_again
from trinity_channels.inbound.commands import Command, Expecting
from trinity_channels.inbound.gate import (
    DAY,
    HOUR,
    MINUTE,
    asks_to_sign_in,
    decision,
    depends_on_access,
    login_contact,
    too_fast,
)
from trinity_channels.inbound.prepare import Prepared
from trinity_channels.inbound.sign_in import SignIn
from trinity_channels.inbound.situation import Noted, Situation
from trinity_channels.outbound import replies
from trinity_channels.outbound.notices import Notices
from trinity_channels.store import Tx, access, messages, people, turns
from trinity_channels.store.conversation_state import Contact, ConversationState, Message, OpenTurn

HELD = 5


@dataclass(frozen=True, slots=True)
class Means:
    """The services with which a step acts."""

    self_service: SelfService
    notices: Notices


@dataclass(frozen=True, slots=True)
class Step:
    """What waits in a direct chat, and who wrote it, for one transaction."""

    state: ConversationState
    contact: Contact
    prepared: Prepared
    situation: Situation
    means: Means
    noted: Noted = field(default_factory=Noted)

    @property
    def expected_writer(self) -> int | None:
        """Whose question will open a turn that may be run at once, as far as can be told; None if none will."""
        opens = self.state.waiting and not self.state.held and not self.prepared.command and not self.situation.quiet
        if not opens or self._own_decision() is not Decision.ALLOW:
            return None
        return self.contact.id if replies.window_open(self.situation.manifest, self.state, self.situation.now) else None

    @property
    def depends_on_access(self) -> bool:
        """Whether the gate was opened by what the directory said."""
        return depends_on_access(self.state, self.contact)

    def at(self, now: datetime) -> Step:
        """This step at another time."""
        return replace(self, situation=replace(self.situation, now=now))

    def remembered(self, at: datetime | None) -> Step:
        """This step, prepared for a state that was taken from memory at a time."""
        return replace(self, situation=replace(self.situation, remembered=at)) if at else self

    def on(self, _: Tx, fresh: ConversationState) -> Step | None:
        """This step on the state of its own transaction; None if that is not what it was prepared for."""
        settled = self.prepared.is_settled
        found = found_again(self.state, fresh, settled=settled)
        if found is None or fresh.contact is None:
            return None
        if not settled and decides(fresh.contact) != decides(self.contact):
            return None
        return replace(self, state=found, contact=fresh.contact)

    def take(self, tx: Tx, *, attempts: int) -> Taken:
        """Take the step. A turn that it opens begins with so many `attempts`."""
        # In the transaction of the step: a decision that comes meanwhile calls for the next one.
        if self.state.needs_turn:
            messages.turn_taken(tx, self.state.conversation)
        # First, so that people read that they are let in before they read the answer.
        self._tell_decisions(tx)
        if not self.state.waiting:
            return Taken(goes_on=self._open_held(tx))
        first, expecting = self.state.waiting[0], self._expecting(tx)
        if too_fast(tx, self.contact, first):
            self._drop_excess(tx)
            return Taken()
        # A mail that has gone out is not looked at again: its answer must follow, whatever has changed since.
        command = self.prepared.command if self.prepared.is_settled else self._understood(tx, first, expecting)
        if not self.prepared.suits(command, expecting):
            return Taken()  # a code was made or used meanwhile: prepare for that
        if command:
            messages.handled(tx, first.id)
            # Every number: a command is not text for the agent, and may hold a mistyped code.
            self._sign_in.hide(tx, first)
            self._obey(tx, command)
            return Taken()
        batch = self._batch(tx, expecting)
        return Taken(self._admit(tx, batch, attempts), self.state.waiting[len(batch) :])

    @property
    def _sign_in(self) -> SignIn:
        return SignIn(
            self.means.self_service.login,
            login_contact(self.state, self.contact, self.situation.manifest),
            self.noted.guesses,
        )

    def _expecting(self, tx: Tx) -> Expecting:
        asked = asks_to_sign_in(self.state, self.contact)
        return self._sign_in.expecting(tx, self.state.waiting, stopped=self.contact.stopped, asked=asked)

    def _understood(self, tx: Tx, message: Message, expecting: Expecting) -> Command | None:
        return self._sign_in.understood(tx, message, expecting)

    def _batch(self, tx: Tx, expecting: Expecting) -> list[Message]:
        """The messages up to the next command; people write in bursts, and one turn answers them all."""
        batch: list[Message] = []
        for message in self.state.waiting:
            # Order matters: what was asked before a /logout is answered for the person who asked it.
            if batch and (self._understood(tx, message, expecting) or too_fast(tx, self.contact, message)):
                break
            batch.append(message)
        return batch

    def _tell(self, tx: Tx, text: str) -> bool:
        """Tell the person something; False if a budget is used up, and nothing was told."""
        # Who they were when they wrote: the answer to /logout is not one to a stranger.
        stranger = None if self.contact.email else self.contact.id
        limit = self.means.notices.queue(
            tx, self.situation.manifest, self.state, text, contact=stranger, now=self.situation.now
        )
        # Counted after the commit, for the owner's notice and the metrics.
        if limit:
            self.noted.withheld.append(limit)
        return limit is None

    def _tell_and_note(self, tx: Tx, text: str, *times: str) -> None:
        """Tell something that is not repeated for a while, which counts from when it was told."""
        if self._tell(tx, text):
            for time in times:
                people.told(tx, self.contact.id, time, self.situation.now)

    def _tell_decisions(self, tx: Tx) -> None:
        """Tell what an owner has decided; outside the reply window that waits until the person writes."""
        if self._shut_out or not replies.window_open(self.situation.manifest, self.state, self.situation.now):
            return
        for request in access.notices_due(tx, self.state.conversation):
            if self._tell(tx, texts.APPROVED if request.status == "approved" else texts.DENIED):
                access.notice_given(tx, request.id)

    def _drop_excess(self, tx: Tx) -> None:
        """Drop what was written too fast, up to the next message that was not: a step for each would cost others time."""
        excess = takewhile(lambda message: too_fast(tx, self.contact, message), self.state.waiting)
        messages.drop(tx, [message.id for message in excess], self.situation.now)
        if not self._shut_out and self._due(self.contact.limit_told_at, MINUTE):
            self._tell_and_note(tx, texts.TOO_FAST, "limit_told_at")

    def _due(self, told: datetime | None, pause: timedelta) -> bool:
        return not self.situation.quiet and (told is None or self.situation.now - told >= pause)

    # --- the gate ---

    @property
    def _shut_out(self) -> bool:
        """Whether the host says nothing to this person that they have not asked for by a command."""
        return self.contact.blocked or self._suspended

    @property
    def _suspended(self) -> bool:
        return self.contact.email in self.prepared.suspended

    def _own_decision(self) -> Decision:
        return decision(
            self.state,
            self.contact.email,
            blocked=self.contact.blocked,
            has_access=self.prepared.has_access,
            suspended=self._suspended,
        )

    def _open_held(self, tx: Tx) -> bool:
        """Only held messages are there: access may have been granted."""
        open_now = replies.window_open(self.situation.manifest, self.state, self.situation.now)
        # Outside the reply window an answer could not be sent, so they stay held until the person writes.
        return open_now and self._own_decision() is Decision.ALLOW and self._release(tx)

    def _release(self, tx: Tx) -> bool:
        return messages.release(tx, self.state.conversation, self.situation.now - HELD_FOR, self.situation.now) > 0

    def _admit(self, tx: Tx, batch: list[Message], attempts: int) -> OpenTurn | None:
        found = self._own_decision()
        # Blocked or shut out: not held either, so that nothing of it is kept.
        if found is Decision.SILENT:
            messages.drop(tx, [message.id for message in batch], self.situation.now)
            return None
        self._sign_in.hide_codes(tx, batch, live=found is Decision.ALLOW)
        if found is Decision.ALLOW:
            # What was held comes before what is new: then the next step looks again.
            if self.state.held and self._release(tx):
                return None
            key = secrets.token_hex(16)
            return turns.begin(tx, self.state.conversation, batch, key, self.situation.now, attempts=attempts)
        # Held before anything is asked: once they have signed in, people need not repeat themselves.
        messages.hold(tx, self.state.conversation, [message.id for message in batch], HELD, self.situation.now)
        if found is Decision.ASK_LOGIN:
            self._ask_to_sign_in(tx)
        else:
            self._ask_for_access(tx, self.contact.email or "")
        return None

    def _ask_to_sign_in(self, tx: Tx) -> None:
        if self._tell_what_is_awaited(tx):
            return
        if not self.situation.quiet and self.means.self_service.login.lapse(tx, self.contact.id):
            self._tell(tx, texts.CODE_EXPIRED)
        # Not with every message: someone who ignores it need not be billed for, over and over.
        elif self._due(self.contact.prompted_at, HOUR):
            self._tell_and_note(tx, self._how_to_sign_in(), "prompted_at")

    def _how_to_sign_in(self) -> str:
        # No address is needed there: a bare /login is enough, for the provider knows theirs.
        if self.contact.signed_out and self.situation.manifest.capabilities.verified_email:
            return texts.LOGIN_AGAIN.format(channel=self.situation.manifest.title)
        return texts.LOGIN_PROMPT if self.means.self_service.login.available else texts.LOGIN_CLOSED

    def _ask_for_access(self, tx: Tx, email: str) -> None:
        status = request_access(tx, self.state, email, self.situation.now)
        # A new request is confirmed at once; that it is still open, once a day.
        if (status == "asked" and not self.situation.quiet) or self._due(self.contact.pending_told_at, DAY):
            self._tell_and_note(tx, texts.DENIED_BEFORE if status == "denied" else texts.PENDING, "pending_told_at")
        else:
            self._tell_what_is_awaited(tx)

    def _tell_what_is_awaited(self, tx: Tx) -> bool:
        """Tell a person who was mailed a code what is awaited; False if no code is."""
        awaited = self.means.self_service.login.awaited(tx, self.contact.id)
        if awaited and self._due(self.contact.awaited_told_at, MINUTE):
            self._tell_and_note(tx, texts.AWAITING_CODE.format(email=shown_email(awaited.email)), "awaited_told_at")
        return awaited is not None

    # --- commands ---

    def _obey(self, tx: Tx, command: Command) -> None:
        # Marked as handled all the same, so that it is not looked at again.
        if self.contact.blocked:
            return
        answers = Answers(
            self.state, self.contact, self.prepared, self.situation, self.means.self_service, self._sign_in
        )
        answer = answers.to(tx, command)
        # A provider that understands STOP by itself has confirmed it; two confirmations would contradict each other.
        if not (command.answered or self.situation.quiet):
            self._tell_and_note(tx, answer.text, *answer.noted)
