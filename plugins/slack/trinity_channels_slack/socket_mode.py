"""The address of a WebSocket for Socket Mode.

https://docs.slack.dev/reference/methods/apps.connections.open — wants an app-level token, and gives an address with a
ticket, good for one connection. To ask for it changes nothing.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from trinity_channels.api import ConfigurationError, Context, ProviderUnavailable
from trinity_channels.api.http import CallError
from trinity_channels_slack.client import APP_TOKEN, Client, reading_error
from trinity_channels_slack.fields import text_of
from trinity_channels_slack.settings import SlackSettings

# The second is GovSlack's.
_SERVERS = (".slack.com", ".slack-gov.com")


async def link(settings: SlackSettings, ctx: Context) -> str:
    """Ask for an address. It is a secret.

    Raises:
        ConfigurationError: Slack refuses the app-level token, or there is none.
        ProviderUnavailable: Slack gave no usable answer.
    """
    if settings.app_token is None:
        raise ConfigurationError(
            "The app-level token is missing. Generate it under Basic Information → App-Level Tokens, with the scope"
            " connections:write.",
            field="app_token",
        )
    try:
        # Not by the client's method of that name, which would also put the token among the arguments: Slack refuses that.
        answer = await Client(settings, ctx, token=settings.app_token).api_call("apps.connections.open")
    except CallError as error:
        raise reading_error(error, token=APP_TOKEN) from None
    url = text_of(answer.data, "url")
    # A proxy may answer with JSON of its own, and must not be given the ticket.
    if not url or not (ctx.api_base_url or _is_slacks(url)):
        raise ProviderUnavailable("Slack gave no usable address to connect to. Try again in a moment.")
    return url


def check_app(url: str, app_id: str) -> None:
    """Compare the app that an address belongs to, as far as it says, with that of the bot token.

    Raises:
        ConfigurationError: it is another one.
    """
    named = parse_qs(urlsplit(url).query).get("app_id", [app_id])
    if app_id not in named:
        raise another_app()


def another_app() -> ConfigurationError:
    """That the two tokens do not belong together."""
    return ConfigurationError(
        "The app-level token belongs to another app than the bot token. Copy both from the same app.", field="app_token"
    )


def _is_slacks(url: str) -> bool:
    try:
        return (urlsplit(url).hostname or "").endswith(_SERVERS)
    except ValueError:
        return False
