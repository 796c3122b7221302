"""Test messages: an owner tries a binding out. Each is a delivery like any other, so that its outcome can be asked for.

Whichever process makes the attempt, what came of it is read from the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels.api import ConfigurationError
from trinity_channels.authorisation import Authorisation
from trinity_channels.bindings import Bindings, Disconnected
from trinity_channels.bindings.refusals import NotConnected
from trinity_channels.outbound import replies
from trinity_channels.outbound.compose import plain
from trinity_channels.outbound.deliver import Deliveries
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, audit, bindings, conversation_state, delivery_log, trials
from trinity_channels.store.delivery_log import Sent
from trinity_channels.store.states import TAKEN, OutboxState
from trinity_channels.visible import visible

TEXT = "Hello! This is a test message: the connection to your agent works."
"""What is sent where the owner writes nothing else."""
MOST = 10
HOUR = timedelta(hours=1)
PATIENCE = 20.0
"""Seconds to wait for the provider; after that the owner is told where to ask."""
LOOK = 0.25
"""Seconds between two looks at the delivery, for another process may make the attempt."""


class TooManyTests(Refusal):
    """The hourly limit of test messages is used up."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("too_many_tests", "Ten test messages an hour are the limit.", retry_after=retry_after)


class TrialRefused(ConfigurationError):
    """A test message that cannot be sent like this.

    Attributes:
        problems: what is wrong, by the input that is; `field` is the first.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()), field=next(iter(problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Tried:
    """A test message after its first attempt.

    `delivery`: how far it is by now.
    """

    delivery: Sent

    @property
    def taken(self) -> bool:
        """Whether the provider took it; a receipt may have told since that it failed."""
        return self.delivery.provider_id is not None or self.delivery.state in TAKEN

    @property
    def unknown(self) -> str:
        """Why the outcome is not known, empty if it is."""
        known = self.delivery.state not in (OutboxState.RECONCILING, OutboxState.UNKNOWN)
        return "" if known else self.delivery.failure or ""

    @property
    def pending(self) -> bool:
        """Whether the provider has not answered within `PATIENCE`, or other messages go out first."""
        return _pending(self.delivery)


class TrialMessages:
    """Sends them, and waits for the provider's first answer."""

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        opened: Bindings,
        deliveries: Deliveries,
        may: Authorisation,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._opened = opened
        self._deliveries = deliveries
        self._may = may
        self._now = now

    async def send(self, principal: Principal, agent: str, channel: str, to: str, text: str) -> Tried:
        """Send one message to an address, at most ten an hour, on record.

        Returns:
            The delivery as it is after the first attempt, or after 20 seconds.

        Raises:
            Refusal: the principal is neither the owner nor an administrator.
            NotConnected: there is no binding.
            TrialRefused: the address is not valid for this channel, or the text shows nothing.
            VaultError: the binding's secrets cannot be opened.
            TooManyTests: the limit is used up.
        """
        await self._may.owner(principal, agent)
        binding = await self._binding(agent, channel)
        manifest = self._plugins[channel].manifest
        problems = {}
        if not re.fullmatch(manifest.address.pattern, to):
            problems[manifest.address.field] = f"Write the address like {manifest.address.example}."
        composed = plain(text, manifest.dialect, manifest.limits.text)
        if not (composed and visible(text)):
            problems["message"] = "The message has no visible text."
        if problems:
            raise TrialRefused(problems)
        now = self._now()

        def queue(tx: Tx) -> tuple[int, int]:
            used, first = audit.count(tx, agent, "test_send", now - HOUR)
            # Counted in the audit log, which a restart does not reset.
            if used >= MOST and first:
                raise TooManyTests(first + HOUR - now)
            # Not the conversation of a person with that address: a test is nothing that the agent said.
            conversation = trials.conversation(tx, binding, to, now)
            state = conversation_state.load(tx, conversation)
            assert state is not None  # noqa: S101  opened in this transaction
            message = replies.queue(tx, state, text, composed, origin=trials.ORIGIN, now=now)
            delivery = trials.first_part(tx, message)
            details = {"delivery": delivery}
            audit.add(tx, now, principal.actor, "test_send", agent=agent, channel=channel, details=details)
            return conversation, delivery

        conversation, delivery = await self._store.write(queue)
        return await self._attempted(agent, conversation, delivery)

    async def _binding(self, agent: str, channel: str) -> int:
        stored = await self._store.read(lambda tx: bindings.of_agent(tx, agent, channel))
        title = self._plugins[channel].manifest.title
        if stored is None:
            raise NotConnected(title)
        try:
            await self._opened.open(stored.id)
        except Disconnected as error:
            raise NotConnected(title) from error
        return stored.id

    async def _attempted(self, agent: str, conversation: int, delivery: int) -> Tried:
        """What the first attempt came to, or the state when `PATIENCE` is over."""
        # Watched before looking: an attempt of this process that ends in between would be noticed late.
        with self._deliveries.watch(conversation, delivery) as over, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not over.is_set() and _pending(await self._delivery(agent, delivery)):
                    await _set_within(over, LOOK)
        return Tried(await self._delivery(agent, delivery))

    async def _delivery(self, agent: str, delivery: int) -> Sent:
        found = await self._store.read(lambda tx: delivery_log.one(tx, agent, delivery))
        assert found is not None  # noqa: S101  deliveries are never deleted
        return found


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _pending(delivery: Sent) -> bool:
    return delivery.state is OutboxState.SENDING or (delivery.state is OutboxState.READY and delivery.attempts == 0)
