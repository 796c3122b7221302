"""What an owner enters to connect a Slack app; the form is generated from this model."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

from trinity_channels.api import Binding

# https://docs.slack.dev/authentication/tokens: what else starts with x, and why it does not do.
OTHER_TOKENS = {
    "xoxe": "This token belongs to an app with token rotation and stops working after twelve hours. Rotation cannot be"
    " switched off again: create another app with rotation off, and use its Bot User OAuth Token (xoxb-).",
    "xoxp": "This is a user token: replies would come from a person. Use the Bot User OAuth Token (xoxb-).",
    "xapp": "This is an app-level token. Use the Bot User OAuth Token (xoxb-) from OAuth & Permissions.",
}
NOT_AN_APP_TOKEN = "The app-level token starts with xapp-; generate it under Basic Information → App-Level Tokens."  # noqa: S105 - a sentence
NOT_A_BOT_TOKEN = "The bot token starts with xoxb-; copy the Bot User OAuth Token from OAuth & Permissions."  # noqa: S105 - a sentence

_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
"""Copied along with a token from settings files and chats."""


def _trimmed(value: object) -> object:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return value.strip().strip(_QUOTES).strip() if isinstance(value, str) else value


def _bot_token(value: object) -> object:
    text = _trimmed(value)
    if isinstance(text, str) and not (text.startswith("xoxb-") and text.isascii() and text.isprintable()):
        raise PydanticCustomError("bot_token", OTHER_TOKENS.get(text[:4], NOT_A_BOT_TOKEN))
    return text


def _app_token(value: object) -> object:
    text = _trimmed(value) or None
    if isinstance(text, str) and not (text.startswith("xapp-") and text.isascii() and text.isprintable()):
        raise PydanticCustomError("app_token", NOT_AN_APP_TOKEN)
    return text


def _signing_secret(value: object) -> object:
    # No further check: Slack calls it opaque, and its own example is not hexadecimal.
    text = _trimmed(value) or None
    if isinstance(text, str) and text.startswith(("xoxb-", "xoxp-", "xoxe", "xapp-")):
        raise PydanticCustomError(
            "signing_secret", "This is a token. The Signing Secret stands under Basic Information."
        )
    return text


class SlackSettings(BaseModel):
    """The Slack app that an agent answers through, as it is installed in one workspace."""

    # Errors must not quote what was entered: it may be a token in the wrong field.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, title="Slack")

    bot_token: Annotated[SecretStr, BeforeValidator(_bot_token)] = Field(
        title="Bot User OAuth Token",
        description="Starts with xoxb-. Shown under OAuth & Permissions once the app is installed.",
        examples=["xoxb-your-bot-token"],
    )
    # Which of the following is needed depends on how messages arrive: `account.open_account` sees to it.
    app_token: Annotated[SecretStr | None, BeforeValidator(_app_token)] = Field(
        default=None,
        title="App-Level Token",
        description="Starts with xapp-. From Basic Information → App-Level Tokens, with the scope connections:write.",
        examples=["xapp-your-app-level-token"],
    )
    signing_secret: Annotated[SecretStr | None, BeforeValidator(_signing_secret)] = Field(
        default=None,
        title="Signing Secret",
        description="From Basic Information → App Credentials. Not the Client Secret and not the Verification Token.",
        examples=["your-signing-secret"],
    )
    signing_secret_secondary: Annotated[SecretStr | None, BeforeValidator(_signing_secret)] = Field(
        default=None,
        title="Secondary Signing Secret",
        description="While you regenerate the secret: events signed with either one are accepted. Leave empty otherwise.",
        examples=["your-other-signing-secret"],
    )

    @property
    def signing_secrets(self) -> tuple[str, ...]:
        """Every secret with which Slack may sign at present, the likeliest first."""
        secrets = (self.signing_secret, self.signing_secret_secondary)
        return tuple(secret.get_secret_value() for secret in secrets if secret is not None)


def settings_of(binding: Binding) -> SlackSettings:
    """Read a binding's settings with their type."""
    if not isinstance(binding.settings, SlackSettings):
        raise TypeError(f"This binding holds {type(binding.settings).__name__}, not SlackSettings.")
    return binding.settings
