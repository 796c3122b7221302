"""Posts updates to webhooks: in order within a chat, again and again while they fail, until they are too old.

https://core.telegram.org/bots/api#getting-updates and Telegram's published server
(https://github.com/tdlib/telegram-bot-api, `WebhookActor.cpp`). A failing update holds up its chat and no other.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx

from trinity_channels.simulation import post_webhook, recent
from trinity_channels_telegram.simulator.chats import Bot
from trinity_channels_telegram.simulator.network import Network
from trinity_channels_telegram.simulator.polling import Polling

# The real server chooses a ceiling between 60 and 120 seconds at random.
LONGEST_PAUSE = 64
LONGEST_RETRY_AFTER = 3600
# https://core.telegram.org/bots/api#update: after a week without updates the next number is chosen at random.
QUIET = timedelta(days=7)
# Seconds that the published server waits for an answer.
PATIENCE = 60.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 -- its name

# What `getWebhookInfo` reports for a webhook that did not answer.
FAULTS = {
    httpx.ConnectTimeout: "Connection timed out",
    httpx.ConnectError: "Connection refused",
    httpx.TimeoutException: "Read timeout expired",
}

Executor = Callable[[Bot, dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Call:
    """One webhook and how the host answered; `status` is None when it did not."""

    update: dict[str, Any]
    status: int | None
    body: bytes = b""
    retry_after: int | None = None


@dataclass(slots=True, eq=False)
class Update:
    """What waits to be posted; `seen` is called once it was."""

    body: dict[str, Any]
    expires: datetime
    seen: Callable[[], None]

    @property
    def number(self) -> int:
        """The bot counts them."""
        number: int = self.body["update_id"]
        return number


@dataclass(slots=True, eq=False)
class Line:
    """The updates of one chat. `due` is when the first may be tried again, `failures` how often it has failed."""

    bot: Bot
    waiting: deque[Update] = field(default_factory=deque)
    due: datetime | None = None
    failures: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    timer: asyncio.TimerHandle | None = None


class Delivery:
    """Posts updates; `calls` remembers the latest ones, oldest first."""

    def __init__(self, network: Network, http: httpx.AsyncClient, execute: Executor) -> None:
        self.calls: deque[Call] = recent()
        self.latest: tuple[Bot, dict[str, Any]] | None = None
        self._network = network
        self._http = http
        self._execute = execute
        self._lines: dict[tuple[int, str, int], Line] = {}
        self.polling = Polling(network.clock, self._waiting, self._confirm)

    async def offer(
        self,
        bot: Bot,
        kind: str,
        payload: dict[str, Any],
        queue: tuple[str, int],
        seen: Callable[[], None],
        ttl: timedelta,
        *,
        unasked: bool = False,
    ) -> None:
        """Number an update and post it; returns when it has been answered, or has failed for now.

        `unasked` posts a kind that the bot does not list, as happens for a while after `setWebhook` has changed the list.
        """
        if not (unasked or bot.webhook.wants(kind)):
            return
        body = {"update_id": self._number(bot), kind: payload}
        # Kinds of updates have queues of their own, so that a button may overtake a message.
        line = self._lines.setdefault((bot.id, *queue), Line(bot))
        line.waiting.append(update := Update(body, self._network.clock() + ttl, seen))
        if "message" in body and not bot.webhook.url:
            self.latest = bot, body
        await self._drain(line)
        if not bot.webhook.url:
            await self.polling.tell(bot, lambda: update not in line.waiting)

    def pending(self, bot: Bot) -> int:
        """How many updates wait."""
        return sum(len(line.waiting) for line in self._lines.values() if line.bot is bot)

    def _waiting(self, bot: Bot) -> list[dict[str, Any]]:
        """What a bot has not confirmed, in the order of its numbers."""
        now = self._network.clock()
        lines = [line for line in self._lines.values() if line.bot is bot]
        for line in lines:
            while line.waiting and line.waiting[0].expires <= now:
                line.waiting.popleft()
        return [one.body for one in sorted((one for line in lines for one in line.waiting), key=lambda one: one.number)]

    def _confirm(self, bot: Bot, before: int) -> None:
        """The bot has all updates with a lower number."""
        for line in self._lines.values():
            for update in [one for one in line.waiting if line.bot is bot and one.number < before]:
                line.waiting.remove(update)
                line.due, line.failures = None, 0
                update.seen()

    def wake(self) -> None:
        """Post in the background what is due."""
        for line in self._lines.values():
            if line.waiting:
                self._network.background.start(self._drain(line))

    def forget(self, bot: Bot) -> None:
        """Drop what waits."""
        for line in self._lines.values():
            if line.bot is bot:
                line.waiting.clear()

    async def repeat(self) -> int:
        """Post the latest message's update once more; returns the status."""
        if self.latest is None:
            raise LookupError("no message has been received yet")
        call = await self._post(*self.latest)
        return call.status or HTTPStatus.GATEWAY_TIMEOUT

    def _number(self, bot: Bot) -> int:
        now = self._network.clock()
        if bot.last_update_at is None or now - bot.last_update_at >= QUIET:
            bot.last_update = self._network.chance.randrange(1, 2**31)
        else:
            bot.last_update += 1
        bot.last_update_at = now
        return bot.last_update

    async def _drain(self, line: Line) -> None:
        # One update of a chat at a time, or the second could overtake the first.
        async with line.lock:
            while line.waiting and line.bot.webhook.url:
                now = self._network.clock()
                # Given up without a word, as Telegram does: the bot never learns of it.
                if line.waiting[0].expires <= now:
                    line.waiting.popleft()
                    line.due, line.failures = None, 0
                elif line.due is not None and line.due > now:
                    self._later(line, line.due - now)
                    return
                else:
                    await self._try(line, line.waiting[0])

    async def _try(self, line: Line, update: Update) -> None:
        # The latest message, for tests that have it repeated.
        if "message" in update.body:
            self.latest = line.bot, update.body
        for _ in range(2 if self._network.behaviour.duplicate_webhooks else 1):
            call = await self._post(line.bot, update.body)
        if call.status is None or not HTTPStatus.OK <= call.status < HTTPStatus.MULTIPLE_CHOICES:
            line.failures += 1
            line.due = self._network.clock() + timedelta(seconds=_pause(line.failures, call.retry_after))
            return
        # `deleteWebhook` may have dropped it while it was posted.
        if update in line.waiting:
            # Only now: while it fails, it stays the first of its chat.
            line.waiting.remove(update)
        line.due, line.failures = None, 0
        update.seen()
        await self._obey(line.bot, call.body)

    async def _obey(self, bot: Bot, body: bytes) -> None:
        """Execute the call that a webhook's answer may hold; the outcome is not reported."""
        try:
            call = json.loads(body)
        except ValueError:
            return
        if isinstance(call, dict) and isinstance(call.get("method"), str):
            await self._execute(bot, call)

    def _later(self, line: Line, pause: timedelta) -> None:
        if line.timer is not None:
            line.timer.cancel()
        loop = asyncio.get_running_loop()
        # In real time: without a test that moves the clock, the demo repeats by itself.
        line.timer = loop.call_later(pause.total_seconds(), lambda: self._network.background.start(self._drain(line)))

    async def _post(self, bot: Bot, body: dict[str, Any]) -> Call:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip, deflate"}
        if bot.webhook.secret:
            headers[SECRET_HEADER] = bot.webhook.secret
        timeout = httpx.Timeout(PATIENCE, connect=5.0)
        try:
            answer = await post_webhook(self._http, bot.webhook.url, json.dumps(body), headers, timeout)
        except httpx.TransportError as error:
            call = Call(body, None)
            problem = next(
                (words for kind, words in FAULTS.items() if isinstance(error, kind)), "Connection reset by peer"
            )
        else:
            call = Call(body, answer.status_code, answer.content, _seconds(answer.headers.get("Retry-After")))
            problem = "" if answer.is_success else f"{answer.status_code} {answer.reason_phrase}".strip()
            problem = problem and f"Wrong response from the webhook: {problem}"
        if problem:
            bot.webhook.error, bot.webhook.error_at = problem, self._network.clock()
        self.calls.append(call)
        return call


def _seconds(text: str | None) -> int | None:
    return min(int(text), LONGEST_RETRY_AFTER) if text and text.isascii() and text.isdigit() else None


def _pause(failures: int, retry_after: int | None) -> int:
    """Seconds until the next attempt: none after the first, then two, four, eight and so on."""
    if retry_after is not None:
        return retry_after
    return 0 if failures == 1 else min(2 ** (failures - 1), LONGEST_PAUSE)
