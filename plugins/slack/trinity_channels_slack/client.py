"""Slack's official client, over the host's pooled HTTP client; and the ways in which a call can fail.

`AsyncWebClient` knows each method's name, arguments and verb, and whether it takes JSON; it hands them to `api_call`,
which is ours. The transport that comes with slack_sdk 3.47 takes no client from outside, posts a message a second time
when the connection breaks, reads proxies from the environment, and puts whole answers into its exceptions' texts.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpx
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from trinity_channels.api import ConfigurationError, Context, ProviderUnavailable, retry_after
from trinity_channels_slack.codes import FAILURES, LATER, REFUSED, failure_of, known_code
from trinity_channels_slack.settings import SlackSettings

SLACK = "https://slack.com"
CALL_DEADLINE = 25.0
"""Seconds for one call altogether: pool, connection, and an answer that trickles in."""
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 15.0

# The transport that would use a proxy is not used; without this the client would log the environment's, password and all.
_NO_PROXY = "unused"
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)


class Refused(Exception):
    """Slack said no. `code` is its own, or `http_<status>` where something in front of it did."""

    def __init__(self, code: str, *, status: int, retry_after: float | None = None, needed: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.retry_after = retry_after
        self.needed = needed


class NoAnswer(Exception):
    """There was no usable answer; `sent` says whether the request may have reached Slack."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


class Client(AsyncWebClient):
    """The official client for one binding; every answer that it returns is `ok`."""

    def __init__(self, settings: SlackSettings, ctx: Context, *, deadline: float = CALL_DEADLINE) -> None:
        base = (ctx.api_base_url or SLACK).rstrip("/")
        # Without the empty list slack_sdk posts again on a broken connection, and a person would read the message twice.
        super().__init__(settings.bot_token.get_secret_value(), f"{base}/api/", proxy=_NO_PROXY, retry_handlers=[])
        self._http = ctx.http
        self._now = ctx.now
        self._deadline = deadline

    async def api_call(
        self,
        api_method: str,
        *,
        http_verb: str = "POST",
        files: dict[str, Any] | None = None,  # noqa: ARG002 - the base class's signature; nothing is uploaded yet
        data: Any = None,
        params: dict[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: dict[str, Any] | None = None,  # noqa: ARG002 - the base class's signature; the token is all we have
    ) -> AsyncSlackResponse:
        """Send one request, once.

        Raises:
            Refused: Slack answered `ok: false`, 429, or something in front of Slack a 4xx.
            NoAnswer: it cannot be known what Slack did.
        """
        # Slack takes JSON for some methods and forms only for others; slack_sdk has chosen by then.
        form = {name: value for name, value in {**(params or {}), **(data or {})}.items() if value is not None}
        answer = await self._answered(
            http_verb,
            self.base_url + api_method,
            params=form if http_verb == "GET" else None,
            data=form if http_verb != "GET" and json is None else None,
            json=json,
            headers={**self.headers, **(headers or {}), "Authorization": f"Bearer {self.token}"},
        )
        # Raised here: raised while another is handled, an error keeps that one, and with it the request and its token.
        if isinstance(answer, NoAnswer):
            raise answer
        return AsyncSlackResponse(
            client=self,
            http_verb=http_verb,
            api_url=self.base_url + api_method,
            req_args={},
            data=_checked(answer, self._now()),
            headers=dict(answer.headers),
            status_code=answer.status_code,
        )

    async def _answered(self, http_verb: str, url: str, **content: Any) -> httpx.Response | NoAnswer:
        try:
            timeout = httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT)
            request = self._http.build_request(http_verb, url, timeout=timeout, **content)
        except Exception as error:  # noqa: BLE001 - such as half a surrogate pair in an id that Slack named
            return NoAnswer(type(error).__name__, sent=False)
        try:
            async with asyncio.timeout(self._deadline):
                return await self._http.send(request, follow_redirects=False)
        except Exception as error:  # noqa: BLE001 - only its name: its text may hold what was sent
            return NoAnswer(type(error).__name__, sent=not isinstance(error, _NEVER_SENT))


def _checked(answer: httpx.Response, now: datetime) -> dict[str, Any]:
    status, pause = answer.status_code, retry_after(answer.headers, now)
    try:
        body = answer.json()
    except (ValueError, RecursionError):  # no JSON, no UTF-8, a number of thousands of digits, a tower of brackets
        body = None
    # An explicit refusal counts at any HTTP status: only it proves that nothing was posted.
    if isinstance(body, dict) and body.get("ok") is False and isinstance(body.get("error"), str):
        code = "ratelimited" if status == HTTPStatus.TOO_MANY_REQUESTS else known_code(body["error"])
        raise Refused(code, status=status, retry_after=pause, needed=str(body.get("needed") or "")[:200])
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Refused("ratelimited", status=status, retry_after=pause)
    if status == HTTPStatus.OK and isinstance(body, dict) and body.get("ok") is True:
        return body
    # A proxy may give up with 408 after it has passed the request on.
    unclear = status == HTTPStatus.REQUEST_TIMEOUT
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and not unclear:
        raise Refused(f"http_{status}", status=status)
    # A redirect comes from something in front of Slack, and is not followed: then Slack has got nothing.
    redirected = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    raise NoAnswer(f"HTTP {status}" + ", a redirect" * redirected, sent=not redirected)


def reading_error(error: Refused | NoAnswer) -> ConfigurationError | ProviderUnavailable:
    """What a failed query means to its caller; a query changes nothing."""
    if isinstance(error, NoAnswer):
        return ProviderUnavailable(f"Slack gave no usable answer ({error.why}). Try again in a moment.")
    # A code that is not known is not held against the credentials.
    if error.code in LATER or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code not in FAILURES:
        return ProviderUnavailable(f"Slack answered {error.code}. Try again in a moment.")
    needed = f" It needs {error.needed}." if error.needed else ""
    words = failure_of(error.code).message
    if error.code in REFUSED:
        words = (
            "Copy the Bot User OAuth Token again from OAuth & Permissions: it ends when the app is removed from the"
            " workspace."
        )
    return ConfigurationError(
        f"Slack refused the token ({error.code}). {words}{needed}", field="bot_token", refused=True
    )
