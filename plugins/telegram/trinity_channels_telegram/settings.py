"""What an owner enters to connect a bot; the form is generated from this model."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

from trinity_channels.api import Binding

# No grammar is documented, so this is loose, and getMe decides: https://core.telegram.org/bots/api#authorizing-your-bot
_TOKEN = re.compile(r"[1-9][0-9]{0,15}:[A-Za-z0-9_-]{1,63}")

_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
"""Copied along with a token from settings files and chats."""


def _bot_token(value: object) -> object:
    text = value.strip().strip(_QUOTES).strip() if isinstance(value, str) else value
    if isinstance(text, str) and not _TOKEN.fullmatch(text):
        raise PydanticCustomError(
            "bot_token",
            "The bot token is a number, a colon and about 35 letters, digits, _ or -, as @BotFather shows it.",
        )
    return text


class TelegramSettings(BaseModel):
    """The bot that an agent answers as."""

    # Errors must not quote what was entered.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, title="Telegram")

    bot_token: Annotated[SecretStr, BeforeValidator(_bot_token)] = Field(
        title="Bot token",
        description="From @BotFather: /newbot for a new bot, /token for one you have.",
        examples=["123456789:your-bot-token"],
    )


def settings_of(binding: Binding) -> TelegramSettings:
    """Read a binding's settings with their type."""
    return checked(binding.settings)


def checked(settings: BaseModel) -> TelegramSettings:
    """Read settings with their type."""
    if not isinstance(settings, TelegramSettings):
        raise TypeError(f"These are {type(settings).__name__}, not TelegramSettings.")
    return settings
