"""Why a signature did not match: which other address would have, told to the owner in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from starlette.requests import Request

from trinity_channels import api
from trinity_channels.bindings import OpenBinding
from trinity_channels.inbound.signed_addresses import Received, candidates
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, bindings

log = get_logger(__name__)

EXAMINED = 8_192
"""Bytes of the largest body that is examined: each address costs as much as a webhook, and messages are rarely larger."""
PAUSE = timedelta(seconds=5)
"""A binding is diagnosed at most this often: strangers can send bad signatures as fast as they like."""


class Mistrusted(Protocol):
    """Is told of each refused request, and of one that the provider is found to have made, for another address."""

    def __call__(self, bound: OpenBinding, *, genuine: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class _Refused:
    """A refused request, with what it says of the address that it was sent to."""

    bound: OpenBinding
    raw: api.Request
    received: Received

    @property
    def small(self) -> bool:
        return len(self.raw.body) <= EXAMINED


class Diagnosis:
    """Keeps the cause of the last refused webhook of each binding.

    Of the requests that come during the pause, the newest is examined after it, with the next one or by the housekeeping.
    """

    def __init__(self, store: Store, mistrusted: Mistrusted, now: Callable[[], datetime]) -> None:
        self._store = store
        self._mistrusted = mistrusted
        self._now = now
        self._last: dict[int, datetime] = {}
        self._waiting: dict[int, _Refused] = {}
        self._examining = False

    async def keep(self, bound: OpenBinding, request: Request, raw: api.Request) -> None:
        """Find the cause and store it for the owner, at once or later; never raises."""
        # At once, whatever the diagnosis finds later: catch-up must know before the next authentic request.
        self._mistrusted(bound, genuine=False)
        refused = _Refused(bound, raw, Received.of(request))
        waiting = self._waiting.get(bound.id)
        # A small one can be examined; a large one must not take its place.
        if waiting is None or refused.small or not waiting.small:
            self._waiting[bound.id] = refused
        if self._due(bound.id):
            await self._examine(bound.id)

    async def run(self) -> None:
        """Examine what has waited long enough; called periodically."""
        for binding in [one for one in self._waiting if self._due(one)]:
            await self._examine(binding)

    def _due(self, binding: int) -> bool:
        last = self._last.get(binding)
        # One at a time for all bindings. The difference counts either way: a clock that was set back must not
        # stop it for long.
        return not self._examining and (last is None or abs(self._now() - last) >= PAUSE)

    async def _examine(self, binding: int) -> None:
        refused = self._waiting.pop(binding, None)
        if refused is None:  # by another task meanwhile
            return
        self._last[binding] = self._now()
        self._examining = True
        try:
            bound, at = refused.bound, refused.raw.received_at or self._now()
            # Up to 200 signatures: on the event loop they would hold up every other webhook.
            difference = await asyncio.to_thread(self._difference, refused)
            if difference is not None:
                self._mistrusted(bound, genuine=True)
            cause = _cause(refused, difference)
            log.warning("signature refused", channel=bound.channel, agent=bound.agent, cause=cause)
            await self._store.write(lambda tx: bindings.signature_failed(tx, binding, cause, at))
        except Exception as error:  # the refusal stands whether or not it can be explained later
            log.exception("diagnosis failed", error=type(error).__name__)
        finally:
            self._examining = False

    def _difference(self, refused: _Refused) -> str | None:
        """In what the address that was signed differs from ours; None if no address fits."""
        bound, raw = refused.bound, refused.raw
        if bound.context.webhook_url is None or not refused.small:
            return None
        # The plugin itself decides, so this works with every way of signing.
        for difference, url in candidates(raw.url, refused.received):
            try:
                bound.receive(replace(raw, url=url))
            except api.SignatureError:
                continue
            # The signature was right, and that is the question here.
            except api.MalformedPayload:
                pass
            return difference
        return None


def _cause(refused: _Refused, difference: str | None) -> str:
    if refused.bound.context.webhook_url is None:
        return "public_chat_url is not set, so no signature can be checked."
    if not refused.small:
        return (
            f"Only requests of up to {EXAMINED} bytes are examined for the cause, and this one has {len(refused.raw.body)}: "
            "it was signed for another address or with another secret, or another party sent it."
        )
    if difference:
        return f"The provider signed another address than public_chat_url gives: {difference}."
    return (
        "No known address matches the signature, so the secret is probably not the one the provider signs "
        "with (it changes when it is regenerated), or a proxy takes away a part of the path that public_chat_url does not "
        "have, or another party sent the request."
    )
