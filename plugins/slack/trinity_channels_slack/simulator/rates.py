"""Rate limits. https://docs.slack.dev/apis/web-api/rate-limits.

Slack documents a number of calls a minute for each method and workspace, one post a second for each channel, and "short
bursts" beyond both without saying how long. Here a method's calls may all come at once, and a channel takes five posts at
once; a post to another channel also counts for the workspace. After a 429, Slack refuses
further calls of that method; here only the call itself is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.responses import JSONResponse

from trinity_channels.simulation import Buckets

POSTS_AT_ONCE = 5
POSTS_A_MINUTE = 300
"""Slack says "several hundred" for a workspace."""

# Calls a minute, by the tier that each method's page names.
_TIERS = {2: 20, 3: 50, 4: 100}
METHODS = {
    "auth.test": 300,  # "special": hundreds
    "apps.connections.open": _TIERS[3],
    "bots.info": _TIERS[3],
    "chat.update": _TIERS[3],
    "chat.delete": _TIERS[3],
    "chat.getPermalink": 300,  # special
    "conversations.open": _TIERS[3],
    "conversations.history": _TIERS[3],
    "conversations.replies": _TIERS[3],
    "users.info": _TIERS[4],
    "reactions.add": _TIERS[3],
    "reactions.remove": _TIERS[2],
    "assistant.threads.setStatus": 300,  # special
}

# https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps
COMMERCIAL = {"conversations.history": 1, "conversations.replies": 1}


class Rates:
    """How many calls are left of each kind; they come back evenly, on the simulated clock."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._buckets = Buckets()

    def method(self, name: str, *, commercial: bool = False) -> float:
        """Count one call of a method; returns the seconds to wait, 0 if it may be made."""
        most = (METHODS | COMMERCIAL if commercial else METHODS).get(name)
        return self._take((name, ""), timedelta(minutes=1) / most, most) if most else 0.0

    def post(self, channel: str) -> float:
        """Count one post to a channel; returns the seconds to wait, 0 if it may be made."""
        wait = self._take(("chat.postMessage", ""), timedelta(minutes=1) / POSTS_A_MINUTE, POSTS_A_MINUTE)
        return wait or self._take(("chat.postMessage", channel), timedelta(seconds=1), POSTS_AT_ONCE)

    def _take(self, key: tuple[str, str], every: timedelta, at_once: int) -> float:
        wait = self._buckets.take(self._clock(), key, every, at_once)
        return wait.total_seconds() if wait else 0.0


def too_many(wait: float) -> JSONResponse:
    """429, with whole seconds in Retry-After, as Slack gives them."""
    return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(math.ceil(wait))})
