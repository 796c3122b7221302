"""A step in a group: each message stands for its writer, who must be verified; the others are told how, now and then."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from trinity_channels import texts
from trinity_channels.access.gate import Decision, Standing, decide_group, policies
from trinity_channels.api import Channel
from trinity_channels.dispatch import Dispatcher
from trinity_channels.inbound.step import HOUR, too_fast
from trinity_channels.outbound import replies
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
    dispatcher: Dispatcher
    now: datetime
    quiet: bool = False
    told: list[str] = field(default_factory=list)

    def take(self, tx: Tx) -> bool:
        """Take the step: one turn over what may be answered, the rest is dropped."""
        answered = [message.id for message in self.scene.waiting if self._admits(tx, message)]
        dropped = [message.id for message in self.scene.waiting if message.id not in answered]
        messages.mark(tx, dropped, "dropped")
        if answered:
            turns.begin(tx, self.scene.conversation, answered, secrets.token_hex(16), self.now)
        return True

    def _admits(self, tx: Tx, message: Message) -> bool:
        person = self.writers.get(message.contact or 0)
        if person is None or too_fast(tx, person, message):
            return False
        policy, groups = policies(self.scene.policies)
        standing = Standing(person.email, person.blocked, self.access.get(person.id, False))
        decision = decide_group(groups, policy, standing)
        if decision in (Decision.ASK_LOGIN, Decision.REQUEST_ACCESS):
            self._hint(tx, person)
        return decision is Decision.ALLOW

    def _hint(self, tx: Tx, person: Person) -> None:
        """Nobody's e-mail or standing is discussed in a group: it points to the direct chat, once an hour a person."""
        if self.quiet:
            return
        fresh = scenes.person(tx, person.id)
        if fresh.hinted_at is None or self.now - fresh.hinted_at >= HOUR:
            people.told(tx, person.id, "hinted_at", self.now)
            self.told.append(texts.GROUP_HINT)
            replies.notice(tx, self.dispatcher, self.manifest, self.scene, texts.GROUP_HINT, self.now)
