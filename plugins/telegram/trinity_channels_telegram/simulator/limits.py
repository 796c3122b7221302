"""Flood control. https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from trinity_channels.simulation import Rule, Windows
from trinity_channels_telegram.simulator.chats import Chat
from trinity_channels_telegram.simulator.problems import too_many

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Limits:
    """Counts what bots do, and refuses what is too much; what is refused does not count."""

    def __init__(self) -> None:
        self._done = Windows()

    def send(self, bot: int, chat: Chat, now: datetime) -> None:
        """Count a message.

        Raises:
            Problem: 429, with the seconds to wait.
        """
        rules = [Rule((bot, chat.id), 1, SECOND), Rule((bot,), 30, SECOND)]
        if not chat.private:
            rules.append(Rule((bot, chat.id, "minute"), 20, MINUTE))
        self._count(now, *rules)

    def set_webhook(self, bot: int, now: datetime) -> None:
        """Count a `setWebhook`; errors as `send` has."""
        self._count(now, Rule((bot, "setWebhook"), 1, SECOND))

    def _count(self, now: datetime, *rules: Rule) -> None:
        wait = self._done.take(now, *rules)
        if wait is not None:
            # Whole seconds, at least one: zero would invite the next request at once.
            raise too_many(max(1, math.ceil(wait.total_seconds())))
