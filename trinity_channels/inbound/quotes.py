"""What a person answers, when the host has never seen it: the provider is asked before the agent runs.

It is asked only for messages that the agent is about to be given: strangers cannot make the host call the provider.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from trinity_channels.api import Channel, Part, Quoted
from trinity_channels.bindings import Bindings
from trinity_channels.inbound.attempt import Attempt
from trinity_channels.observability.failures import cause_of
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, Tx, messages
from trinity_channels.store.conversation_state import ConversationState, Message
from trinity_channels.store.part_limits import QUOTE, cut

log = get_logger(__name__)

PATIENCE = 10.0
"""Seconds for one look-up; an answer without the quotation is better than none."""


class Quotes:
    """Completes the quotations of a turn's messages."""

    def __init__(self, store: Store, bindings: Bindings) -> None:
        self._store = store
        self._bindings = bindings

    async def completed(self, state: ConversationState, manifest: Channel, attempt: Attempt) -> Attempt:
        """The attempt with the words of what its messages answer, as far as these can be found out; raises nothing."""
        asked = {identity for message in attempt.messages for one in message.parts if (identity := _unknown(one))}
        # Nearly every message; the rest of this costs a call of the provider.
        if not asked or not manifest.capabilities.resolve_quoted:
            return attempt
        parts = [one for message in attempt.history for one in message.parts if isinstance(one, Quoted) and one.text]
        # An earlier answer to the same message has its words already.
        known: dict[str | None, Quoted] = {one.provider_id: one for one in parts if one.provider_id in asked}
        for identity in sorted(asked - known.keys()):
            if found := await self._read(state, identity):
                known[identity] = found
        return replace(attempt, messages=await self._kept(attempt.messages, known))

    async def _read(self, state: ConversationState, message_id: str) -> Quoted | None:
        try:
            bound = await self._bindings.open(state.binding)
            async with asyncio.timeout(PATIENCE):
                found = await bound.resolve_quoted(message_id, state.named_by_plugin)
        except Exception as error:  # noqa: BLE001  the person is answered nevertheless
            log.warning("quotation not read", channel=state.channel, agent=state.agent, cause=cause_of(error))
            return None
        return replace(found, text=cut(found.text, QUOTE))

    async def _kept(self, waiting: Sequence[Message], known: dict[str | None, Quoted]) -> tuple[Message, ...]:
        done = [replace(one, parts=tuple(_completed(part, known) for part in one.parts)) for one in waiting]
        changed = [after for before, after in zip(waiting, done, strict=True) if before.parts != after.parts]
        if changed:
            # Stored, so that a retry does not ask the provider again.
            await self._store.write(partial(_keep, changed))
        return tuple(done)


def _keep(changed: Sequence[Message], tx: Tx) -> None:
    for message in changed:
        messages.complete(tx, message.id, message.parts)


def _unknown(part: Part) -> str | None:
    """The id of a quoted message whose words are not known."""
    return part.provider_id if isinstance(part, Quoted) and not part.text else None


def _completed(part: Part, known: dict[str | None, Quoted]) -> Part:
    if not isinstance(part, Quoted) or part.text or part.provider_id not in known:
        return part
    found = known[part.provider_id]
    return replace(part, text=found.text, author=found.author or part.author, by_agent=found.by_agent or part.by_agent)
