"""Deliver: one provider call at a time per conversation, marked before and settled after, never replayed blindly."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from trinity_channels.api import (
    ChannelError,
    Failure,
    FailureKind,
    OutboundMessage,
    Receipt,
    SendDeferred,
    SendRejected,
)
from trinity_channels.bindings import Bindings, Disconnected, OpenBinding
from trinity_channels.bindings.vault import VaultError
from trinity_channels.metrics import Metrics
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, Tx, deliveries
from trinity_channels.store.deliveries import Delivery, Previous

log = structlog.get_logger(__name__)

ATTEMPTS = 12
"""Calls that the provider may put off, with growing pauses: about half an hour."""
LONGEST_PAUSE = 300.0
BETWEEN_PARTS = timedelta(seconds=3)
"""How long the next part of a message waits for the receipt of the one before: sent together, they may change places."""
ASK_AGAIN = timedelta(seconds=10)
ASK_FOR = timedelta(minutes=30)
"""How long an unknown outcome is asked for before it is parked."""
_INTERRUPTED = "the process stopped during the call"


class Deliveries:
    """Runs the `deliver:` keys."""

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        bindings: Bindings,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._bindings = bindings
        self._metrics = metrics
        self._now = now

    async def run(self, conversation: int) -> datetime | None:
        """Send what is queued in a conversation; returns when to come back, None if nothing is left."""
        while True:
            claimed = await self._store.write(partial(self._claim, conversation=conversation, now=self._now()))
            if claimed is None or isinstance(claimed, datetime):
                return claimed
            try:
                bound = await self._bindings.open(claimed.binding)
            except (Disconnected, VaultError) as error:
                await self._fail(claimed, _unusable(error))
                continue
            if claimed.state == "asking":
                await self._ask(bound, claimed)
            else:
                await self._send(bound, claimed)

    def _claim(self, tx: Tx, conversation: int, now: datetime) -> Delivery | datetime | None:
        """The delivery to work on now, when to come back, or None. A claimed `ready` one is marked as being sent."""
        found = deliveries.next_open(tx, conversation)
        if found is None:
            return None
        delivery, previous = found
        if delivery.channel not in self._plugins:  # it could not be loaded this time; nothing is given up for that
            return now + ASK_FOR
        if delivery.state == "sending":  # nobody else works on this conversation, so the call died with its process
            deliveries.ask(tx, delivery.id, self._may_ask(delivery, now), _INTERRUPTED, now)
            return self._claim(tx, conversation, now)
        due = max(delivery.next_at or now, self._spaced(delivery, previous, now))
        if due > now:
            return due
        if delivery.state == "ready":
            deliveries.mark_sending(tx, delivery.id, now)
        return delivery

    def _spaced(self, delivery: Delivery, previous: Previous | None, now: datetime) -> datetime:
        """When this delivery may follow the one before it."""
        if previous is None or previous.attempted_at is None or delivery.state != "ready":
            return now
        pause = delivery.pace
        receipts = self._plugins[delivery.channel].manifest.capabilities.receipts is not None
        if previous.message == delivery.message and previous.state == "queued" and receipts:
            pause = max(pause, BETWEEN_PARTS)
        return previous.attempted_at + pause

    def _may_ask(self, delivery: Delivery, now: datetime) -> datetime:
        settle = timedelta(seconds=self._plugins[delivery.channel].manifest.capabilities.find_sent)
        return max(now, (delivery.attempted_at or now) + settle)

    # --- the call ---

    async def _send(self, bound: OpenBinding, delivery: Delivery) -> None:
        message = OutboundMessage(id=str(delivery.id), to=delivery.address, text=delivery.text)
        attempt = delivery.attempts + 1
        self._metrics.delivery_attempts.labels(bound.channel).inc()
        try:
            receipt = await self._plugins[bound.channel].send(bound.binding, message, bound.context)
        except SendRejected as error:
            await self._fail(delivery, error.failure)
        except SendDeferred as error:
            await self._defer(delivery, error, attempt)
        except ChannelError as error:  # SendUnknown, and whatever else a plugin raises: nobody knows
            await self._unknown(delivery, error.message)
        else:
            await self._taken(delivery, receipt)

    async def _taken(self, delivery: Delivery, receipt: Receipt) -> None:
        now = self._now()
        await self._store.write(lambda tx: deliveries.taken(tx, delivery, receipt, now))
        self._metrics.deliveries.labels(delivery.channel, receipt.state.value).inc()

    async def _defer(self, delivery: Delivery, error: SendDeferred, attempt: int) -> None:
        if attempt >= ATTEMPTS:
            failure = Failure("deferred", FailureKind.LATER, f"Put off {attempt} times: {error.message}")
            await self._fail(delivery, failure)
            return
        now = self._now()
        pause = min(LONGEST_PAUSE, 2.0 ** (attempt - 1)) * random.uniform(0.75, 1.25)  # noqa: S311  jitter, no secret
        at = now + timedelta(seconds=max(min(error.retry_after or 0, 3600), pause if error.retry_after is None else 0))
        await self._store.write(lambda tx: deliveries.postpone(tx, delivery.id, at, error.message, now))
        self._metrics.deliveries.labels(delivery.channel, "deferred").inc()

    async def _fail(self, delivery: Delivery, failure: Failure) -> None:
        now = self._now()
        log.warning("delivery failed", channel=delivery.channel, delivery=delivery.id, failure=failure.code)
        await self._store.write(lambda tx: deliveries.fail(tx, delivery, failure, now))
        self._metrics.deliveries.labels(delivery.channel, "failed").inc()

    # --- unknown outcomes ---

    async def _unknown(self, delivery: Delivery, why: str) -> None:
        now = self._now()
        log.warning("delivery outcome unknown", channel=delivery.channel, delivery=delivery.id)
        self._metrics.deliveries.labels(delivery.channel, "unknown").inc()
        if self._plugins[delivery.channel].manifest.capabilities.find_sent:
            at = self._may_ask(delivery, now)
            await self._store.write(lambda tx: deliveries.ask(tx, delivery.id, at, why, now))
        else:
            await self._store.write(lambda tx: deliveries.park_unknown(tx, delivery.id, why, now))

    async def _ask(self, bound: OpenBinding, delivery: Delivery) -> None:
        """Read back from the provider whether an attempt was taken; send again only if it surely was not."""
        now = self._now()
        plugin = self._plugins[bound.channel]
        attempted_at = delivery.attempted_at or now
        if not plugin.manifest.capabilities.find_sent:
            await self._store.write(lambda tx: deliveries.park_unknown(tx, delivery.id, _INTERRUPTED, now))
            return
        message = OutboundMessage(id=str(delivery.id), to=delivery.address, text=delivery.text)
        since = attempted_at - timedelta(days=1)
        known = await self._store.read(lambda tx: deliveries.known_ids(tx, delivery.conversation, since))
        try:
            receipt = await plugin.find_sent(bound.binding, message, attempted_at, known, bound.context)
        except Exception as error:  # noqa: BLE001  a plugin that fails here has not answered
            await self._ask_later(delivery, attempted_at, type(error).__name__)
            return
        if receipt:
            await self._taken(delivery, receipt)
        else:
            await self._store.write(
                lambda tx: deliveries.postpone(tx, delivery.id, now, "the provider did not have it", now)
            )

    async def _ask_later(self, delivery: Delivery, attempted_at: datetime, why: str) -> None:
        now = self._now()
        if now - attempted_at > ASK_FOR:
            await self._store.write(lambda tx: deliveries.park_unknown(tx, delivery.id, why, now))
        else:
            await self._store.write(lambda tx: deliveries.ask(tx, delivery.id, now + ASK_AGAIN, why, now))


def _unusable(error: Exception) -> Failure:
    if isinstance(error, VaultError):
        return Failure("vault", FailureKind.OPERATOR, str(error))
    return Failure("disconnected", FailureKind.OPERATOR, "The channel was disconnected before this could be sent.")
