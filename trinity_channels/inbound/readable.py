"""Which events of a batch can be stored."""

from __future__ import annotations

from collections.abc import Sequence

from trinity_channels.api import Event, Malformed
from trinity_channels.bindings import OpenBinding
from trinity_channels.observability.log import get_logger

log = get_logger(__name__)


def readable(bound: OpenBinding, events: Sequence[Event]) -> Sequence[Event]:
    """The events without the malformed ones, each of which is logged."""
    for event in events:
        if isinstance(event, Malformed):
            names = {"channel": bound.channel, "agent": bound.agent, "reason": event.reason}
            log.warning("malformed event", **names, exc_info=event.cause or False)
    return [event for event in events if not isinstance(event, Malformed)]
