"""What is asked at the provider before an agent runs."""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.inbound.quotes import Quotes
from trinity_channels.inbound.senders import Senders
from trinity_channels.inbound.vouching import Vouching


@dataclass(frozen=True, slots=True)
class Lookups:
    """Who writes, what their messages answer, and whose e-mails the providers vouch for."""

    senders: Senders
    quotes: Quotes
    vouching: Vouching
