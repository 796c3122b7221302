"""Switches for what the real network does occasionally, and a test wants to see now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(slots=True)
class Behaviour:
    """How the simulated network behaves; change it at any time.

    Attributes:
        slow_answer: how long a `Fault.SLOW` answer takes, unless the client hangs up first.
        echoes: send the app its own messages as events, as Slack does.
        message_first: of the two events of a mention, send `message` before `app_mention`.
        only_app_mention: send `app_mention` alone, as some Enterprise installations do.
        duplicate_events: send every event twice, the second time as a retry.
        delayed_events: the app setting of that name: after the usual retries, one every hour for a day.
        signed_ago: age of the signatures' timestamps; a proxy that holds requests, or a clock that is wrong.
        internal_errors_after_storing: so many posts are stored and answered with `internal_error`.
        rate_limits: answer 429 to more calls than Slack takes; see `rates`.
        commercial: the app is sold outside the Marketplace: history and replies once a minute, 15 messages at a time.
        page_size: most messages that history and replies list at once.
        patience: seconds that the host has to acknowledge an event in Socket Mode.
        lost_acknowledgements: so many acknowledgements in Socket Mode get lost, each with its connection.
    """

    slow_answer: timedelta = timedelta(seconds=20)
    echoes: bool = True
    message_first: bool = False
    only_app_mention: bool = False
    duplicate_events: bool = False
    delayed_events: bool = False
    signed_ago: timedelta = timedelta(0)
    internal_errors_after_storing: int = 0
    rate_limits: bool = True
    commercial: bool = False
    page_size: int = 999
    patience: float = 3.0
    lost_acknowledgements: int = 0
