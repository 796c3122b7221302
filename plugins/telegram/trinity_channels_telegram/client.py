"""One call of the Bot API. https://core.telegram.org/bots/api#making-requests.

The token is part of every address, which `http.ask` shows to no log.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from trinity_channels.api import ConfigurationError, Context, ProviderUnavailable, http, retry_after
from trinity_channels.api.http import DEADLINE, TIMEOUTS, Answer, CallError, NoAnswer, NotSent
from trinity_channels_telegram.fields import Fields, inner, shown, whole
from trinity_channels_telegram.settings import TelegramSettings

TELEGRAM = "https://api.telegram.org"

ANSWERED = 10.0
"""Seconds for the rest of a call that Telegram was asked to wait with."""
# A day: longer than any pause that makes sense, short enough that a wrong number cannot stop a chat for good.
_LONGEST_PAUSE = 24 * 60 * 60.0
_MAX_WORDS = 300
# 404 is what a malformed token or a wrong base address gets.
_TOKEN_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.MISDIRECTED_REQUEST})


class RefusedError(CallError):
    """Telegram answered `"ok": false` in its own `words`; `pause` is in seconds."""

    def __init__(self, code: int, words: str, *, pause: float | None = None, migrated_to: int | None = None) -> None:
        super().__init__(f"{code} {words}")
        self.code = code
        self.words = words
        self.pause = pause
        self.migrated_to = migrated_to

    def speaks_of(self, part: str) -> bool:
        """Whether Telegram's words contain `part`, whatever their case."""
        return part in self.words.lower()


class UnreadableError(ProviderUnavailable):
    """Telegram may have answered, with what could not be read: cut off, too long, too late, or another's page."""


async def call(
    settings: TelegramSettings,
    ctx: Context,
    method: str,
    parameters: Mapping[str, object] | None = None,
    *,
    deadline: float = DEADLINE,
    wait: float = 0,
) -> Any:
    """Call `method` and return its `result`; `wait` is for how many seconds Telegram was asked to wait before it answers.

    Raises:
        RefusedError, http.NotSent, http.NoAnswer: see there.
    """
    answer = await _post(settings, ctx, method, parameters or {}, deadline, wait)
    if answer.redirects:
        raise NotSent(f"HTTP {answer.status} leads elsewhere; check the setting telegram_api_base_url")
    body = _body(answer)
    # A proxy's page or half an answer proves nothing, whatever its status; only `"ok": false` proves a refusal.
    if body is None or (body["ok"] and "result" not in body):
        raise NoAnswer(f"HTTP {answer.status} without a word from the Bot API")
    if not body["ok"]:
        # The address has the token in it, and `setWebhook` the webhook's secret; who refuses a request may repeat it.
        secrets = (settings.bot_token.get_secret_value(), str((parameters or {}).get("secret_token", "")))
        raise _refusal(body, answer, ctx, secrets)
    return body["result"]


async def read(
    settings: TelegramSettings,
    ctx: Context,
    method: str,
    parameters: Mapping[str, object] | None = None,
    *,
    patience: float = 0,
    wait: float = 0,
) -> Any:
    """Make a call that may be repeated, with the errors that owners are shown.

    A pause of at most `patience` seconds that Telegram asks for is waited for, once. `wait` as in `call`.

    Raises:
        ConfigurationError: Telegram refused the token; in its own words.
        UnreadableError: no usable answer.
        ProviderUnavailable: Telegram could not be asked, or asks for a pause.
        RefusedError: it refused this call for another reason.
    """
    try:
        return await call(settings, ctx, method, parameters, wait=wait)
    except RefusedError as refused:
        pause = math.inf if refused.pause is None else refused.pause
        if refused.code == HTTPStatus.TOO_MANY_REQUESTS and pause <= patience:
            await asyncio.sleep(pause)
            return await read(settings, ctx, method, parameters, wait=wait)
        if refused.code in _TOKEN_REFUSED:
            raise ConfigurationError(
                f"Telegram refused the bot token: {refused.words}. Copy it again from @BotFather (/token);"
                " a token stops working when someone revokes it there.",
                field="bot_token",
                refused=True,
            ) from None
        if refused.code == HTTPStatus.TOO_MANY_REQUESTS or refused.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            when = "in a moment" if refused.pause is None else f"in {math.ceil(refused.pause)} seconds"
            said = f"Telegram cannot answer now (code {refused.code}). Try again {when}."
            raise ProviderUnavailable(said, retry_after=refused.pause) from None
        raise
    except NoAnswer as error:
        raise UnreadableError(http.reading(error, "Telegram").message) from None
    except CallError as error:
        raise http.reading(error, "Telegram") from None


async def _post(
    settings: TelegramSettings,
    ctx: Context,
    method: str,
    parameters: Mapping[str, object],
    deadline: float,
    wait: float,
) -> Answer:
    base = (ctx.api_base_url or TELEGRAM).rstrip("/")
    return await http.ask(
        ctx,
        "POST",
        f"{base}/bot{settings.bot_token.get_secret_value()}/{method}",
        shown=f"{base}/bot…/{method}",
        deadline=deadline + wait,
        timeout=TIMEOUTS if not wait else httpx.Timeout(ANSWERED + wait, connect=TIMEOUTS.connect, pool=TIMEOUTS.pool),
        # ASCII only: whatever a text holds can be sent, and it is Telegram's to judge.
        content=json.dumps(parameters).encode(),
        headers={"Content-Type": "application/json"},
    )


def _body(answer: Answer) -> Fields | None:
    """The Bot API's own envelope; None for what a proxy says, or half an answer."""
    body = answer.fields
    return body if body is not None and isinstance(body.get("ok"), bool) else None


def _refusal(body: Fields, answer: Answer, ctx: Context, secrets: Iterable[str]) -> RefusedError:
    # Before it is cut: half a secret is not found any more.
    words = shown(body, "description")
    for secret in filter(None, secrets):
        words = words.replace(secret, "…").replace(quote(secret, safe=""), "…")
    hints = inner(body, "parameters")
    code, pause = whole(body, "error_code"), _seconds(hints.get("retry_after"))
    return RefusedError(
        # https://core.telegram.org/bots/api#making-requests: codes may change, so the HTTP status stands in
        # for a missing one.
        code=answer.status if code is None else code,
        words=words[:_MAX_WORDS].rstrip("."),
        pause=retry_after(answer.headers, ctx.now()) if pause is None else pause,
        migrated_to=whole(hints, "migrate_to_chat_id"),
    )


def _seconds(value: object) -> float | None:
    """A pause in the answer's body; it is a number there, and a header's word counts where it is none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0:  # nor nan
        return None
    return float(min(value, _LONGEST_PAUSE))
