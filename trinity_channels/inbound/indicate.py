"""Show the person that an agent is at work, when it takes more than a moment; best effort, never in the way."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from trinity_channels.bindings import Bindings
from trinity_channels.lease import LeaseLost
from trinity_channels.observability.metrics import Metrics
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, StoreError, conversation_state
from trinity_channels.store.conversation_state import ConversationState, Message

PATIENCE = 0.3
"""Seconds an agent may think before it shows; an instant answer needs no "typing"."""
TIMEOUT = 5.0
LOOK = 3.0
"""Seconds between two looks for a newer message that another process may have received."""
RENEW = 0.8
"""The part of an indication's life after which it is renewed, where the provider allows that."""
KEPT = 45.0
"""Seconds that an indication goes on between two questions about a run that is followed; longer than the longest pause."""
LONGEST = 300.0
"""Seconds after which it is not kept any more: no one looks at "typing" that long, and each renewal is a call."""


@dataclass(slots=True)
class Shown:
    """What shows that an agent is at work; with `goes_on`, it is kept when the call of the agent has ended."""

    goes_on: bool = False


@dataclass(slots=True)
class _Indication:
    state: ConversationState
    until: float
    begin: asyncio.TimerHandle
    shown: str = ""
    task: asyncio.Task[None] | None = None
    end: asyncio.TimerHandle | None = None

    def cancel(self) -> None:
        self.begin.cancel()
        if self.task:
            self.task.cancel()
        if self.end:
            self.end.cancel()


class Indicator:
    """Runs beside the agent, once at its start and again for every newer message, also while its run is followed."""

    def __init__(self, store: Store, plugins: Plugins, bindings: Bindings, metrics: Metrics) -> None:
        self._store = store
        self._plugins = plugins
        self._bindings = bindings
        self._metrics = metrics
        self._newer: dict[int, asyncio.Queue[str]] = {}
        self._kept: dict[int, _Indication] = {}
        self._endings: set[asyncio.Task[None]] = set()

    def noticed(self, conversation: int, provider_id: str) -> None:
        """Another message has come; without effect where no agent is running."""
        if conversation in self._newer:
            self._newer[conversation].put_nowait(provider_id)

    @contextlib.asynccontextmanager
    async def while_running(self, state: ConversationState, messages: Sequence[Message]) -> AsyncIterator[Shown]:
        """Indicate as long as the context is open, and on to the next one if that is wanted."""
        shown = Shown()
        # Some providers hang the sign on a message, which they mark as read by it.
        newest = next((message.provider_id for message in reversed(messages) if message.provider_id), None)
        if newest is None or not self._plugins[state.channel].manifest.capabilities.indicate:
            yield shown
            return
        indication = self._begun(state, newest)
        try:
            yield shown
        finally:
            loop = asyncio.get_running_loop()
            self._kept[state.conversation] = indication
            if shown.goes_on and loop.time() < indication.until:
                indication.end = loop.call_later(KEPT, self._cancel, state.conversation)
            else:
                await self.end(state.conversation)

    async def end(self, conversation: int) -> None:
        """Indicate no longer."""
        # Awaited, so that no indication arrives behind the answer.
        indication = self._cancel(conversation)
        if indication and indication.task:
            await asyncio.gather(indication.task, return_exceptions=True)
            if indication.shown and self._plugins[indication.state.channel].manifest.capabilities.indicate_ends:
                # Beside the answer, which does not wait for it.
                ending = asyncio.create_task(self._show_end(indication.state, indication.shown))
                self._endings.add(ending)
                ending.add_done_callback(self._endings.discard)

    async def stop(self) -> None:
        """End every indication that was kept."""
        for conversation in list(self._kept):
            await self.end(conversation)
        await asyncio.gather(*self._endings)

    def _begun(self, state: ConversationState, newest: str) -> _Indication:
        """The indication that was kept, or a new one."""
        conversation = state.conversation
        if indication := self._kept.pop(conversation, None):
            if indication.end:
                indication.end.cancel()
            return indication
        self._newer[conversation] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def begin() -> None:
            made.task = asyncio.create_task(self._indicate(made, newest))

        # A timer at first, for a task costs much more, and an agent that answers at once needs none.
        made = _Indication(state, loop.time() + LONGEST, loop.call_later(PATIENCE, begin))
        return made

    def _cancel(self, conversation: int) -> _Indication | None:
        indication = self._kept.pop(conversation, None)
        if indication:
            self._newer.pop(conversation, None)
            indication.cancel()
        return indication

    async def _show_end(self, state: ConversationState, provider_id: str) -> None:
        with contextlib.suppress(LeaseLost):  # another process shows it
            await self._show(state, provider_id, done=True)

    async def _indicate(self, indication: _Indication, provider_id: str) -> None:
        with contextlib.suppress(LeaseLost):  # another process does it, in a run of its own
            await self._keep_showing(indication, provider_id)

    async def _keep_showing(self, indication: _Indication, provider_id: str) -> None:
        state = indication.state
        capabilities = self._plugins[state.channel].manifest.capabilities
        lasts = capabilities.indicate * RENEW if capabilities.indicate_repeats else None
        while True:
            # Before the call: one that is cancelled may have had its effect.
            indication.shown = provider_id
            await self._show(state, provider_id, done=False)
            # Shown again when it ends, and soon for a newer message. Without repetition it waits for that alone.
            provider_id = await self._newer_than(state.conversation, provider_id, lasts)

    async def _show(self, state: ConversationState, provider_id: str, *, done: bool) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                bound = await self._bindings.open(state.binding)
                await bound.indicate(provider_id, state.named_by_plugin, state.address, done=done)
        except Exception:  # noqa: BLE001  nothing that happens here may harm the turn
            self._metrics.indicate_failures.labels(state.channel).inc()

    async def _newer_than(self, conversation: int, provider_id: str, seconds: float | None) -> str:
        """A newer message, once there is one; after some seconds the same one again."""
        clock = asyncio.get_running_loop().time
        until = math.inf if seconds is None else clock() + seconds
        while (left := until - clock()) > 0:
            # What another process has received is seen in the database.
            wait = min(left, LOOK if self._store.shared else math.inf)
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(self._newer[conversation].get(), None if wait == math.inf else wait)
            if not self._store.shared:
                continue
            with contextlib.suppress(StoreError):
                newest = await self._store.lookup(lambda tx: conversation_state.newest_waiting(tx, conversation))
                if newest not in (None, provider_id):
                    return newest
        return provider_id
