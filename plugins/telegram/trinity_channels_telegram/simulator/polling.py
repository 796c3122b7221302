"""`getUpdates`: a bot asks, and waits for what comes. https://core.telegram.org/bots/api#getupdates."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from trinity_channels_telegram.simulator.chats import Bot
from trinity_channels_telegram.simulator.parameters import Params, strings, whole
from trinity_channels_telegram.simulator.problems import Problem

MOST = 100
LONGEST_WAIT = 50
"""Seconds, as in Telegram's published server."""
PATIENCE = 1.0
"""Real seconds that a phone waits until a bot that asks has confirmed what it wrote."""


class Polling:
    """Lets bots wait for their updates.

    Args:
        waiting: what a bot has not confirmed, oldest first.
        confirm: told below which number a bot has everything.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        waiting: Callable[[Bot], list[dict[str, Any]]],
        confirm: Callable[[Bot, int], None],
    ) -> None:
        self._clock = clock
        self._waiting = waiting
        self._confirm = confirm
        self._polls: dict[int, asyncio.Future[str]] = {}
        self._changed = asyncio.Event()

    def is_waiting(self, bot: Bot) -> bool:
        """Whether the bot is waiting for updates now."""
        return bot.id in self._polls

    async def get(self, bot: Bot, params: Params) -> list[dict[str, Any]]:
        """Answer a call: what there is at once, or as soon as something comes, or nothing in the end.

        Raises:
            Problem: the bot has a webhook, gets one, or asks once more meanwhile.
        """
        if bot.webhook.url:
            raise _conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        # The later one wins.
        self.end(bot, "terminated by other getUpdates request; make sure that only one bot instance is running")
        if (allowed := strings(params, "allowed_updates")) is not None:
            bot.webhook.allowed = tuple(allowed)
        self._forget(bot, whole(params, "offset") or 0)
        seconds = min(max(whole(params, "timeout") or 0, 0), LONGEST_WAIT)
        if seconds and not self._waiting(bot):
            await self._wait(bot, seconds)
        limit = whole(params, "limit")
        return self._waiting(bot)[: min(max(limit or MOST, 1), MOST)]

    def end(self, bot: Bot, why: str) -> None:
        """Let the bot wait no longer, with a refusal in these words."""
        self._answer(bot, why)

    async def tell(self, bot: Bot, is_confirmed: Callable[[], bool]) -> None:
        """Something has come for a bot; returns when it has confirmed that, or is not asking, or takes long."""
        if self._answer(bot, ""):
            await self._until(is_confirmed)

    def _answer(self, bot: Bot, refusal: str) -> bool:
        """Let a bot that waits go on; False if it does not wait, or has hung up."""
        poll = self._polls.pop(bot.id, None)
        if poll is None or poll.done():
            return False
        poll.set_result(refusal)
        return True

    async def _until(self, condition: Callable[[], bool]) -> None:
        # Not the network's clock: a host that has died confirms nothing, however far that is moved.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()

    def _forget(self, bot: Bot, offset: int) -> None:
        if offset < 0:  # the last ones are wanted, all before them are not
            last = self._waiting(bot)[offset:]
            offset = last[0]["update_id"] if last else 0
        self._confirm(bot, offset)
        self._changed.set()

    async def _wait(self, bot: Bot, seconds: int) -> None:
        poll = self._polls[bot.id] = asyncio.get_running_loop().create_future()
        self._changed.set()
        try:
            async with asyncio.timeout(seconds):
                if why := await poll:
                    raise _conflict(why)
        except TimeoutError:
            pass
        finally:
            if self._polls.get(bot.id) is poll:
                del self._polls[bot.id]


def _conflict(words: str) -> Problem:
    return Problem(HTTPStatus.CONFLICT, f"Conflict: {words}")
