"""Notices channels whose webhooks are refused for their signature, and that no accepted message has followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from trinity_channels.alerts.finding import Finding, Findings
from trinity_channels.store import Store, Tx, bindings
from trinity_channels.store.bindings import StoredBinding

PATIENCE = timedelta(minutes=10)
"""How long webhooks are refused before that is an alert: an accepted one shows that the others were forged."""
FIX = (
    "Make public_chat_url and the webhook address in the provider's console the same, letter by letter; if they are, enter "
    "the provider's token or secret again. The next message that is accepted ends this alert."
)


class Refusals:
    """Judges each binding by what the diagnosis has stored with it."""

    code = "signature"
    is_consequence = False

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    async def look(self, connected: Sequence[StoredBinding], alerted: Mapping[int, datetime]) -> Findings:
        """Bindings that refuse for a while, and those in `alerted` that accept again or were changed."""
        now = self._now()
        waits = {one.id for one in connected if one.refused_since and now - one.refused_since >= PATIENCE}
        asked = [one for one in connected if one.id in alerted or one.id in waits]
        accepts = await self._store.read(lambda tx: {one.id for one in asked if _accepts(tx, one)}) if asked else set()
        refuses = {
            one.id: Finding(f"Webhooks are refused for their signature. {one.signature_cause or ''}".rstrip(), FIX)
            for one in asked
            if one.id in waits
        }
        return {**refuses, **dict.fromkeys(accepts)}


def _accepts(tx: Tx, one: StoredBinding) -> bool:
    last = bindings.last_inbound(tx, one.id)
    # None after the owner has changed the settings: the old refusals say nothing about the new ones.
    return one.signature_failed_at is None or (last is not None and last > one.signature_failed_at)
