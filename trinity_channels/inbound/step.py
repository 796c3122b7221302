"""One step with what waits in a conversation: limits, commands, the gate. Decided inside the transaction that records it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trinity_channels import texts
from trinity_channels.access import requests
from trinity_channels.access.gate import Decision, Standing, decide, policies
from trinity_channels.access.login import Asker
from trinity_channels.access.self_service import SelfService
from trinity_channels.api import Channel
from trinity_channels.dispatch import Dispatcher
from trinity_channels.inbound.commands import Command, Verb, recognise
from trinity_channels.outbound import replies
from trinity_channels.store import Tx, access, audit, messages, people, scenes, turns
from trinity_channels.store.scenes import Message, Person, Scene

KEPT = 5
KEPT_FOR = timedelta(days=7)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
PER_MINUTE = 30


def too_fast(tx: Tx, person: Person, message: Message) -> bool:
    """Whether this message is beyond what one person may write in a minute."""
    return scenes.written_before(tx, person.id, message.id, message.at, MINUTE) > PER_MINUTE


def decision(scene: Scene, email: str | None, *, blocked: bool, has_access: bool) -> Decision:
    """What the gate says to somebody in a direct conversation."""
    policy, _ = policies(scene.policies)
    return decide(policy, Standing(email, blocked, has_access))


@dataclass(frozen=True, slots=True)
class Prepared:
    """What had to be asked outside the transaction, before it.

    Attributes:
        command: the command in the first waiting message.
        answer: what a command that reached outside (a mailed code) has to say.
        has_access: whether the person's verified e-mail may use the agent.
        code_opens: the same for the e-mail whose code the person is entering.
    """

    command: Command | None = None
    answer: str = ""
    has_access: bool = False
    code_opens: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """The state of a conversation and the means to act on it, for one transaction; `told` is what the host had to say.

    `quiet`: what waits is so old that it has its effect, and nothing is said about it.
    """

    scene: Scene
    person: Person
    manifest: Channel
    prepared: Prepared
    self_service: SelfService
    dispatcher: Dispatcher
    now: datetime
    quiet: bool = False
    told: list[str] = field(default_factory=list)

    def take(self, tx: Tx) -> bool:
        """Take the step; False if there is nothing more to do until somebody writes or decides."""
        if self.scene.stirred:
            messages.calm(tx, self.scene.conversation)
        self._tell_decisions(tx)
        if not self.scene.waiting:
            return self._open_kept(tx)
        first = self.scene.waiting[0]
        if too_fast(tx, self.person, first):
            self._drop_excess(tx, first)
        elif self.prepared.command:
            messages.mark(tx, [first.id], "handled")
            self._obey(tx, self.prepared.command)
        else:
            self._admit(tx, self._batch(tx))
        return True

    def _batch(self, tx: Tx) -> list[int]:
        """The messages up to the next command; people write in bursts, and one turn answers them all."""
        batch: list[int] = []
        for message in self.scene.waiting:
            if batch and (recognise(message, self.person) or too_fast(tx, self.person, message)):
                break
            batch.append(message.id)
        return batch

    def _tell(self, tx: Tx, text: str) -> None:
        self.told.append(text)
        replies.notice(tx, self.dispatcher, self.manifest, self.scene, text, self.now)

    def _tell_decisions(self, tx: Tx) -> None:
        """Tell what an owner has decided; outside the reply window that waits until the person writes."""
        if self.person.blocked or not replies.window_open(self.manifest, self.scene, self.now):
            return
        for request in access.notices_due(tx, self.scene.conversation):
            access.notice_given(tx, request.id)
            self._tell(tx, texts.APPROVED if request.status == "approved" else texts.DENIED)

    def _drop_excess(self, tx: Tx, message: Message) -> None:
        messages.mark(tx, [message.id], "dropped")
        if not self.person.blocked and self._due(self.person.limit_told_at, MINUTE):
            people.told(tx, self.person.id, "limit_told_at", self.now)
            self._tell(tx, texts.TOO_FAST)

    def _due(self, told: datetime | None, pause: timedelta) -> bool:
        return not self.quiet and (told is None or self.now - told >= pause)

    # --- the gate ---

    def _decision(self, email: str | None, *, has_access: bool) -> Decision:
        return decision(self.scene, email, blocked=self.person.blocked, has_access=has_access)

    def _own_decision(self) -> Decision:
        return self._decision(self.person.email, has_access=self.prepared.has_access)

    def _open_kept(self, tx: Tx) -> bool:
        """Only kept messages are there: the gate may have opened for them."""
        open_now = replies.window_open(self.manifest, self.scene, self.now)
        return open_now and self._own_decision() is Decision.ALLOW and self._release(tx)

    def _release(self, tx: Tx) -> bool:
        return messages.release(tx, self.scene.conversation, self.now - KEPT_FOR, self.now) > 0

    def _admit(self, tx: Tx, batch: list[int]) -> None:
        match self._own_decision():
            case Decision.ALLOW:
                # What was kept comes before what is new: then the next step looks again.
                if not (self.scene.kept and self._release(tx)):
                    turns.begin(tx, self.scene.conversation, batch, secrets.token_hex(16), self.now)
            case Decision.SILENT:
                messages.mark(tx, batch, "dropped")
            case Decision.ASK_LOGIN:
                messages.keep(tx, self.scene.conversation, batch, KEPT)
                if self._due(self.person.prompted_at, HOUR):
                    people.told(tx, self.person.id, "prompted_at", self.now)
                    self._tell(tx, texts.LOGIN_PROMPT if self.self_service.login.available else texts.LOGIN_CLOSED)
            case Decision.REQUEST_ACCESS:
                messages.keep(tx, self.scene.conversation, batch, KEPT)
                status = self._request(tx, self.person.email or "")
                if (status == "asked" and not self.quiet) or self._due(self.person.pending_told_at, DAY):
                    people.told(tx, self.person.id, "pending_told_at", self.now)
                    self._tell(tx, texts.DENIED_BEFORE if status == "denied" else texts.PENDING)

    def _request(self, tx: Tx, email: str) -> str:
        scene = self.scene
        return requests.standing(tx, scene.agent, email, scene.channel, scene.conversation, self.now)

    # --- commands ---

    def _obey(self, tx: Tx, command: Command) -> None:
        if self.person.blocked:
            return
        text = self._answer(tx, command)
        if not (command.answered or self.quiet):
            self._tell(tx, text)

    def _answer(self, tx: Tx, command: Command) -> str:
        email = self.person.email
        match command.verb:
            case Verb.LOGIN:
                return self.prepared.answer
            case Verb.CODE:
                return self._verify(tx, command.argument)
            case Verb.LOGOUT:
                if not email:
                    return texts.NOT_LOGGED_IN
                people.unlink(tx, self.person.id)
                self._audit(tx, "logout")
                return texts.LOGGED_OUT
            case Verb.WHOAMI:
                return texts.WHOAMI.format(email=email) if email else texts.NOT_LOGGED_IN
            case Verb.STOP:
                people.stop(tx, self.person.id, self.now)
                return texts.STOPPED
            case Verb.START:
                people.stop(tx, self.person.id, None)
                return texts.STARTED
            case Verb.HUMAN:
                return self._way_to_a_human(tx) or texts.NO_HUMAN
            case Verb.HELP:
                return "\n".join(filter(None, (texts.HELP, self._way_to_a_human(tx))))

    def _way_to_a_human(self, tx: Tx) -> str:
        return self.self_service.escalation.sentence(tx, self.scene.agent)

    def _verify(self, tx: Tx, code: str) -> str:
        attempt = self.self_service.login.check(tx, asker(self.scene, self.person, self.manifest), code)
        if attempt.email is None:
            return attempt.answer
        people.verify(tx, self.person.id, attempt.email, self.now)
        self._audit(tx, "login")
        if self._decision(attempt.email, has_access=self.prepared.code_opens) is not Decision.REQUEST_ACCESS:
            return attempt.answer
        status = self._request(tx, attempt.email)
        people.told(tx, self.person.id, "pending_told_at", self.now)
        text = texts.VERIFIED_DENIED if status == "denied" else texts.VERIFIED_PENDING
        return text.format(email=attempt.email)

    def _audit(self, tx: Tx, action: str) -> None:
        scene = self.scene
        audit.add(tx, self.now, f"contact:{self.person.id}", action, agent=scene.agent, channel=scene.channel)


def asker(scene: Scene, person: Person, manifest: Channel) -> Asker:
    """Who a login code is bound to."""
    return Asker(person.id, scene.binding, scene.agent, manifest.title)
