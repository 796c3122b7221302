"""What an owner may enter, and what they are told otherwise."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from trinity_channels_slack.settings import SlackSettings

GOOD = {"bot_token": "xoxb-fake-bot-token", "signing_secret": "fake-signing-secret"}


@pytest.mark.parametrize(
    ("field", "entered", "kept"),
    [
        ("bot_token", "  xoxb-fake-1\n", "xoxb-fake-1"),
        ("bot_token", ' "xoxb-fake-1" ', "xoxb-fake-1"),
        ("app_token", "'xapp-fake-1'", "xapp-fake-1"),
        ("signing_secret", " 8f742231b10e8888abcd99yyyzzz85a5\n", "8f742231b10e8888abcd99yyyzzz85a5"),
        ("signing_secret_secondary", "fake-other ", "fake-other"),
    ],
)
def test_what_is_accepted(field: str, entered: str, kept: str) -> None:
    settings = SlackSettings.model_validate(GOOD | {field: entered})

    assert getattr(settings, field).get_secret_value() == kept


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_the_second_secret_may_be_left_out(blank: str | None) -> None:
    assert SlackSettings.model_validate(GOOD | {"signing_secret_secondary": blank}).signing_secrets == (
        "fake-signing-secret",
    )


@pytest.mark.parametrize(
    ("field", "entered", "words"),
    [
        ("bot_token", "", "xoxb-"),
        ("bot_token", "fake", "xoxb-"),
        ("bot_token", "xoxe.xoxb-1-fake", "rotation off"),
        ("bot_token", "xoxe-1-fake", "rotation off"),
        ("bot_token", "xoxp-fake", "user token"),
        ("bot_token", "xapp-1-fake", "app-level"),
        ("bot_token", "xoxb-fake\nwith-a-break", "xoxb-"),
        ("bot_token", "xoxb-fäke", "xoxb-"),
        ("bot_token", 7, ""),
        ("signing_secret", "xoxb-fake", "This is a token"),
        ("app_token", "xoxb-fake", "xapp-"),
        ("app_token", "xapp-1-fäke", "xapp-"),
        ("app_token", 7, ""),
        ("signing_secret_secondary", "xapp-1-fake", "This is a token"),
        ("nickname", "Zoë", ""),
    ],
)
def test_what_is_refused_names_its_field(field: str, entered: object, words: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        SlackSettings.model_validate(GOOD | {field: entered})

    [error] = refusal.value.errors()
    assert error["loc"] == (field,)
    assert words in error["msg"]
    assert "fake" not in str(refusal.value)


def test_the_bot_token_is_needed_in_any_case() -> None:
    with pytest.raises(ValidationError) as refusal:
        SlackSettings.model_validate({"signing_secret": "fake-signing-secret"})

    assert refusal.value.errors()[0]["loc"] == ("bot_token",)


def test_secrets_are_never_shown() -> None:
    settings = SlackSettings.model_validate(GOOD | {"signing_secret_secondary": "fake-other"})

    assert settings.signing_secrets == ("fake-signing-secret", "fake-other")
    assert "fake" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_every_field_has_what_a_form_shows() -> None:
    schema = SlackSettings.model_json_schema()

    assert schema["required"] == ["bot_token"]
    for field in schema["properties"].values():
        assert field["title"]
        assert field["description"]
        assert field["examples"]
