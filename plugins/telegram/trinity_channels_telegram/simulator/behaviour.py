"""Switches for what Telegram does occasionally, or with other settings, and a test wants to see now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(slots=True)
class Behaviour:
    """How the simulated network behaves; change it at any time.

    Attributes:
        slow_answer: how long a `Fault.SLOW` answer takes, unless the client hangs up first.
        duplicate_webhooks: post every update twice, with the same `update_id`.
        flood_control: enforce one message per second and chat, twenty per minute and group, thirty per second and bot,
            and one `setWebhook` per second.
        any_webhook: take webhooks on plain HTTP, any port and any host, as a Bot API server of one's own with `--local`
            does; without it the rules of api.telegram.org hold. On where the simulator itself is served on loopback, as
            in the demo, because no public address leads to its host.
    """

    slow_answer: timedelta = timedelta(seconds=20)
    duplicate_webhooks: bool = False
    flood_control: bool = True
    any_webhook: bool = False
