"""Calls to Twilio's API through its official client.

Only the client's own request is used, which authenticates and names itself. Its resource classes would cost memory and
time, and parse answers without checking them (docs/adr/0004).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from twilio.http.response import Response  # type: ignore[import-untyped]  # twilio ships no types
from twilio.rest import Client  # type: ignore[import-untyped]  # twilio ships no types

from trinity_channels.api import ConfigurationError, Context, ProviderUnavailable, http
from trinity_channels.api.http import CallError, NoAnswer
from trinity_channels_whatsapp.answers import RefusedError, object_of
from trinity_channels_whatsapp.fields import Fields, inner, objects
from trinity_channels_whatsapp.settings import WhatsAppSettings
from trinity_channels_whatsapp.transport import JSON, Transport

HOST = "https://api.twilio.com"
CALL_DEADLINE = 25.0
"""Seconds for one call altogether: pool, connection, and an answer that trickles in."""

# Twilio's words go into a form beside the field; a proxy that answers instead may write pages.
_MAX_WORDS = 300
# The client would read TWILIO_REGION and TWILIO_EDGE from the environment of this process.
# Never empty: an empty mapping makes it read os.environ after all.
_NO_ENVIRONMENT = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}
# Of the account's own resources Twilio also says 404 for another account's credentials; elsewhere 403 and 404 are about
# the resource: a message of long ago, a feature that the account does not have.
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_NOT_TWILIO = (
    "It does not come from Twilio's API: look at the proxy between, and at twilio_api_base_url if that is set."
)
Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Api:
    """Twilio's API for one hook of one binding."""

    settings: WhatsAppSettings
    ctx: Context
    deadline: float = CALL_DEADLINE
    only_first_token: bool = False

    @property
    def account(self) -> str:
        """The address of the account, without its `.json`."""
        return f"{HOST}/2010-04-01/Accounts/{self.settings.account_sid}"

    async def call(
        self,
        method: str,
        url: str,
        *,
        params: Form | None = None,
        data: Form | None = None,
        json: Mapping[str, object] | None = None,
    ) -> Fields:
        """Call an endpoint, once, with a form or JSON, and return the object that it answers with.

        Raises:
            RefusedError, NotSent, NoAnswer: see there.
        """
        spare = None if self.only_first_token else self.settings.auth_token_secondary
        # Built for each call, at 0.07 ms: plugins keep no state, and no credentials outlive a call.
        client = Client(
            self.settings.account_sid,
            self.settings.auth_token.get_secret_value(),
            http_client=Transport(self.ctx, deadline=self.deadline, spare=spare.get_secret_value() if spare else None),
            environment=_NO_ENVIRONMENT,
        )
        headers = {"Content-Type": JSON} if json is not None else None
        answer = await _answered(
            client.request_async(method, url, params=params, data=data if json is None else json, headers=headers)
        )
        # Raised here: raised while another is handled, an error keeps that one, and with it the request and its token.
        if isinstance(answer, CallError):
            raise answer
        return object_of(answer, self.ctx.now())

    async def read(self, method: str, url: str, *, params: Form | None = None, data: Form | None = None) -> Fields:
        """Make a call that may be repeated, with the errors that owners are shown.

        Raises:
            ConfigurationError: Twilio refused the credentials; in its own words.
            ProviderUnavailable: anything else.
        """
        try:
            return await self.call(method, url, params=params, data=data)
        except RefusedError as refused:
            of_account = url.startswith(self.account)
            if refused.status == HTTPStatus.UNAUTHORIZED or (of_account and _judges_credentials(refused)):
                raise credentials_refused(refused, self.settings) from None
            passing = refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR or refused.status in _PASSING
            fix = " Try again in a moment." if passing else ("" if refused.words else f" {_NOT_TWILIO}")
            raise ProviderUnavailable(f"{refused}.{fix}", retry_after=refused.retry_after) from None
        except CallError as error:
            raise http.reading(error, "Twilio") from None

    async def walk(self, url: str, key: str, params: Form, *, pages: int) -> AsyncGenerator[Fields, None]:
        """Read the list `key` over at most so many pages (https://www.twilio.com/docs/usage/twilios-response#pagination).

        Raises:
            ConfigurationError, ProviderUnavailable: as `read`.
            ProviderUnavailable: there is more, so absence cannot be concluded.
        """
        query: Form | None = params
        for _ in range(pages):
            page = await self.read("GET", url, params=query)
            rows = objects(page, key)
            # The 2010 API gives a path, the newer ones a whole URL inside `meta`.
            following = inner(page, "meta").get("next_page_url") or page.get("next_page_uri") or ""
            if rows is None or not isinstance(following, str):
                raise ProviderUnavailable("Twilio gave no usable list. Try again in a moment.")
            for row in rows:
                yield row
            if not following:
                return
            # The transport refuses one that leads elsewhere.
            url, query = f"{HOST}{following}" if following.startswith("/") else following, None
        raise ProviderUnavailable("Twilio lists more than can be looked through.")


async def _answered(request: Awaitable[Response]) -> Response | CallError:
    try:
        return await request
    except CallError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the library raises errors of all kinds, whose texts may hold numbers
        return NoAnswer(type(error).__name__)


def _judges_credentials(refused: RefusedError) -> bool:
    # Without words it is a page of some proxy, which judges no credentials.
    return refused.status in _REFUSED and bool(refused.words)


def credentials_refused(refused: RefusedError, settings: WhatsAppSettings) -> ConfigurationError:
    """The error for an answer that judges the credentials, in Twilio's words."""
    words = refused.words or HTTPStatus(refused.status).phrase
    return ConfigurationError(
        f'Twilio refused the credentials: "{shown(words, settings)}" (code {refused.code}).'
        " Check the Account SID, and copy the Auth Token again from the Twilio Console: it changes when someone"
        " regenerates it there.",
        field="auth_token",
        refused=True,
    )


def shown(words: str, settings: WhatsAppSettings) -> str:
    """Twilio's words as an owner may see them: short, without the tokens, without the full stop."""
    return _without_secrets(words, settings)[:_MAX_WORDS]


def _without_secrets(words: str, settings: WhatsAppSettings) -> str:
    for token in settings.signing_tokens:
        words = words.replace(token, "…")
    return words.rstrip(".")
