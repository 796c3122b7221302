"""Proactive messages: an agent writes first, to somebody who has proved their e-mail and agreed to it."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from trinity_channels.access.directory import Directory
from trinity_channels.access.disclosure import Disclosure
from trinity_channels.dispatch import Dispatcher
from trinity_channels.outbound import replies
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, Tx, audit, disclosures, proactive, scenes
from trinity_channels.store.proactive import Part, Proactive

AUTO = "auto"
PER_HOUR = 10
HOUR = timedelta(hours=1)
_ORDER = ("queued", "sent", "delivered", "read")


class ProactiveRefused(Exception):
    """A message that may not be sent. `status` and `code` are stable; `extra` adds fields of this refusal's own."""

    def __init__(
        self, status: int, code: str, message: str, *, retry_after: int | None = None, **extra: object
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.extra = extra


@dataclass(frozen=True, slots=True)
class ProactiveRequest:
    """What an agent, its owner or an admin asks for. `channel` is a name or `auto`."""

    agent: str
    email: str = field(repr=False)
    text: str = field(repr=False)
    channel: str
    key: str | None
    actor: str

    @property
    def fingerprint(self) -> str:
        """The same for the same message; tells a repetition from another message under the same key."""
        return hashlib.sha256(json.dumps([self.email, self.text, self.channel]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Status:
    """How far a message got: the least advanced of its parts, failed if one of them failed."""

    message: Proactive
    state: str
    parts: int
    error_code: str | None
    error: str | None


class ProactiveMessages:
    """Sends them, and tells what became of them."""

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        directory: Directory,
        dispatcher: Dispatcher,
        disclosure: Disclosure,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._directory = directory
        self._dispatcher = dispatcher
        self._disclosure = disclosure
        self._now = now

    async def send(self, request: ProactiveRequest) -> Status:
        """Queue a message.

        Raises:
            ProactiveRefused: with the HTTP status, a stable code and a sentence.
        """
        channels = self._channels(request.channel)
        allowed = await self._allowed(request)
        now = self._now()
        message, conversation = await self._store.write(
            lambda tx: self._queue(tx, request, channels, allowed=allowed, now=now)
        )
        if conversation is not None:
            self._dispatcher.after_commit(f"deliver:{conversation}")
        return await self._status(message)

    async def status(self, agent: str, message: str) -> Status | None:
        """What became of a message; None if the agent has none of this id."""
        found = await self._store.read(lambda tx: proactive.by_id(tx, agent, message))
        return None if found is None else await self._status(found)

    def _channels(self, wanted: str) -> list[str]:
        if wanted == AUTO:
            eligible = [self._plugins[name].manifest for name in self._plugins]
            return [one.name for one in sorted(eligible, key=lambda one: (one.auto_rank, one.name)) if one.auto]
        if wanted not in self._plugins:
            known = ", ".join([AUTO, *self._plugins])
            raise ProactiveRefused(422, "unknown_channel", f"channel must be one of {known}.", field="channel")
        return [wanted]

    async def _allowed(self, request: ProactiveRequest) -> bool:
        """The owner always; others if the agent is shared with them and they may get proactive messages."""
        if request.email == await self._directory.owner(request.agent):
            return True
        return any(
            one.email == request.email and one.allow_proactive for one in await self._directory.shares(request.agent)
        )

    def _queue(
        self, tx: Tx, request: ProactiveRequest, channels: list[str], *, allowed: bool, now: datetime
    ) -> tuple[Proactive, int | None]:
        if request.key and (earlier := proactive.by_key(tx, request.agent, request.key)):
            if earlier.fingerprint != request.fingerprint:
                raise ProactiveRefused(
                    409, "duplicate", "Another message was sent under this idempotency_key.", message_id=earlier.id
                )
            return earlier, None
        if not allowed:
            raise ProactiveRefused(
                403, "not_opted_in", "This recipient has not agreed to proactive messages; the owner can allow them."
            )
        channel, recipient = self._recipient(tx, request, channels)
        if recipient.stopped or recipient.blocked:
            raise ProactiveRefused(403, "not_opted_in", "This recipient has stopped proactive messages.")
        if recipient.unreachable_at:
            raise ProactiveRefused(
                403,
                "not_opted_in",
                f"{self._plugins[channel].manifest.title} reported at {recipient.unreachable_at:%Y-%m-%d %H:%M} UTC that "
                "this recipient blocked the sender or unsubscribed. They can be written to again once they have written.",
                reason="opted_out_at_provider",
                since=recipient.unreachable_at.isoformat(),
            )
        scene = scenes.scene(tx, recipient.conversation)
        assert scene is not None  # noqa: S101  found in this transaction
        manifest = self._plugins[channel].manifest
        closing = replies.closes_at(manifest, scene.last_inbound_at)
        if closing is not None and closing <= now:
            raise ProactiveRefused(
                409, "window_closed", replies.why_closed(manifest, closing), closed_at=closing.isoformat()
            )
        sent, first = proactive.recent(tx, request.agent, request.email, now - HOUR)
        if sent >= PER_HOUR and first:
            wait = max(1, ceil((first + HOUR - now).total_seconds()))
            raise ProactiveRefused(
                429, "rate_limited", f"A recipient gets at most {PER_HOUR} messages an hour.", retry_after=wait
            )
        disclosure = self._disclosure.before(tx, scene, now)
        composed = replies.parts(manifest, request.text, before=disclosure)
        if not composed:
            raise ProactiveRefused(422, "empty_text", "text has nothing to show.", field="text")
        identity = replies.queue(tx, self._dispatcher, scene, request.text, composed, origin="proactive", now=now)
        if disclosure:
            disclosures.said(tx, scene.conversation, identity, now)
        asked = Proactive(
            secrets.token_hex(12), request.agent, channel, request.email, request.fingerprint, identity, now
        )
        proactive.add(tx, asked, key=request.key, by=request.actor)
        audit.add(
            tx,
            now,
            request.actor,
            "proactive_message",
            agent=request.agent,
            channel=channel,
            details={"message": asked.id},
        )
        return asked, recipient.conversation

    def _recipient(self, tx: Tx, request: ProactiveRequest, channels: list[str]) -> tuple[str, proactive.Recipient]:
        for channel in channels:
            found = proactive.recipient(tx, request.agent, channel, request.email)
            if found:
                return channel, found
        elsewhere = [
            name
            for name in self._plugins
            if name not in channels and proactive.recipient(tx, request.agent, name, request.email)
        ]
        hint = f" They can be reached with channel={elsewhere[0]!r}." if elsewhere else ""
        raise ProactiveRefused(
            404,
            "recipient_not_linked",
            "No conversation on this channel is linked to this e-mail: the person must have written to the agent there and "
            f"signed in with /login.{hint}",
        )

    async def _status(self, message: Proactive) -> Status:
        parts = await self._store.read(lambda tx: proactive.parts(tx, message.message))
        failed = next((part for part in parts if part.state == "failed"), None)
        if failed:
            return Status(message, "failed", len(parts), failed.failure_code, failed.failure)
        if any(part.state == "unknown" for part in parts):
            return Status(message, "unknown", len(parts), None, "The provider did not say whether it took the message.")
        return Status(message, min(map(_public, parts), key=_ORDER.index, default="queued"), len(parts), None, None)


def _public(part: Part) -> str:
    return part.state if part.state in _ORDER else "queued"
