"""Whether a request is the provider's, checked by its plugin against the public address; and what it then brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from starlette.requests import Request

from trinity_channels import api
from trinity_channels.bindings import OpenBinding
from trinity_channels.inbound.diagnose import Diagnosis
from trinity_channels.inbound.owner_notices import OwnerNotices
from trinity_channels.inbound.readable import readable
from trinity_channels.inbound.refused import Refused, error, gone
from trinity_channels.observability.log import get_logger

log = get_logger(__name__)


class Authentication:
    """Lets a plugin receive a request."""

    def __init__(self, diagnosis: Diagnosis, notices: OwnerNotices, now: Callable[[], datetime]) -> None:
        self._diagnosis = diagnosis
        self._notices = notices
        self._now = now

    async def received(
        self, bound: OpenBinding, request: Request, headers: Mapping[str, str], body: bytes
    ) -> api.Inbound:
        """What an authentic request brings.

        Raises:
            Refused: it is not authentic, cannot be read, or came to an address that does not work any more.
        """
        query: bytes = request.scope["query_string"]
        # Providers sign the address the owner gave them, so that is what we check: never Host or X-Forwarded-*.
        url = (bound.context.webhook_url or "") + (f"?{query.decode('latin-1')}" if query else "")
        raw = api.Request(request.method, url, headers, body, self._now())
        if bound.retired is not None and bound.retired <= self._now():
            # Checked for its signature first: strangers must not be able to make a notice for the owner.
            if self._brings_message(bound, raw):
                await self._notices.retired(bound)
            raise Refused("retired", gone())
        try:
            return _without_malformed(bound, bound.receive(raw))
        except api.SignatureError as cause:
            # Only after the refusal is certain, and in bounds: finding the cause costs as much as hundreds of requests.
            if not bound.listens:  # else there is no address to be corrected
                await self._diagnosis.keep(bound, request, raw)
            answer = error(403, "invalid_signature", "The request is not signed by the provider.")
            raise Refused("bad_signature", answer) from cause
        except api.MalformedPayload as cause:
            # Without the payload: it is authentic, so it holds what a person wrote.
            log.warning("malformed webhook", channel=bound.channel, agent=bound.agent)
            raise Refused("malformed", error(400, "malformed_payload", cause.message)) from cause

    def _brings_message(self, bound: OpenBinding, raw: api.Request) -> bool:
        """Whether a request is authentic and brings a message.

        A receipt does not show that an address is still to be changed: it comes to the one that a message was sent with.
        """
        try:
            inbound = bound.receive(raw)
        except (api.SignatureError, api.MalformedPayload):
            return False
        return has_message(inbound.events)


def has_message(events: Sequence[api.Event]) -> bool:
    """Whether a person has written, which receipts do not show."""
    return any(isinstance(event, api.MessageReceived) for event in events)


def _without_malformed(bound: OpenBinding, inbound: api.Inbound) -> api.Inbound:
    """What can be stored of a request.

    Raises:
        MalformedPayload: nothing else came.
    """
    malformed = [event for event in inbound.events if isinstance(event, api.Malformed)]
    if not malformed:
        return inbound
    if len(malformed) == len(inbound.events):
        raise api.MalformedPayload(malformed[0].reason)
    return replace(inbound, events=tuple(readable(bound, inbound.events)))
