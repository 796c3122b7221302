"""Slack's official client, over the host's pooled HTTP client; and the ways in which a call can fail.

`AsyncWebClient` knows each method's name, arguments and verb, and whether it takes JSON; it hands them to `api_call`,
which is ours. The transport that comes with slack_sdk 3.47 takes no client from outside, posts a message a second time
when the connection breaks, reads proxies from the environment, and puts whole answers into its exceptions' texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from trinity_channels.api import ConfigurationError, Context, ProviderUnavailable, http, retry_after
from trinity_channels.api.http import DEADLINE, Answer, CallError, Fields, NoAnswer, NotSent
from trinity_channels_slack.codes import FAILURES, LATER, REFUSED, failure_of, known_code, known_scopes
from trinity_channels_slack.settings import SlackSettings

SLACK = "https://slack.com"

# The transport that would use a proxy is not used; without this the client would log the environment's, password and all.
_NO_PROXY = "unused"


@dataclass(frozen=True, slots=True)
class Token:
    """What errors say of a token: the setting that holds it, its name, and where an owner gets another one."""

    field: str
    name: str
    again: str


BOT_TOKEN = Token(
    "bot_token",
    "token",
    "Copy the Bot User OAuth Token again from OAuth & Permissions: it ends when the app is removed from the workspace.",
)
APP_TOKEN = Token(
    "app_token",
    "app-level token",
    "Generate one under Basic Information → App-Level Tokens, with the scope connections:write.",
)


class Refused(CallError):
    """Slack said no. `code` is its own, or `http_<status>` where something in front of it did."""

    def __init__(self, code: str, *, status: int, retry_after: float | None = None, needed: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.retry_after = retry_after
        self.needed = needed


class Client(AsyncWebClient):
    """The official client for one binding; every answer that it returns is `ok`. `token` replaces the bot's."""

    def __init__(
        self, settings: SlackSettings, ctx: Context, *, deadline: float = DEADLINE, token: SecretStr | None = None
    ) -> None:
        base = (ctx.api_base_url or SLACK).rstrip("/")
        held = (token or settings.bot_token).get_secret_value()
        # Without the empty list slack_sdk posts again on a broken connection, and a person would read the message twice.
        super().__init__(held, f"{base}/api/", proxy=_NO_PROXY, retry_handlers=[])
        self._ctx = ctx
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
            NotSent: Slack has not got it.
            NoAnswer: it cannot be known what Slack did.
        """
        # Slack takes JSON for some methods and forms only for others; slack_sdk has chosen by then.
        form = {name: value for name, value in {**(params or {}), **(data or {})}.items() if value is not None}
        answer = await http.ask(
            self._ctx,
            http_verb,
            self.base_url + api_method,
            deadline=self._deadline,
            params=form if http_verb == "GET" else None,
            data=form if http_verb != "GET" and json is None else None,
            json=json,
            headers={**self.headers, **(headers or {}), "Authorization": f"Bearer {self.token}"},
        )
        return AsyncSlackResponse(
            client=self,
            http_verb=http_verb,
            api_url=self.base_url + api_method,
            req_args={},
            data=dict(_checked(answer, self._ctx.now())),
            headers=dict(answer.headers),
            status_code=answer.status,
        )


def _checked(answer: Answer, now: datetime) -> Fields:
    status, pause, body = answer.status, retry_after(answer.headers, now), answer.fields
    # An explicit refusal counts at any HTTP status: only it proves that nothing was posted.
    if body is not None and body.get("ok") is False and isinstance(body.get("error"), str):
        code = "ratelimited" if status == HTTPStatus.TOO_MANY_REQUESTS else known_code(body["error"])
        raise Refused(code, status=status, retry_after=pause, needed=known_scopes(body.get("needed")))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Refused("ratelimited", status=status, retry_after=pause)
    if status == HTTPStatus.OK and body is not None and body.get("ok") is True:
        return body
    # A proxy may give up with 408 after it has passed the request on.
    unclear = status == HTTPStatus.REQUEST_TIMEOUT
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and not unclear:
        raise Refused(f"http_{status}", status=status)
    # A redirect comes from something in front of Slack, and is not followed.
    if answer.redirects:
        raise NotSent(f"HTTP {status}, a redirect")
    raise NoAnswer(f"HTTP {status}")


def reading_error(error: CallError, *, token: Token = BOT_TOKEN) -> ConfigurationError | ProviderUnavailable:
    """What a failed query with this token means to its caller; a query changes nothing."""
    if not isinstance(error, Refused):
        return http.reading(error, "Slack")
    # A code that is not known is not held against the credentials.
    if error.code in LATER or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code not in FAILURES:
        return ProviderUnavailable(
            f"Slack answered {error.code}. Try again in a moment.", retry_after=error.retry_after
        )
    needed = f" It needs {error.needed}." if error.needed else ""
    words = token.again if error.code in REFUSED else failure_of(error.code).message
    return ConfigurationError(
        f"Slack refused the {token.name} ({error.code}). {words}{needed}", field=token.field, refused=True
    )
