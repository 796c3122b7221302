"""Proactive messages: an agent writes first, to a person who has proved their e-mail and agreed to it."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from trinity_channels.access.directory import Directory, is_suspended, may_write_first, owner_email
from trinity_channels.access.disclosure import Disclosure
from trinity_channels.api import Channel
from trinity_channels.authorisation import Authorisation
from trinity_channels.bindings.refusals import NotConnected
from trinity_channels.outbound import replies
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, audit, bindings, conversation_state, disclosures, proactive
from trinity_channels.store.audit import Actor
from trinity_channels.store.conversation_state import ConversationState
from trinity_channels.store.proactive import Part, Proactive, ProactiveContact
from trinity_channels.store.states import TAKEN, OutboxState

AUTO = "auto"
PER_HOUR = 10
HOUR = timedelta(hours=1)


class RecipientRole(StrEnum):
    """Whom a message goes to by their role at the agent, as the platform calls them. Here only the owner has one."""

    PRIMARY = "primary"
    APPROVER = "approver"
    VIEWER = "viewer"


class ProactiveRefused(Refusal):
    """A message that may not be sent."""


class ProactiveNotFound(Refusal):
    """The agent has sent no proactive message with this id."""

    def __init__(self) -> None:
        super().__init__("message_not_found", "This agent has sent no such message.")


@dataclass(frozen=True, slots=True)
class ProactiveRequest:
    """What an agent, its owner or an admin asks for.

    Attributes:
        agent: its name.
        email: the recipient's.
        text: Markdown.
        channel: a name or `auto`.
        key: under which the same request may be made again.
        execution: the run of an agent that asks. Made again in the same run, a request is the same one whatever its text
            says, because an agent that runs again words it differently. Without effect beside a `key`.
        label: tells the messages of one execution to one recipient apart.
    """

    agent: str
    email: str = field(repr=False)
    text: str = field(repr=False)
    channel: str
    key: str | None = None
    execution: str | None = None
    label: str | None = None

    @property
    def guard(self) -> str | None:
        """What the same request has as well; None if it may be repeated."""
        if self.key or not self.execution:
            return self.key
        return f"execution:{_digest(self.email, self.channel, self.execution, self.label)}"

    @property
    def fingerprint(self) -> str:
        """The same for the same message; tells a repetition from another message under the same key."""
        return _digest(self.email, self.text, self.channel)

    def repeats(self, earlier: Proactive) -> bool:
        """Whether this asks for what an earlier request with the same guard has asked for."""
        return not self.key or earlier.fingerprint == self.fingerprint


def _digest(*values: str | None) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Status:
    """How far a message got: the least advanced of its parts, failed if one of them failed.

    `repeated`: the request was made before, and nothing was sent because of this one.
    """

    message: Proactive
    state: OutboxState
    parts: int
    error_code: str | None
    error: str | None
    repeated: bool = False


class ProactiveMessages:
    """Sends them, and reports their states."""

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        may: Authorisation,
        directory: Directory,
        disclosure: Disclosure,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._may = may
        self._directory = directory
        self._disclosure = disclosure
        self._now = now

    async def in_role(self, principal: Principal, agent: str, role: RecipientRole) -> str:
        """The e-mail of the one who has a role at the agent.

        Raises:
            Refusal: the principal may not use the agent.
            ProactiveRefused: no one is known to have it.
        """
        await self._may.member(principal, agent)
        owner = await owner_email(self._directory, agent) if role is RecipientRole.PRIMARY else None
        if owner is None:
            raise ProactiveRefused(
                "role_unassigned",
                f"No one is known here as {role} of this agent. Name the recipient by recipient_email"
                + ("." if role is RecipientRole.PRIMARY else ", or write to primary, the agent's owner."),
                field="to",
                extra={"role": role},
            )
        return owner

    async def send(self, principal: Principal, request: ProactiveRequest) -> Status:
        """Queue a message, for the agent, its owner or an administrator.

        Raises:
            Refusal: the principal may not use the agent.
            ProactiveRefused: the message may not be sent.
        """
        await self._may.member(principal, request.agent)
        channels = self._channels(request.channel)
        # Before the transaction: the directory may be another system.
        allowed = await may_write_first(self._directory, request.agent, request.email)
        suspended = await is_suspended(self._directory, request.email)
        now = self._now()

        def queue(tx: Tx) -> tuple[Proactive, bool]:
            # First: a repeated request gets its first answer, whatever has changed meanwhile.
            if earlier := _earlier(tx, request):
                return earlier, True
            if suspended:
                raise ProactiveRefused("recipient_suspended", "This recipient's account is suspended.")
            return self._queue(tx, request, channels, principal.actor, allowed=allowed, now=now), False

        message, repeated = await self._store.write(queue)
        return replace(await self._status(message), repeated=repeated)

    async def status(self, principal: Principal, agent: str, message: str) -> Status:
        """What became of a message, for the agent, its owner or an administrator.

        Raises:
            Refusal: the principal may not use the agent.
            ProactiveNotFound: the agent has none with this id.
        """
        await self._may.member(principal, agent)
        found = await self._store.read(lambda tx: proactive.by_id(tx, agent, message))
        if found is None:
            raise ProactiveNotFound
        return await self._status(found)

    def _channels(self, wanted: str) -> list[str]:
        if wanted == AUTO:
            eligible = [self._plugins[name].manifest for name in self._plugins]
            return [one.name for one in sorted(eligible, key=lambda one: (one.auto_rank, one.name)) if one.auto]
        if wanted not in self._plugins:
            known = ", ".join([AUTO, *self._plugins])
            raise ProactiveRefused("unknown_channel", f"channel must be one of {known}.", field="channel")
        return [wanted]

    def _queue(
        self, tx: Tx, request: ProactiveRequest, channels: list[str], actor: Actor, *, allowed: bool, now: datetime
    ) -> Proactive:
        if not allowed:
            raise ProactiveRefused(
                "not_opted_in", "This recipient has not agreed to proactive messages; the owner can allow them."
            )
        channel, contact = self._contact(tx, request, channels)
        manifest = self._plugins[channel].manifest
        _refuse_unwilling(contact, manifest)
        state = conversation_state.load(tx, contact.conversation)
        assert state is not None  # noqa: S101  found in this transaction
        _refuse_closed(manifest, state, now)
        _refuse_too_many(tx, request, now)
        disclosure = self._disclosure.before(tx, state, now)
        composed = replies.parts(manifest, request.text, before=disclosure)
        if not composed:
            raise ProactiveRefused("empty_text", "text has nothing to show.", field="text")
        identity = replies.queue(tx, state, request.text, composed, origin="proactive", now=now)
        if disclosure:
            disclosures.disclosed(tx, state.conversation, identity, now)
        asked = Proactive(
            secrets.token_hex(12), request.agent, channel, request.email, request.fingerprint, identity, now
        )
        proactive.add(tx, asked, key=request.guard, by=actor)
        audit.add(
            tx,
            now,
            actor,
            "proactive_message",
            agent=request.agent,
            channel=channel,
            details={"message": asked.id},
        )
        return asked

    def _contact(
        self, tx: Tx, request: ProactiveRequest, channels: list[str]
    ) -> tuple[str, proactive.ProactiveContact]:
        for channel in channels:
            found = proactive.contact(tx, request.agent, channel, request.email)
            if found:
                return channel, found
        if request.channel != AUTO:
            binding = bindings.of_agent(tx, request.agent, request.channel)
            if binding is None or not binding.connected:
                raise NotConnected(self._plugins[request.channel].manifest.title)
        elsewhere = [
            name
            for name in self._plugins
            if name not in channels and proactive.contact(tx, request.agent, name, request.email)
        ]
        hint = f" They can be reached with channel={elsewhere[0]!r}." if elsewhere else ""
        where = " or ".join(self._plugins[name].manifest.title for name in channels) or "a channel that auto picks"
        raise ProactiveRefused(
            "recipient_not_linked",
            f"No conversation on {where} is linked to this e-mail: the person must have written to the agent "
            f"there and signed in with /login.{hint}",
        )

    async def _status(self, message: Proactive) -> Status:
        parts = await self._store.read(lambda tx: proactive.parts(tx, message.message))
        failed = next((part for part in parts if part.state is OutboxState.FAILED), None)
        if failed:
            return Status(message, OutboxState.FAILED, len(parts), failed.failure_code, failed.failure)
        if any(part.state is OutboxState.UNKNOWN for part in parts):
            why = "The provider did not say whether it took the message."
            return Status(message, OutboxState.UNKNOWN, len(parts), None, why)
        reached = min(map(_public, parts), key=TAKEN.index, default=OutboxState.QUEUED)
        return Status(message, reached, len(parts), None, None)


def _earlier(tx: Tx, request: ProactiveRequest) -> Proactive | None:
    """The message that the same request was answered with before."""
    earlier = proactive.by_key(tx, request.agent, request.guard) if request.guard else None
    if earlier and not request.repeats(earlier):
        raise ProactiveRefused(
            "duplicate", "Another message was sent under this idempotency_key.", extra={"message_id": earlier.id}
        )
    return earlier


def _public(part: Part) -> OutboxState:
    return part.state if part.state in TAKEN else OutboxState.QUEUED


def _refuse_unwilling(contact: ProactiveContact, manifest: Channel) -> None:
    if contact.stopped or contact.blocked:
        raise ProactiveRefused("not_opted_in", "This recipient has stopped proactive messages.")
    if contact.unreachable_at:
        raise ProactiveRefused(
            "not_opted_in",
            f"{manifest.title} reported at {contact.unreachable_at:%Y-%m-%d %H:%M} UTC that "
            "this recipient blocked the sender or unsubscribed. They can be written to again once they have written.",
            extra={"reason": "opted_out_at_provider", "since": contact.unreachable_at.isoformat()},
        )


def _refuse_closed(manifest: Channel, state: ConversationState, now: datetime) -> None:
    closing = replies.closes_at(manifest, state.last_inbound_at)
    if closing is not None and closing <= now:
        raise ProactiveRefused(
            "window_closed", replies.why_closed(manifest, closing), extra={"closed_at": closing.isoformat()}
        )


def _refuse_too_many(tx: Tx, request: ProactiveRequest, now: datetime) -> None:
    # Within the transaction that queues, so that two requests at once cannot both be the tenth.
    sent, first = proactive.recent(tx, request.agent, request.email, now - HOUR)
    if sent >= PER_HOUR and first:
        raise ProactiveRefused(
            "rate_limited", f"A recipient gets at most {PER_HOUR} messages an hour.", retry_after=first + HOUR - now
        )
