"""A step in a group: each message stands for its writer, who must be verified. Others are pointed to the direct chat."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from trinity_channels import texts
from trinity_channels.access.gate import AccessSubject, Decision, GroupPolicy, decide_group, policies
from trinity_channels.access.login import Guess, Login
from trinity_channels.api import Channel
from trinity_channels.inbound.commands import Command
from trinity_channels.inbound.gate import HOUR, MINUTE, asker, too_fast
from trinity_channels.inbound.sign_in import SignIn
from trinity_channels.outbound.notices import Limit, Notices
from trinity_channels.store import Tx, messages, people, scenes, turns
from trinity_channels.store.scenes import Message, Person, Scene


@dataclass(frozen=True, slots=True)
class GroupStep:
    """What waits in a group conversation, and who wrote it. `access` says whose e-mail may use the agent.

    `quiet`: what waits is so old that no hint is given about it.
    """

    scene: Scene
    writers: Mapping[int, Person]
    access: Mapping[int, bool]
    manifest: Channel
    login: Login
    notices: Notices
    now: datetime
    quiet: bool = False
    guesses: list[Guess] = field(default_factory=list)
    withheld: list[Limit] = field(default_factory=list)

    def take(self, tx: Tx) -> bool:
        """Take the step: one turn over what may be answered, the rest is dropped."""
        answered = []
        for message in self.scene.waiting:
            person = self.writers.get(message.contact or 0)
            if person is None or too_fast(tx, person, message):
                messages.drop(tx, [message.id], self.now)
            elif command := self._command(tx, person, message):
                messages.mark(tx, [message.id], "handled")
                self._point(tx, person, command)
            elif self._admits(tx, person):
                answered.append(message.id)
            else:
                messages.drop(tx, [message.id], self.now)
        if answered:
            turns.begin(tx, self.scene.conversation, answered, secrets.token_hex(16), self.now)
        return True

    def _command(self, tx: Tx, person: Person, message: Message) -> Command | None:
        """The command in a message, which the agent does not get; no code stays in what is stored."""
        sign_in = SignIn(self.login, asker(self.scene, person, self.manifest), self.guesses)
        expecting = sign_in.expecting(tx, [message], stopped=person.stopped, asked=False)
        command = sign_in.understood(tx, message, expecting)
        if command:
            sign_in.hide(tx, message)
        else:
            sign_in.hide_codes(tx, [message], live=True)
        return command

    def _point(self, tx: Tx, person: Person, command: Command) -> None:
        """Say where commands work, once a minute a person; nothing that the provider has answered, or where all is off."""
        _, groups = policies(self.scene.policies)
        if self.quiet or person.blocked or command.answered or groups is GroupPolicy.OFF:
            return
        pointed_at = scenes.person(tx, person.id).pointed_at
        if pointed_at is None or self.now - pointed_at >= MINUTE:
            self._tell(tx, person, texts.GROUP_COMMAND, "pointed_at")

    def _admits(self, tx: Tx, person: Person) -> bool:
        decision = self._decision(person)
        if decision in (Decision.ASK_LOGIN, Decision.REQUEST_ACCESS):
            self._hint(tx, person)
        return decision is Decision.ALLOW

    def _decision(self, person: Person) -> Decision:
        policy, groups = policies(self.scene.policies)
        return decide_group(
            groups, policy, AccessSubject(person.email, person.blocked, self.access.get(person.id, False))
        )

    def _hint(self, tx: Tx, person: Person) -> None:
        """Never show a person's e-mail or access to a group: point to the direct chat, once an hour per person."""
        if self.quiet:
            return
        fresh = scenes.person(tx, person.id)
        if fresh.hinted_at is None or self.now - fresh.hinted_at >= HOUR:
            self._tell(tx, person, texts.GROUP_HINT, "hinted_at")

    def _tell(self, tx: Tx, person: Person, text: str, when: str) -> None:
        """Say something in the group because of a person, within the budgets, and note when."""
        if limit := self.notices.queue(tx, self.manifest, self.scene, text, contact=person.id, now=self.now):
            self.withheld.append(limit)
        else:
            people.told(tx, person.id, when, self.now)
