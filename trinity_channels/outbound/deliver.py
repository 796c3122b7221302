"""Deliver: one provider call at a time per conversation, marked before and settled after, never replayed blindly."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from trinity_channels import lease
from trinity_channels.api import (
    ChannelError,
    DeliveryState,
    Failure,
    FailureKind,
    OutboundMessage,
    Receipt,
    ReplyTo,
    SendDeferred,
    SendRejected,
)
from trinity_channels.bindings import Bindings, Disconnected, OpenBinding
from trinity_channels.crypto.vault import VaultError
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.outbound import preface
from trinity_channels.outbound.lateness import Lateness
from trinity_channels.outbound.places import Places
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, StoreError, Tx, Unit, deliveries, delivery_uid, trials
from trinity_channels.store.deliveries import Delivery, Previous
from trinity_channels.store.states import OutboxState

log = get_logger(__name__)

AT_ONCE = 32
"""Conversations of one binding that are sent to at the same time."""
ATTEMPTS = 12
"""Calls that the provider may put off, with growing pauses: about half an hour."""
LONGEST_PAUSE = 300.0
LONGEST_WAIT = timedelta(hours=1)
"""What a provider may ask for. A time further ahead was written before the clock was set back, and is due."""
BETWEEN_PARTS = timedelta(seconds=3)
"""How long the next part of a message waits for the receipt of the one before: sent together, they may change places."""
LOCKED = timedelta(minutes=1)
"""When a delivery is tried again whose binding's secrets cannot be decrypted."""
UNREADABLE = timedelta(seconds=5)
"""The same where the database could not be read for the binding."""
REPEAT_AFTER = timedelta(seconds=2)
"""When a send with an unknown outcome is first repeated, at a provider that recognises it."""
CALL = timedelta(minutes=2)
"""How long before a provider forgets an id the last repetition begins: a call may wait on its way."""
RECONCILE_AGAIN = timedelta(seconds=10)
RECONCILE_FOR = timedelta(minutes=30)
"""How long an unknown outcome is asked for before it is parked, by this process: another may have been down as long."""
_DISCONNECTED = Failure("disconnected", FailureKind.OPERATOR, "The channel was disconnected before this could be sent.")
_GONE = Failure("no_address", FailureKind.RECIPIENT, "The address now belongs to another person.")
_BLOCKED = Failure("blocked", FailureKind.PERMANENT, "The owner blocked this person before it could be sent.")
_OPTED_OUT = Failure(
    "opted_out", FailureKind.RECIPIENT, "The person has opted out of messages that they did not ask for."
)
_OF_THE_AGENT = frozenset({"agent", "proactive"})
_INTERRUPTED = "the process stopped during the call"
Record = Unit[None]
"""What a call came to, to be written in the transaction that claims the next."""


@dataclass(frozen=True, slots=True)
class Full:
    """A delivery is due, and all places of its binding are taken."""

    binding: int


Claimed = Delivery | Full | datetime | None
"""What a run does next: send or ask, wait for a place, come back at a time, or end."""


class Deliveries:
    """Runs the `deliver:` keys."""

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        bindings: Bindings,
        metrics: Metrics,
        lateness: Lateness,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._bindings = bindings
        self._metrics = metrics
        self._lateness = lateness
        self._now = now
        self._since = now()
        self._places = Places(AT_ONCE)
        self._watched: dict[int, tuple[int, asyncio.Event]] = {}
        self._unrecorded: dict[int, tuple[Delivery, Record]] = {}
        self._stopping = False

    def begin(self) -> None:
        """Work, also after `stop`; the time in which no host ran does not count for outcomes that are asked for."""
        self._stopping = False
        self._since = self._now()

    def stop(self) -> None:
        """Begin nothing new; what waits for a place is found at the next start."""
        self._stopping = True
        for _, over in self._watched.values():
            over.set()

    @contextlib.contextmanager
    def watch(self, conversation: int, delivery: int) -> Iterator[asyncio.Event]:
        """An event that is set when an attempt of this process is on record, or none was made: others go out first."""
        over = asyncio.Event()
        self._watched[delivery] = conversation, over
        try:
            yield over
        finally:
            del self._watched[delivery]

    async def forget(self) -> None:
        """Forget what calls came to if another process has settled the delivery, or has begun another attempt."""
        for conversation, kept in list(self._unrecorded.items()):
            awaited = await self._store.read(partial(deliveries.is_awaited, delivery=kept[0]))
            if not awaited and self._unrecorded.get(conversation) is kept:
                del self._unrecorded[conversation]

    async def run(self, conversation: int) -> datetime | None:
        """Send what is queued in a conversation; returns when to come back, None if nothing is left."""
        try:
            following = await self._drain(conversation)
        finally:
            self._places.leave(conversation)
        for watched, over in self._watched.values():
            if watched == conversation:  # it is not due yet
                over.set()
        return following

    async def _drain(self, conversation: int) -> datetime | None:
        # What the last run could not write down; without it, its call would look like one that was cut short.
        about, record = self._unrecorded.pop(conversation, (None, _nothing))
        attempted, last = 0, None
        if not about:
            # Before the claim, which would have to be made again: under load most conversations wait.
            due = partial(deliveries.due_binding, conversation=conversation, now=self._now())
            await self._places.queue_up(conversation, partial(self._store.lookup, due))
        # A call that was made is always recorded, also while stopping.
        while about or not self._stopping:
            try:
                claimed = await self._store.write(partial(self._next, record, conversation, last, self._now()))
            except StoreError:
                if about:
                    self._unrecorded[conversation] = about, record
                raise
            if attempted in self._watched:
                self._watched[attempted][1].set()
            if isinstance(claimed, Full):
                about, record = None, _nothing
                await self._places.wait(claimed.binding, conversation)
            elif isinstance(claimed, Delivery):
                about, record = claimed, await self._work_on(claimed)
                attempted, last = claimed.id, claimed.attempted_at
            else:
                return claimed
        return None

    def _next(self, record: Record, conversation: int, last: datetime | None, now: datetime, tx: Tx) -> Claimed:
        """Record how the last call went, and claim what follows: one transaction, for each costs a wait."""
        record(tx)
        # A part that is begun while the host stops may be cut off, and then no one knows whether it arrived.
        return None if self._stopping else self._claim(tx, conversation, last, now)

    async def _work_on(self, delivery: Delivery) -> Record:
        """Make the call that a claimed delivery needs; returns what is to be recorded of it."""
        if not delivery.address:
            return self._fail(delivery, _GONE)
        try:
            bound = await self._bindings.open(delivery.binding)
        except Disconnected:
            return self._fail(delivery, _DISCONNECTED)
        except VaultError as error:  # the operator can still bring the right key
            return self._not_called(delivery, LOCKED, str(error), tell=log.error)
        except StoreError as error:
            return self._not_called(delivery, UNREADABLE, str(error), tell=log.warning)
        call = self._reconcile if delivery.state is OutboxState.RECONCILING else self._send
        return await call(bound, delivery)

    def _claim(self, tx: Tx, conversation: int, last: datetime | None, now: datetime) -> Claimed:
        """The delivery to work on now, when to come back, or None. A claimed `ready` one is marked as being sent.

        Its place is taken first: a delivery that is marked is sent at once.

        `last` is when this run last sent something: what is sent again may come between others, whatever its id.
        """
        while found := deliveries.next_open(tx, conversation):
            delivery, previous = found
            if delivery.channel not in self._plugins:  # it could not be loaded this time; nothing is given up for that
                return now + RECONCILE_FOR
            if delivery.state is OutboxState.SENDING:  # only this run works here, so the call died with its process
                settles = timedelta(0) if self._recognised(delivery) else self._settles(delivery)
                may_ask = (delivery.attempted_at or now) + settles
                # Never sent again at once: the provider may have taken it before the process died.
                deliveries.reconcile(tx, delivery, max(now, may_ask), _INTERRUPTED, now)
            # Blocks and opt-outs count at the last moment: both can come while a delivery waits.
            elif delivery.blocked and delivery.state is OutboxState.READY:
                deliveries.fail(tx, delivery, _BLOCKED, now)
            elif delivery.opted_out and delivery.state is OutboxState.READY and delivery.origin == "proactive":
                deliveries.fail(tx, delivery, _OPTED_OUT, now)
            elif delivery.state is OutboxState.READY and self._lateness.is_stale(delivery.waits_since, now):
                deliveries.fail(tx, delivery, self._lateness.undelivered(), now)
            else:
                due = delivery.next_at or now
                if delivery.origin != trials.ORIGIN:  # an owner waits for it, and there are ten an hour
                    due = max(due, self._spaced(delivery, previous, last, now), _paced(tx, delivery, now))
                if now < due <= now + LONGEST_WAIT:
                    return due
                if not self._places.take(delivery.binding, conversation):
                    return Full(delivery.binding)
                return _begun(tx, delivery, now)
        return None

    def _spaced(self, delivery: Delivery, previous: Previous | None, last: datetime | None, now: datetime) -> datetime:
        """When this delivery may follow the one before it, and the one that was sent last."""
        # Asking about an earlier attempt is not a message, so no pace applies.
        if delivery.state is not OutboxState.READY:
            return now
        after_last = last + delivery.pace if last and last <= now else now
        if previous is None or previous.attempted_at is None:
            return after_last
        if previous.attempted_at > now:  # the clock was set back
            return now
        receipts = self._plugins[delivery.channel].manifest.capabilities.receipts is not None
        waits = previous.message == delivery.message and previous.state is OutboxState.QUEUED and receipts
        return max(after_last, previous.attempted_at + max(delivery.pace, BETWEEN_PARTS if waits else timedelta(0)))

    def _not_called(self, delivery: Delivery, pause: timedelta, why: str, *, tell: Callable[..., Any]) -> Record:
        """The binding cannot be opened: try again later, with what is certain about the delivery unchanged."""
        tell("binding cannot be opened", channel=delivery.channel, delivery=delivery.id, reason=why)
        again = deliveries.reconcile if delivery.state is OutboxState.RECONCILING else deliveries.postpone
        now = self._now()
        return partial(again, delivery=delivery, at=now + pause, why=why, now=now)

    # --- the call ---

    async def _send(self, bound: OpenBinding, delivery: Delivery) -> Record:
        message = self._outbound(delivery)
        self._metrics.delivery_attempts.labels(bound.channel).inc()
        # It may have been paused since it claimed the delivery, which another process then asks the provider about.
        lease.check()
        try:
            receipt = await bound.send(message)
        except SendRejected as error:
            return self._fail(delivery, error.failure)
        except SendDeferred as error:
            return self._defer(delivery, error)
        except ChannelError as error:  # SendUnknown, or any other error of a plugin: the outcome is unknown
            return self._unknown(delivery, error.message)
        return self._taken(delivery, receipt)

    def _outbound(self, delivery: Delivery) -> OutboundMessage:
        """The message of an attempt, the same when that is asked about: if it comes late, it says so."""
        text, attempted_at = delivery.text, delivery.attempted_at or self._now()
        late = self._lateness.is_late(delivery.created_at, attempted_at)
        if late and delivery.leads and delivery.origin in _OF_THE_AGENT:
            # Decided by the time of the attempt, so that `find_sent` looks for the text that was sent.
            text = preface.delayed(self._plugins[delivery.channel].manifest, text, delivery.created_at)
        return OutboundMessage(delivery.uid, delivery.address, text, _answered(delivery, attempted_at))

    def _taken(self, delivery: Delivery, receipt: Receipt) -> Record:
        self._metrics.deliveries.labels(delivery.channel, receipt.state.value).inc()
        if receipt.state is not DeliveryState.FAILED:
            self._metrics.service_messages.labels(delivery.channel, delivery.origin).inc()
        return partial(deliveries.taken, delivery=delivery, receipt=receipt, now=self._now())

    def _defer(self, delivery: Delivery, error: SendDeferred) -> Record:
        attempts = delivery.attempts
        if attempts >= ATTEMPTS:
            failure = Failure("deferred", FailureKind.LATER, f"Put off {attempts} times: {error.message}")
            return self._fail(delivery, failure)
        now = self._now()
        # Jitter, so that what one outage has stopped does not return all at once.
        pause = min(LONGEST_PAUSE, 2.0 ** (attempts - 1)) * random.uniform(0.75, 1.25)  # noqa: S311  jitter, no secret
        asked = error.retry_after or 0
        at = now + timedelta(seconds=min(asked if asked > 0 else pause, LONGEST_WAIT.total_seconds()))
        self._metrics.deliveries.labels(delivery.channel, "deferred").inc()
        return partial(deliveries.postpone, delivery=delivery, at=at, why=error.message, now=now)

    def _fail(self, delivery: Delivery, failure: Failure) -> Record:
        log.warning("delivery failed", channel=delivery.channel, delivery=delivery.id, failure=failure.code)
        self._metrics.deliveries.labels(delivery.channel, "failed").inc()
        return partial(deliveries.fail, delivery=delivery, failure=failure, now=self._now())

    # --- unknown outcomes ---

    def _unknown(self, delivery: Delivery, why: str) -> Record:
        now = self._now()
        log.warning("delivery outcome unknown", channel=delivery.channel, delivery=delivery.id)
        self._metrics.deliveries.labels(delivery.channel, "unknown").inc()
        pause = REPEAT_AFTER if self._recognised(delivery) else self._settles(delivery)
        if pause:
            return partial(deliveries.reconcile, delivery=delivery, at=now + pause, why=why, now=now)
        return partial(deliveries.park_unknown, delivery=delivery, why=why, now=now)

    def _recognised(self, delivery: Delivery) -> bool:
        """Whether the provider would recognise a repetition, so that nothing arrives twice."""
        period = self._plugins[delivery.channel].manifest.capabilities.idempotent
        since = delivery_uid.made_at(delivery.uid)
        return since is not None and since <= self._now() < since + period - CALL

    def _settles(self, delivery: Delivery) -> timedelta:
        """How long after an attempt its provider can be asked about it; zero if it never can."""
        return timedelta(seconds=self._plugins[delivery.channel].manifest.capabilities.find_sent)

    async def _reconcile(self, bound: OpenBinding, delivery: Delivery) -> Record:
        """Find out whether an attempt was taken; send again only if it surely was not, or if that is recognised."""
        if self._recognised(delivery):
            return await self._repeat(bound, delivery)
        now = self._now()
        attempted_at = delivery.attempted_at or now
        if not bound.manifest.capabilities.find_sent:
            return self._unanswered(delivery, _INTERRUPTED)
        message = self._outbound(delivery)
        # Enough: plugins look only a little further back than the attempt.
        since = attempted_at - timedelta(days=1)
        known = await self._store.read(lambda tx: deliveries.known_ids(tx, delivery.conversation, since))
        try:
            receipt = await bound.find_sent(message, attempted_at, known)
        except Exception as error:  # noqa: BLE001  a plugin that fails here has not answered
            return self._reconcile_later(delivery, attempted_at, type(error).__name__)
        if receipt:
            return self._taken(delivery, receipt)
        why = "the provider did not have it"
        return partial(deliveries.postpone, delivery=delivery, at=now, why=why, now=now)

    async def _repeat(self, bound: OpenBinding, delivery: Delivery) -> Record:
        """Send once more what may have been taken: then the provider answers with the message that it has."""
        if delivery.blocked:  # it may not have been taken, and is not to arrive now
            return self._unanswered(delivery, "the owner blocked this person")
        self._metrics.delivery_attempts.labels(bound.channel).inc()
        try:
            receipt = await bound.send(self._outbound(delivery))
        except SendRejected as error:
            return self._fail(delivery, error.failure)
        except ChannelError as error:  # one that is put off says nothing about the first attempt
            return self._reconcile_later(delivery, delivery.attempted_at or self._now(), error.message)
        return self._taken(delivery, receipt)

    def _unanswered(self, delivery: Delivery, why: str) -> Record:
        """The outcome is unknown: leave it, unless the owner, who knows that, has it sent again."""
        now = self._now()
        if delivery.attempts == 0:
            return partial(deliveries.postpone, delivery=delivery, at=now, why=why, now=now)
        return partial(deliveries.park_unknown, delivery=delivery, why=why, now=now)

    def _reconcile_later(self, delivery: Delivery, attempted_at: datetime, why: str) -> Record:
        now = self._now()
        # attempts is 0 for a delivery that the owner has had sent again: its outcome was unknown before.
        if delivery.attempts == 0 or now - max(attempted_at, self._since) > RECONCILE_FOR:
            return self._unanswered(delivery, why)
        return partial(deliveries.reconcile, delivery=delivery, at=now + RECONCILE_AGAIN, why=why, now=now)


def _begun(tx: Tx, delivery: Delivery, now: datetime) -> Delivery:
    """The delivery as it is once its call has begun, on record before it is made."""
    if delivery.state is not OutboxState.READY:
        return delivery
    uid, attempts = delivery.uid or delivery_uid.made(now), delivery.attempts + 1
    begun = replace(delivery, uid=uid, state=OutboxState.SENDING, attempts=attempts, attempted_at=now, next_at=None)
    deliveries.mark_sending(tx, begun, now)
    return begun


def _answered(delivery: Delivery, attempted_at: datetime) -> ReplyTo | None:
    """What a delivery answers; with the token only if it leads its message, and only while that is good."""
    if (answers := delivery.answers) is None:
        return None
    good = delivery.leads and (answers.until is None or attempted_at < answers.until)
    return ReplyTo(answers.provider_id, answers.token if good else None)


def _paced(tx: Tx, delivery: Delivery, now: datetime) -> datetime:
    """When an account may send again whose pace is shared by all of its conversations."""
    if not (delivery.pace_shared and delivery.state is OutboxState.READY):
        return now
    # Read from the table, which knows of the attempts before a restart too.
    last = deliveries.last_attempt(tx, delivery.binding, now)
    return now if last is None else last + delivery.pace


def _nothing(_: Tx) -> None:
    """There was no call yet."""
