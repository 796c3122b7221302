"""Opening the account: whose token this is, and what it may do.

https://docs.slack.dev/reference/methods/auth.test — needs no scope; the scopes that the token has come as a header.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from trinity_channels.api import Account, ConfigurationError, Context, ProviderUnavailable
from trinity_channels.api.http import CallError
from trinity_channels_slack import socket_mode
from trinity_channels_slack.app import SCOPES
from trinity_channels_slack.client import Client, reading_error
from trinity_channels_slack.fields import text_of
from trinity_channels_slack.settings import SlackSettings

# Kept for `receive`, which has to know our own messages and our own workspace.
FACTS = ("team_id", "bot_id", "user_id", "app_id", "enterprise_id")


@dataclass(frozen=True, slots=True)
class Opened:
    """An account and the scopes it lacks, None if Slack did not tell its scopes."""

    account: Account
    missing: tuple[str, ...] | None


async def open_account(settings: BaseModel, ctx: Context, *, listens: bool) -> Opened:
    """Ask who we are; errors as the hook `configure` promises."""
    if not isinstance(settings, SlackSettings):
        raise TypeError(f"These are {type(settings).__name__}, not SlackSettings.")
    if not listens and settings.signing_secret is None:
        raise ConfigurationError(
            "The Signing Secret is missing; it stands under Basic Information.", field="signing_secret"
        )
    link = await socket_mode.link(settings, ctx) if listens else None
    try:
        answer = await Client(settings, ctx).auth_test()
    except CallError as error:
        raise reading_error(error) from None
    told = {name: value for name in FACTS if (value := text_of(answer.data, name))}
    # A proxy may answer 200 with JSON of its own; every token belongs to a user in a workspace.
    if not told.keys() >= {"team_id", "user_id"}:
        raise ProviderUnavailable("Slack gave no usable answer about the token. Try again in a moment.")
    # Such a token serves many workspaces, and most methods then want a team_id.
    # https://docs.slack.dev/enterprise/developing-for-enterprise-orgs
    if answer.get("is_enterprise_install"):
        raise ConfigurationError(
            "This token is of an organisation-wide installation. Install the app to one workspace, and use that token.",
            field="bot_token",
        )
    if "bot_id" not in told:
        raise ConfigurationError("This token belongs to a person, not to a bot.", field="bot_token")
    if link is not None and (app_id := told.get("app_id") or await _app_id(settings, ctx, told["bot_id"])):
        told["app_id"] = app_id
        socket_mode.check_app(link, app_id)
    missing = _missing(answer.headers)
    names = (text_of(answer.data, "team"), text_of(answer.data, "user"))
    return Opened(
        Account(
            # The bot's id is one per app and workspace, and stays when the app is installed again.
            key=f"{told['team_id']}/{told['bot_id']}",
            sender=told["user_id"],
            display_name=" / ".join(name for name in names if name),
            warnings=tuple(
                f"The app lacks the scope {scope}: {SCOPES[scope]} will not work." for scope in missing or ()
            ),
            facts=told,
        ),
        missing,
    )


async def _app_id(settings: SlackSettings, ctx: Context, bot_id: str) -> str:
    """The app that a bot belongs to; empty if Slack does not tell, for instance without the scope users:read."""
    try:
        answer = await Client(settings, ctx).bots_info(bot=bot_id)
    except CallError:
        return ""
    return text_of(answer.get("bot"), "app_id")


def _missing(headers: dict[str, str]) -> tuple[str, ...] | None:
    # A first grant can be short of what the app asks for, so what the token has is compared, not the app's
    # configuration.
    granted = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    if granted is None:
        return None
    held = {scope.strip() for scope in granted.split(",")}
    return tuple(scope for scope in SCOPES if scope not in held)
