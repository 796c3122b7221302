"""Show the person that an agent is at work, when it takes more than a moment; best effort, never in the way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from trinity_channels.bindings import Bindings
from trinity_channels.observability.metrics import Metrics
from trinity_channels.plugins import Plugins
from trinity_channels.store.conversation_state import ConversationState, Message

PATIENCE = 0.3
"""Seconds an agent may think before it shows; an instant answer needs no "typing"."""
TIMEOUT = 5.0
RENEW = 0.8
"""The part of an indication's life after which it is renewed, where the provider allows that."""


class Indicator:
    """Runs beside the agent, once at its start and again for every newer message."""

    def __init__(self, plugins: Plugins, bindings: Bindings, metrics: Metrics) -> None:
        self._plugins = plugins
        self._bindings = bindings
        self._metrics = metrics
        self._newer: dict[int, asyncio.Queue[str]] = {}

    def noticed(self, conversation: int, provider_id: str) -> None:
        """Another message has come; without effect where no agent is running."""
        if conversation in self._newer:
            self._newer[conversation].put_nowait(provider_id)

    @contextlib.asynccontextmanager
    async def while_running(self, state: ConversationState, messages: Sequence[Message]) -> AsyncIterator[None]:
        """Indicate as long as the context is open."""
        # Some providers hang the sign on a message, which they mark as read by it.
        newest = next((message.provider_id for message in reversed(messages) if message.provider_id), None)
        if newest is None or not self._plugins[state.channel].manifest.capabilities.indicate:
            yield
            return
        conversation = state.conversation
        self._newer[conversation] = asyncio.Queue()
        task = asyncio.create_task(self._indicate(state.binding, state.channel, conversation, newest))
        try:
            yield
        finally:
            task.cancel()
            del self._newer[conversation]
            # Awaited, so that no indication arrives behind the answer.
            await asyncio.gather(task, return_exceptions=True)

    async def _indicate(self, binding: int, channel: str, conversation: int, provider_id: str) -> None:
        capabilities = self._plugins[channel].manifest.capabilities
        lasts = capabilities.indicate * RENEW if capabilities.indicate_repeats else None
        await asyncio.sleep(PATIENCE)
        while True:
            try:
                async with asyncio.timeout(TIMEOUT):
                    bound = await self._bindings.open(binding)
                    await bound.indicate(provider_id)
            except Exception:  # noqa: BLE001  nothing that happens here may harm the turn
                self._metrics.indicate_failures.labels(channel).inc()
            with contextlib.suppress(TimeoutError):
                # Shown again when it ends, and at once for a newer message. Without repetition it waits for that alone.
                provider_id = await asyncio.wait_for(self._newer[conversation].get(), lasts)
