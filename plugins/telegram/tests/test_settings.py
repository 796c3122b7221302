"""What an owner enters to connect a bot."""

from __future__ import annotations

import pytest

from trinity_channels_telegram.settings import TelegramSettings

TOKEN = "123456789:fake-token_1"


@pytest.mark.parametrize("around", ["  {}\n", '"{}"', " '{}' ", "`{}`", "\u201c{}\u201d"])
def test_blanks_and_quotation_marks_around_a_token_do_not_count(around: str) -> None:
    settings = TelegramSettings.model_validate({"bot_token": around.format(TOKEN)})

    assert settings.bot_token.get_secret_value() == TOKEN
