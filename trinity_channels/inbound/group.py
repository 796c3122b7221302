"""A step in a group: each message stands for its writer, who must be verified. Others are pointed to the direct chat."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime

from trinity_channels import texts
from trinity_channels.access.gate import AccessSubject, Decision, GroupPolicy, decide_group, policies
from trinity_channels.access.login import Login
from trinity_channels.inbound.basis import Taken, decides, found_again
from trinity_channels.inbound.commands import Command
from trinity_channels.inbound.gate import HOUR, MINUTE, login_contact, too_fast
from trinity_channels.inbound.sign_in import SignIn
from trinity_channels.inbound.situation import Noted, Situation
from trinity_channels.inbound.writers import Known
from trinity_channels.outbound import replies
from trinity_channels.outbound.notices import Notices
from trinity_channels.store import Tx, conversation_state, messages, people, turns
from trinity_channels.store.conversation_state import Contact, ConversationState, Message


@dataclass(frozen=True, slots=True)
class GroupStep:
    """What waits in a group conversation, and who wrote it, for one transaction. Old messages get no hints."""

    state: ConversationState
    known: Known
    situation: Situation
    login: Login
    notices: Notices
    noted: Noted = field(default_factory=Noted)

    @property
    def expected_writer(self) -> int | None:
        """Who stands for the turn that may be run at once, as far as can be told; None if there will be none."""
        if self.situation.quiet or not replies.window_open(self.situation.manifest, self.state, self.situation.now):
            return None
        wrote = {message.contact for message in self.state.waiting if message.contact}
        # The same as `OpenTurn.writer`, by whom slots are shared out.
        return min((one for one in wrote if self._decision(self.known.people[one]) is Decision.ALLOW), default=None)

    @property
    def depends_on_access(self) -> bool:
        """Whether the directory let someone through."""
        return any(self.known.access.values())

    def at(self, now: datetime) -> GroupStep:
        """This step at another time."""
        return replace(self, situation=replace(self.situation, now=now))

    def remembered(self, at: datetime | None) -> GroupStep:
        """This step, prepared for a state that was taken from memory at a time."""
        return replace(self, situation=replace(self.situation, remembered=at)) if at else self

    def on(self, tx: Tx, fresh: ConversationState) -> GroupStep | None:
        """This step on the state of its own transaction; None if that is not what it was prepared for."""
        found = found_again(self.state, fresh)
        writers = {one: conversation_state.contact(tx, one) for one in self.known.people}
        if found is None or any(decides(writers[one]) != decides(before) for one, before in self.known.people.items()):
            return None
        return replace(self, state=found, known=replace(self.known, people=writers))

    def take(self, tx: Tx, *, attempts: int) -> Taken:
        """Take the step: one turn over what may be answered, which begins with so many `attempts`; the rest is dropped."""
        answered: list[Message] = []
        for message in self.state.waiting:
            contact = self.known.people.get(message.contact or 0)
            # In a group nothing is held for later: the talk has moved on by then.
            if contact is None or too_fast(tx, contact, message):
                messages.drop(tx, [message.id], self.situation.now)
            elif command := self._command(tx, contact, message):
                # Not carried out, only pointed to the direct chat: everyone in the group would read the answer.
                messages.handled(tx, message.id)
                self._point(tx, contact, command)
            elif self._admits(tx, contact):
                answered.append(message)
            else:
                messages.drop(tx, [message.id], self.situation.now)
        if not answered:
            return Taken()
        # One turn for all of them: they are one conversation.
        key = secrets.token_hex(16)
        return Taken(turns.begin(tx, self.state.conversation, answered, key, self.situation.now, attempts=attempts))

    def _command(self, tx: Tx, contact: Contact, message: Message) -> Command | None:
        """The command in a message, which the agent does not get; no code stays in what is stored."""
        sign_in = SignIn(self.login, login_contact(self.state, contact, self.situation.manifest), self.noted.guesses)
        expecting = sign_in.expecting(tx, [message], stopped=contact.stopped, asked=False)
        command = sign_in.understood(tx, message, expecting)
        if command:
            sign_in.hide(tx, message)
        else:
            sign_in.hide_codes(tx, [message], live=True)
        return command

    def _point(self, tx: Tx, contact: Contact, command: Command) -> None:
        """Say where commands work, once a minute a person; nothing that the provider has answered, or where all is off."""
        _, groups = policies(self.state.policies)
        if (
            self.situation.quiet
            or contact.blocked
            or contact.id in self.known.suspended
            or command.answered
            or groups is GroupPolicy.OFF
        ):
            return
        # Read again here: this step may have told them a moment ago, for an earlier message.
        pointed_at = conversation_state.contact(tx, contact.id).pointed_at
        if pointed_at is None or self.situation.now - pointed_at >= MINUTE:
            self._tell(tx, contact, texts.GROUP_COMMAND, "pointed_at")

    def _admits(self, tx: Tx, contact: Contact) -> bool:
        decision = self._decision(contact)
        if decision in (Decision.ASK_LOGIN, Decision.REQUEST_ACCESS):
            self._hint(tx, contact)
        return decision is Decision.ALLOW

    def _decision(self, contact: Contact) -> Decision:
        policy, groups = policies(self.state.policies)
        has_access, suspended = self.known.access.get(contact.id, False), contact.id in self.known.suspended
        return decide_group(groups, policy, AccessSubject(contact.email, contact.blocked, has_access, suspended))

    def _hint(self, tx: Tx, contact: Contact) -> None:
        """Never show a person's e-mail or access to a group: point to the direct chat, once an hour per person."""
        if self.situation.quiet:
            return
        fresh = conversation_state.contact(tx, contact.id)
        if fresh.hinted_at is None or self.situation.now - fresh.hinted_at >= HOUR:
            self._tell(tx, contact, texts.GROUP_HINT, "hinted_at")

    def _tell(self, tx: Tx, contact: Contact, text: str, when: str) -> None:
        """Say something in the group because of a person, within the budgets, and note when."""
        if limit := self.notices.queue(
            tx, self.situation.manifest, self.state, text, contact=contact.id, now=self.situation.now
        ):
            self.noted.withheld.append(limit)
        else:
            people.told(tx, contact.id, when, self.situation.now)
