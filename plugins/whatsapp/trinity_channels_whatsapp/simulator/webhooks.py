"""Posts signed requests to the host, with the time-outs and retries that a webhook's URL asks for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qsl, urldefrag, urlencode

import httpx

from trinity_channels.simulation import post_webhook, recent
from trinity_channels_whatsapp.simulator.accounts import Account
from trinity_channels_whatsapp.simulator.sids import new_sid
from trinity_channels_whatsapp.simulator.signing import sign

Post = Callable[[], Awaitable[httpx.Response]]
"""Makes one attempt."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """A URL's fragment, such as `#rc=2&rp=all`. https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides."""

    connect_ms: int = 5000
    read_ms: int = 15000
    total_ms: int = 15000
    retries: int = 1
    # Only a failed connection is tried again by default; a 5xx or a slow answer loses the message.
    policy: frozenset[str] = frozenset({"ct"})

    @classmethod
    def parse(cls, fragment: str) -> Overrides:
        """Values out of range count as not given."""
        default, given = cls(), dict(parse_qsl(fragment))
        return cls(
            connect_ms=_within(given.get("ct"), 100, 10000, default.connect_ms),
            read_ms=_within(given.get("rt"), 100, 15000, default.read_ms),
            total_ms=_within(given.get("tt"), 100, 15000, default.total_ms),
            retries=_within(given.get("rc"), 0, 5, default.retries),
            policy=frozenset(given["rp"].split(",")) if given.get("rp") else default.policy,
        )


def _within(value: str | None, low: int, high: int, default: int) -> int:
    if value is None or not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        return default
    return int(value)


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One webhook and how the host answered: `answer` is None when it never did, `fault` says in which way it failed.

    `fault`: `ct` not connected, `rt` not answered in time, `cut` hung up, `4xx`, `5xx`, `3xx`, or empty.
    """

    url: str
    params: Mapping[str, str]
    attempts: int
    answer: httpx.Response | None
    fault: str


class Webhooks:
    """Posts webhooks; `calls` remembers the latest ones."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.calls: deque[WebhookCall] = recent()
        self._http = http

    async def post(
        self, account: Account, url: str, params: Mapping[str, str], *, method: str = "POST", token: str = ""
    ) -> WebhookCall:
        """Post `params` to `url`, signed with the account's primary token, again if the URL's fragment says so.

        `token` is the idempotency token: every attempt of one webhook has the same.
        """
        bare, fragment = urldefrag(url)
        overrides = Overrides.parse(fragment)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": sign(account.token, bare, params),
            "I-Twilio-Idempotency-Token": token or new_sid(""),
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }
        timeout = httpx.Timeout(overrides.read_ms / 1000, connect=overrides.connect_ms / 1000)
        post = partial(post_webhook, self._http, bare, urlencode(params), headers, timeout, method=method)
        call = await _attempts(post, overrides, bare, params)
        self.calls.append(call)
        return call


async def _attempts(post: Post, overrides: Overrides, url: str, params: Mapping[str, str]) -> WebhookCall:
    answer, fault, attempts = None, "rt", 0
    try:
        # `tt` covers the attempts together, so that a slow first one can leave no time for a second.
        async with asyncio.timeout(overrides.total_ms / 1000):
            for attempts in range(1, overrides.retries + 2):  # noqa: B007 -- counted for the record
                answer, fault = await _once(post)
                # By default only a failed connection is repeated: the host cannot have seen that request.
                if not fault or not overrides.policy & {fault, "all"}:
                    break
    except TimeoutError:
        answer, fault = None, "rt"
    return WebhookCall(url, params, attempts, answer, fault)


async def _once(post: Post) -> tuple[httpx.Response | None, str]:
    try:
        answer = await post()
    except (httpx.ConnectError, httpx.ConnectTimeout):
        return None, "ct"
    except httpx.TimeoutException:
        return None, "rt"
    # Connected and then hung up: the host may have read everything.
    except httpx.TransportError:
        return None, "cut"
    return answer, "" if answer.is_success else f"{answer.status_code // 100}xx"
