"""What is asked at the provider before an agent runs."""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.inbound.quotes import Quotes
from trinity_channels.inbound.senders import Senders


@dataclass(frozen=True, slots=True)
class Lookups:
    """Who writes, and what their messages answer."""

    senders: Senders
    quotes: Quotes
