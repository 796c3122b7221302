"""Calls to any provider: made once, and read so that nothing an answer holds can break a plugin.

`ask` makes a call, `Answer.result` takes its JSON object, `sending` and `reading` turn failures into the errors that
hooks promise:

    try:
        taken = (await http.ask(ctx, "POST", url, json=message, headers=headers)).result(ctx.now())
    except http.CallError as error:
        raise http.sending(error, "Pigeon") from None
    return Receipt(http.text(taken, "id"))
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx

from trinity_channels.api.calls import CallError, NoAnswer, NotSent, Refused
from trinity_channels.api.errors import (
    ConfigurationError,
    ProviderUnavailable,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
)
from trinity_channels.api.fields import Fields, inner, objects, text, whole
from trinity_channels.api.messages import Failure, FailureKind

if TYPE_CHECKING:
    from trinity_channels.api.values import Context

__all__ = [
    "Answer",
    "CallError",
    "Fields",
    "NoAnswer",
    "NotSent",
    "Refused",
    "ask",
    "inner",
    "objects",
    "reading",
    "retry_after",
    "sending",
    "text",
    "whole",
]

DEADLINE = 25.0
"""Seconds for one call altogether: pool, connection, and an answer that trickles in."""
TIMEOUTS = httpx.Timeout(15.0, connect=5.0, pool=5.0)
"""Short where nothing has been sent yet, which can be repeated safely; long once the provider may be working on it."""
# The host's client raises these before the first byte is written. After every other error the call may have been taken.
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
# These two look like a decision of the provider, and are none.
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_CREDENTIALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

LONGEST_PAUSE = 86_400.0
"""Seconds; a longer pause is asked for by mistake, and would hold a message back indefinitely."""

# The first that can be read counts. The two in milliseconds are sent by OpenAI's and Azure's servers beside the
# standard one, which is then the rounded value. https://www.rfc-editor.org/rfc/rfc9110.html#field.retry-after
_HEADERS = {"retry-after-ms": 0.001, "x-ms-retry-after-ms": 0.001, "retry-after": 1.0}
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
# Durations as Go and Protocol Buffers write them (1m30s, 7.66s, 250ms, 6m0s), and in words: 2 minutes.
_DURATION_PART = re.compile(
    r"([0-9]+(?:\.[0-9]+)?) ?(?:(ms)|(h)(?:ours?|r)?|(m)(?:in(?:ute)?s?)?|(s)(?:ec(?:ond)?s?)?)", re.IGNORECASE
)
_DURATION = re.compile(rf"(?:{_DURATION_PART.pattern} ?)+", re.IGNORECASE)
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call was answered, whatever it is; `headers` may be asked by names in any case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def redirects(self) -> bool:
        """It names another address, which was not asked: the call has not reached the provider's API."""
        return HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST

    @property
    def fields(self) -> Fields | None:
        """The JSON object that it holds; None for anything else, such as the page of a proxy."""
        try:
            body = json.loads(self.content)
        # Deeply nested JSON exhausts the parser's recursion, which is not a ValueError.
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None

    def result(self, now: datetime) -> Fields:
        """Take the object out of an answer by its HTTP status, for providers that use it as others do.

        Raises:
            Refused: a 4xx.
            NotSent: a redirect.
            NoAnswer: a 5xx, a 408 (a proxy may have passed the call on), or a success without an object.
        """
        body = self.fields
        if self.redirects:
            raise NotSent(f"HTTP {self.status} leads elsewhere")
        if HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            if self.status != HTTPStatus.REQUEST_TIMEOUT:
                raise Refused(self.status, body or {}, retry_after=retry_after(self.headers, now))
        elif HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES and body is not None:
            return body
        raise NoAnswer(f"HTTP {self.status}" + " without a JSON object" * (body is None))


class _Address(httpx.URL):
    """An address that does not show the secret in it, neither in httpx's log nor in the `repr` of a request."""

    def __init__(self, url: httpx.URL, shown: str) -> None:
        super().__init__(url)
        self._shown = shown

    def __str__(self) -> str:
        return self._shown

    __repr__ = __str__


async def ask(
    ctx: Context,
    method: str,
    url: str,
    *,
    auth: tuple[str, str] | None = None,
    shown: str = "",
    deadline: float = DEADLINE,
    **content: Any,
) -> Answer:
    """Make one call, once, and read the whole answer. Redirects are not followed: they would get the credentials.

    Args:
        ctx: as the hook was given it.
        method: of HTTP.
        url: whole, with `ctx.api_base_url` in place of the provider's host if that is set.
        auth: user name and password, for basic authentication.
        shown: what logs show instead of the address, for providers that have a secret in it.
        deadline: seconds for all of it.
        content: `headers`, `params`, `json`, `data`, `content` and so on, as `httpx.AsyncClient.build_request` takes them.

    Raises:
        NotSent: it never left.
        NoAnswer: it may have been taken.
    """
    try:
        request = ctx.http.build_request(method, url, **{"timeout": TIMEOUTS, **content})
    except Exception as error:  # noqa: BLE001  such as half a surrogate pair in an id that the provider named
        answer: httpx.Response | CallError = NotSent(type(error).__name__)
    else:
        if shown:
            # After `build_request`, which would copy the address into a plain one again.
            request.url = _Address(request.url, shown)
        answer = await _answered(ctx.http, request, auth, deadline)
    # Raised here: raised while another is handled, an error keeps that one, and with it the request and its secrets.
    if isinstance(answer, CallError):
        raise answer
    return Answer(answer.status_code, answer.headers, answer.content)


async def _answered(
    client: httpx.AsyncClient, request: httpx.Request, auth: tuple[str, str] | None, deadline: float
) -> httpx.Response | CallError:
    try:
        async with asyncio.timeout(deadline):
            return await client.send(request, auth=auth or httpx.USE_CLIENT_DEFAULT, follow_redirects=False)
    # Only the names of the errors: their texts may hold the address and what was sent.
    except _NEVER_LEFT as error:
        return NotSent(type(error).__name__)
    except Exception as error:  # noqa: BLE001  httpx raises errors of other libraries too
        return NoAnswer(type(error).__name__)


def sending(error: CallError, provider: str) -> SendError:
    """What a failed call means that was to send a message; `provider` is its name for people.

    Returns:
        SendDeferred: it was not taken (no connection, 429). SendUnknown: it may have been. SendRejected: every other 4xx,
        with the HTTP status for its code; plugins that know the provider's own codes look at `Refused.body` first.
    """
    if isinstance(error, NotSent):
        return SendDeferred(f"{provider} could not be reached ({error}).")
    if not isinstance(error, Refused):
        return SendUnknown(f"{provider} gave no usable answer ({error}); it may have taken the message.")
    if error.status in _PASSING:
        return SendDeferred(f"{provider} asks for a pause.", retry_after=error.retry_after)
    kind = FailureKind.OPERATOR if error.status in _CREDENTIALS else FailureKind.PERMANENT
    return SendRejected(Failure(str(error.status), kind, f"{provider} refused the message ({error})."))


def reading(
    error: CallError, provider: str, *, field: str | None = None, words: str = ""
) -> ConfigurationError | ProviderUnavailable:
    """What a failed call means that changes nothing; `field` is the setting with the credentials, `words` the provider's.

    Returns:
        ConfigurationError: 401 or 403. ProviderUnavailable: everything else, with the pause that a 429 asks for.
    """
    if isinstance(error, Refused) and error.status in _CREDENTIALS:
        said = words.rstrip(".") or str(error)
        return ConfigurationError(f"{provider} refused the credentials: {said}.", field=field, refused=True)
    what = "could not be reached" if isinstance(error, NotSent) else "gave no usable answer"
    pause = error.retry_after if isinstance(error, Refused) else None
    return ProviderUnavailable(f"{provider} {what} ({error}). Try again in a moment.", retry_after=pause)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read the pause that an answer asks for, in any form in use.

    Understood are `Retry-After` in seconds, with or without a fraction, as a date or as a duration like `1m30s`, and
    `retry-after-ms` and `x-ms-retry-after-ms` in milliseconds.

    Args:
        headers: of the answer; their names in any case, as in `httpx.Headers` or a plain dict.
        now: against which a date is counted; with a time zone.

    Returns:
        Seconds from `now`, 0 to 86400 (a longer pause is cut); None if no header names a pause that can be read.
    """
    found = {name.lower(): value for name, value in headers.items() if name.lower() in _HEADERS}
    for name, unit in _HEADERS.items():
        if name in found and (seconds := _seconds(found[name].strip(' \t"'), unit, now)) is not None:
            # A date in the past means now.
            return min(max(seconds, 0.0), LONGEST_PAUSE)
    return None


def _seconds(text: str, unit: float, now: datetime) -> float | None:
    first = text.partition(",")[0]  # a proxy may repeat the header, which joins both
    if _NUMBER.fullmatch(first):
        return float(first) * unit
    if _DURATION.fullmatch(text):
        return sum(float(number) * _UNITS["".join(names).lower()] for number, *names in _DURATION_PART.findall(text))
    moment = _date(text)
    return None if moment is None else (moment - now).total_seconds()


def _date(text: str) -> datetime | None:
    """A date of RFC 9110 or RFC 3339; without a time zone it is taken for UTC."""
    # RFC 9110 demands the first; some APIs send the second.
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
