"""Send again what failed: whether that may be done, what it sends, and what the person already has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from trinity_channels.api import Channel, DeliveryState
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.metrics import Metrics
from trinity_channels.outbound import replies
from trinity_channels.plugins import Plugins
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, audit, resends, trials
from trinity_channels.store.audit import Actor
from trinity_channels.store.resends import Candidate
from trinity_channels.store.states import PARKED_DELIVERIES, TAKEN, OutboxState

log = get_logger(__name__)

MOST = 1000
"""Messages that one request sends again; the rest is left for the next."""
AT_ONCE = 50
"""Messages that one transaction reopens: no other transaction can write meanwhile."""


class DeliveryNotFound(Refusal):
    """There is no delivery with this id, or it belongs to another agent."""

    def __init__(self) -> None:
        super().__init__("delivery_not_found", "This agent has no such delivery.")


class ResendRefused(Refusal):
    """A delivery that may not be sent again."""


@dataclass(frozen=True, slots=True)
class Resent:
    """A message that is being sent again. The fields are ids of its parts, in order.

    Attributes:
        delivery: the one that was asked for.
        again: what is sent now.
        has: what the person already has.
        may_have: what may have arrived: the provider took it without saying more, or its outcome is unknown. What is in
            `again`, too, may arrive twice, if the provider cannot tell.
        parts: all parts of the message.
    """

    delivery: int
    again: tuple[int, ...]
    has: tuple[int, ...]
    may_have: tuple[int, ...]
    parts: tuple[int, ...]

    @property
    def state(self) -> OutboxState:
        """The delivery's own, now: ready, or reconciling if its outcome was unknown."""
        return OutboxState.RECONCILING if self.delivery in self.may_have else OutboxState.READY

    @property
    def message(self) -> str:
        """What is sent, and what the person already has, in words."""
        sentences = [f"{_named(self.again, self.parts)} will be sent again."]
        if self.has:
            sentences.append(f"The person already has {_lower(_named(self.has, self.parts))}.")
        if taken := [one for one in self.may_have if one not in self.again]:
            sentences.append(f"It is not known whether {_lower(_named(taken, self.parts))} arrived.")
        if any(one in self.again for one in self.may_have):
            sentences.append(
                "Its first attempt may have arrived. The provider is asked; if it cannot tell, the person may get it twice."
            )
        return " ".join(sentences)


@dataclass(frozen=True, slots=True)
class ResentAll:
    """What became of a request to resend everything that failed for one cause.

    Attributes:
        messages: how many messages are sent again, each with the parts of it that failed.
        deliveries: how many parts these are.
        refused: how many messages may not be sent again, by the code of the refusal.
        left: how many messages are left for another request.
    """

    messages: int
    deliveries: int
    left: int
    refused: Mapping[str, int] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The same in words."""
        sentences = [f"{_count(self.messages)} will be sent again."]
        if self.refused:
            why = ", ".join(f"{code}: {number}" for code, number in sorted(self.refused.items()))
            sentences.append(f"{_count(sum(self.refused.values()))} cannot be sent again ({why}).")
        if self.left:
            sentences.append(f"Ask once more for {_count(self.left)}.")
        return " ".join(sentences)


class Resends:
    """Does it, for `SentMessages`, which knows who may; `actor` is who, for the audit log."""

    def __init__(
        self,
        store: Store,
        plugins: Plugins,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._metrics = metrics
        self._now = now

    async def one(
        self, delivery: int, actor: Actor, *, agent: str | None = None, conversation: int | None = None
    ) -> Resent:
        """Send a failed or unknown delivery again, with the failed parts of the same message.

        Args:
            delivery: its id.
            actor: who wants it.
            agent: whose delivery it must be; None if that does not matter.
            conversation: which it must belong to; None if that does not matter.

        Raises:
            DeliveryNotFound: there is none.
            ResendRefused: it may not be sent again.
        """
        now = self._now()

        def again(tx: Tx) -> tuple[Candidate, Resent]:
            found = resends.candidate(tx, delivery)
            if found is None or agent not in (None, found.agent) or conversation not in (None, found.conversation):
                raise DeliveryNotFound
            resent = self._reopen(tx, found, now)
            audit.add(
                tx,
                now,
                actor,
                "resend_delivery",
                agent=found.agent,
                channel=found.channel,
                details={"delivery": delivery, "code": found.code, "again": resent.again},
            )
            return found, resent

        found, resent = await self._store.write(again)
        self._report([(found, resent)])
        return resent

    def outlook(self, tx: Tx, delivery: int, now: datetime) -> Resent | ResendRefused:
        """What `one` would do with a delivery now, or why it would refuse. Reads only.

        Raises:
            DeliveryNotFound: there is none.
        """
        found = resends.candidate(tx, delivery)
        if found is None:
            raise DeliveryNotFound
        return self._refusal(found, now) or self._resent(found, resends.parts(tx, found.message))

    async def failed(
        self, agent: str, actor: Actor, *, code: str | None = None, channel: str | None = None
    ) -> ResentAll:
        """Send again what failed, oldest first: after its cause has been corrected.

        A delivery whose outcome is unknown is not among them: it may have arrived.

        Args:
            agent: whose messages.
            actor: who wants it.
            code: only what failed with this code of the provider's, or of the host's; None means any.
            channel: only this channel; None means all.

        Raises:
            ResendRefused: there is no such channel.
        """
        now = self._now()
        found = await self._store.read(lambda tx: resends.failed(tx, agent))
        chosen: dict[int, Candidate] = {}
        for one in found:
            if code in (None, one.code) and channel in (None, one.channel):
                # One delivery stands for its message: reopening takes all failed parts of it.
                chosen.setdefault(one.message, one)
        if channel is not None and channel not in self._plugins and channel not in {one.channel for one in found}:
            known = ", ".join(self._plugins)
            raise ResendRefused("unknown_channel", f"channel must be one of {known}.", field="channel")
        refused = Counter(why.code for one in chosen.values() if (why := self._refusal(one, now)))
        allowed = [one for one in chosen.values() if self._refusal(one, now) is None]
        done: list[tuple[Candidate, Resent]] = []
        for start in range(0, min(len(allowed), MOST), AT_ONCE):
            some = allowed[start : start + AT_ONCE]
            resent = await self._store.write(partial(self._reopen_some, some, actor, code, now))
            self._report(resent)
            done += resent
        deliveries = sum(len(resent.again) for _, resent in done)
        return ResentAll(len(done), deliveries, max(0, len(allowed) - MOST), refused)

    def _reopen_some(
        self, some: Iterable[Candidate], actor: Actor, code: str | None, now: datetime, tx: Tx
    ) -> list[tuple[Candidate, Resent]]:
        done: list[tuple[Candidate, Resent]] = []
        for one in some:
            fresh = resends.candidate(tx, one.id)  # it was read before this transaction began
            if fresh is not None and fresh.state is OutboxState.FAILED and self._refusal(fresh, now) is None:
                done.append((fresh, self._reopen(tx, fresh, now)))
        if done:
            agent, channels = done[0][0].agent, sorted({one.channel for one, _ in done})
            again = [delivery for _, resent in done for delivery in resent.again]
            details = {"code": code, "channels": channels, "again": again}
            audit.add(tx, now, actor, "resend_failed", agent=agent, details=details)
        return done

    def _reopen(self, tx: Tx, found: Candidate, now: datetime) -> Resent:
        refusal = self._refusal(found, now)
        if refusal:
            raise refusal
        before = resends.parts(tx, found.message)
        resends.reopen(tx, found.message, found.id, now)
        tx.wake(f"deliver:{found.conversation}")
        return self._resent(found, before)

    def _resent(self, found: Candidate, before: Sequence[tuple[int, OutboxState]]) -> Resent:
        """What is sent again of a message whose parts are in these states."""
        unknown = {identity for identity, state in before if state is OutboxState.UNKNOWN}
        # All failed parts together: alone, a part would arrive without what it goes on from.
        again = tuple(identity for identity, state in before if state is OutboxState.FAILED or identity == found.id)
        receipts = self._plugins[found.channel].manifest.capabilities.receipts
        has = tuple(identity for identity, state in before if _arrived(state, receipts))
        taken = {identity for identity, state in before if state in TAKEN and identity not in has}
        return Resent(
            delivery=found.id,
            again=again,
            has=has,
            may_have=tuple(identity for identity, _ in before if identity in unknown | taken),
            parts=tuple(identity for identity, _ in before),
        )

    def _report(self, resent: Iterable[tuple[Candidate, Resent]]) -> None:
        for found, one in resent:
            log.info("sent again on request", channel=found.channel, deliveries=one.again, failure=found.code)
            self._metrics.resends.labels(found.channel).inc(len(one.again))

    def _refusal(self, found: Candidate, now: datetime) -> ResendRefused | None:
        manifest = self._plugins[found.channel].manifest if found.channel in self._plugins else None
        return _not_parked(found) or _not_possible(found, manifest) or _not_wanted(found, manifest, now)


def _not_parked(found: Candidate) -> ResendRefused | None:
    if found.state in PARKED_DELIVERIES:
        return None
    return ResendRefused(
        "not_failed",
        f"Only what failed or has an unknown outcome can be sent again; this is {found.state}.",
        extra={"state": found.state},
    )


def _not_possible(found: Candidate, manifest: Channel | None) -> ResendRefused | None:
    if found.origin == trials.ORIGIN:
        return ResendRefused("test_message", "This is a test message; send another test.")
    if found.erased:
        return ResendRefused(
            "erased", "The text of this message is gone: the person was erased, or it was kept long enough."
        )
    if not found.connected:
        return ResendRefused("disconnected", "The channel is disconnected. Connect it again first.")
    if manifest is None:
        return ResendRefused("channel_unavailable", "The channel's plugin cannot be used; `plugins` says why.")
    if not found.reachable:
        return ResendRefused("no_address", "The address now belongs to another person.")
    return None


def _not_wanted(found: Candidate, manifest: Channel | None, now: datetime) -> ResendRefused | None:
    if found.blocked:
        return ResendRefused("blocked", "The owner has blocked this person.")
    if found.opted_out:
        return ResendRefused("opted_out", "This person has opted out of messages that they did not ask for.")
    closed = replies.closes_at(manifest, found.last_inbound_at) if manifest else None
    if manifest and closed and closed <= now:
        return ResendRefused(
            "window_closed", replies.why_closed(manifest, closed), extra={"closed_at": closed.isoformat()}
        )
    return None


def _arrived(state: OutboxState, receipts: DeliveryState | None) -> bool:
    """Whether a part in this state counts as arrived; where receipts report nothing more, that it was taken has to do."""
    reported = OutboxState(receipts or DeliveryState.QUEUED)
    furthest = min(OutboxState.DELIVERED, reported, key=TAKEN.index)
    return state in TAKEN and TAKEN.index(state) >= TAKEN.index(furthest)


def _named(some: Iterable[int], parts: tuple[int, ...]) -> str:
    if len(parts) == 1:
        return "The message"
    numbers = [str(parts.index(one) + 1) for one in some]
    listed = f"Part {numbers[0]}" if len(numbers) == 1 else f"Parts {', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"{listed} of {len(parts)}"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _count(number: int) -> str:
    return f"{number} message" if number == 1 else f"{number} messages"
