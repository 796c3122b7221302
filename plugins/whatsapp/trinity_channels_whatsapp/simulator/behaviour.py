"""Switches for what the real network does occasionally, and a test wants to see now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(slots=True)
class Behaviour:
    """How the simulated network behaves; change it at any time.

    Attributes:
        slow_answer: how long a `Fault.SLOW` answer takes, unless the client hangs up first.
        receipts: post status callbacks at all; a bench of pure sending turns them off.
        duplicate_callbacks: post every status callback twice.
        reverse_callbacks: post the status callbacks of a message last one first.
        callbacks_before_answer: post them before the sending request is answered.
        duplicate_webhooks: post every inbound message twice, with the same MessageSid and idempotency token.
        media_missing: answer the first so many fetches of each medium with 404, as happens right after the webhook.
        cdn_base_url: where media redirects lead; None means below the simulator's own address.
        bsuid_sending: accept business-scoped user ids as `To`; accounts without it answer 21211.
        sends_per_second: how many messages an account may send in a second; more are answered with 429, 20429. None for
            no limit, which a bench or a load test needs.
        local_callbacks: take status callbacks to this machine and to private networks, which Twilio cannot reach. Only
            so where the simulator itself is served on this machine: with it `make demo` shows receipts.
    """

    slow_answer: timedelta = timedelta(seconds=20)
    receipts: bool = True
    duplicate_callbacks: bool = False
    reverse_callbacks: bool = False
    callbacks_before_answer: bool = False
    duplicate_webhooks: bool = False
    media_missing: int = 0
    cdn_base_url: str | None = None
    bsuid_sending: bool = True
    sends_per_second: int | None = 80
    local_callbacks: bool = False
