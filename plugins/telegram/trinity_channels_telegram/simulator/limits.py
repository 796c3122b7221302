"""Flood control. https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from datetime import datetime, timedelta

from trinity_channels_telegram.simulator.chats import Chat
from trinity_channels_telegram.simulator.problems import too_many

Rule = tuple[tuple[object, ...], int, timedelta]
"""What is counted, how often it may happen, in which time."""

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Limits:
    """Counts what bots do, and refuses what is too much; what is refused does not count."""

    def __init__(self) -> None:
        self._done: defaultdict[object, deque[datetime]] = defaultdict(deque)

    def send(self, bot: int, chat: Chat, now: datetime) -> None:
        """Count a message.

        Raises:
            Problem: 429, with the seconds to wait.
        """
        rules: list[Rule] = [((bot, chat.id), 1, SECOND), ((bot,), 30, SECOND)]
        if not chat.private:
            rules.append(((bot, chat.id, "minute"), 20, MINUTE))
        self._count(rules, now)

    def set_webhook(self, bot: int, now: datetime) -> None:
        """Count a `setWebhook`; errors as `send` has."""
        self._count([((bot, "setWebhook"), 1, SECOND)], now)

    def _count(self, rules: list[Rule], now: datetime) -> None:
        for key, most, period in rules:
            done = self._done[key]
            while done and now - done[0] >= period:
                done.popleft()
            if len(done) >= most:
                # Whole seconds, at least one: zero would invite the next request at once.
                raise too_many(max(1, math.ceil((period - (now - done[0])).total_seconds())))
        # Counted only after every rule has let it pass.
        for key, _, _ in rules:
            self._done[key].append(now)
