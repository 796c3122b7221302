"""What an owner may enter, and what they are told otherwise."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from trinity_channels_whatsapp.settings import WhatsAppSettings

SID = "AC" + "fa4e" * 8
GOOD = {"account_sid": SID, "auth_token": "fake-auth-token", "from_number": "whatsapp:+14155238886"}


@pytest.mark.parametrize(
    ("field", "entered", "kept"),
    [
        ("account_sid", f"  {SID}\n", SID),
        ("account_sid", "AC" + "FA4E" * 8, "AC" + "FA4E" * 8),
        ("from_number", "+14155238886", "whatsapp:+14155238886"),
        ("from_number", " whatsapp:+14155238886 ", "whatsapp:+14155238886"),
        ("from_number", "+1234567", "whatsapp:+1234567"),
        ("from_number", "+1 415 523 8886", "whatsapp:+14155238886"),
        ("from_number", "WhatsApp: +1 (415) 523-8886", "whatsapp:+14155238886"),
        ("from_number", "+1\u00a0415\u2011523.8886", "whatsapp:+14155238886"),
        ("from_number", '"whatsapp:+14155001234"', "whatsapp:+14155001234"),
        ("account_sid", f"'{SID}'", SID),
        ("messaging_service_sid", "", None),
        ("messaging_service_sid", "   ", None),
        ("messaging_service_sid", None, None),
        ("messaging_service_sid", "MG" + "7" * 32, "MG" + "7" * 32),
        ("auth_token_secondary", " ", None),
    ],
)
def test_what_is_accepted(field: str, entered: object, kept: object) -> None:
    assert getattr(WhatsAppSettings.model_validate(GOOD | {field: entered}), field) == kept


@pytest.mark.parametrize(
    ("field", "entered"),
    [
        ("account_sid", ""),
        ("account_sid", "ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),  # the guide's placeholder
        ("account_sid", "SK" + "fa4e" * 8),
        ("account_sid", SID + "0"),
        ("account_sid", 7),
        ("auth_token", ""),
        ("auth_token", "  "),
        ("auth_token", None),
        ("from_number", "14155238886"),
        ("from_number", "whatsapp:14155238886"),
        ("from_number", "whatsapp:+0155238886"),
        ("from_number", "whatsapp:+123456"),
        ("from_number", "whatsapp:+1234567890123456"),
        ("from_number", "whatsapp:+1415523888٦"),
        ("from_number", "whatsapp:+14155238886\nwhatsapp:+14155238887"),
        ("from_number", "sms:+14155238886"),
        ("from_number", "whatsapp:US.13491208655302741918"),
        ("from_number", None),
        ("messaging_service_sid", "AC" + "7" * 32),
        ("nickname", "Zoë"),
    ],
)
def test_what_is_refused_names_its_field(field: str, entered: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        WhatsAppSettings.model_validate(GOOD | {field: entered})

    assert [error["loc"] for error in refusal.value.errors()] == [(field,)]


@pytest.mark.parametrize(
    ("field", "entered", "why"),
    [
        ("account_sid", SID.lower(), "starts with AC in capital letters; this one starts with ac."),
        ("account_sid", SID[:-1], "has 34 characters; this one has 33."),
        ("account_sid", f"{SID}0", "has 34 characters; this one has 35."),
        ("account_sid", "SK" + "fa4e" * 8, "the SID of an API key"),
        ("account_sid", "AC" + "x" * 32, "AC followed by 32 digits"),
        ("messaging_service_sid", "mg" + "7" * 32, "starts with MG in capital letters"),
    ],
)
def test_it_is_said_what_is_wrong_with_a_sid(field: str, entered: str, why: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        WhatsAppSettings.model_validate(GOOD | {field: entered})

    assert why in refusal.value.errors()[0]["msg"]
    assert entered not in str(refusal.value)


@pytest.mark.parametrize("field", ["account_sid", "auth_token", "from_number"])
def test_what_must_be_entered(field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        WhatsAppSettings.model_validate({name: value for name, value in GOOD.items() if name != field})

    assert refusal.value.errors()[0]["loc"] == (field,)


def test_a_token_in_the_wrong_field_is_not_quoted() -> None:
    with pytest.raises(ValidationError) as refusal:
        WhatsAppSettings.model_validate(GOOD | {"account_sid": "fake-token-in-the-wrong-field"})

    assert "wrong-field" not in str(refusal.value)


def test_tokens_are_trimmed_and_never_shown() -> None:
    settings = WhatsAppSettings.model_validate(
        GOOD | {"auth_token": " fake-auth-token\n", "auth_token_secondary": "fake-secondary-token "}
    )

    assert settings.signing_tokens == ("fake-auth-token", "fake-secondary-token")
    assert "fake-" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_every_field_has_what_a_form_shows() -> None:
    schema = WhatsAppSettings.model_json_schema()

    assert schema["required"] == ["account_sid", "auth_token", "from_number"]
    for field in schema["properties"].values():
        assert field["title"]
        assert field["description"]
        assert field["examples"]
