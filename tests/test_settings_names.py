"""The names of variables: all with the prefix, and without it for a host that runs alone."""

from pathlib import Path

import pytest

from tests.test_settings import KEY, VARIABLES
from trinity_channels.host_settings import Origin
from trinity_channels.settings import Settings, SettingsError, StandaloneSettings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


BARE = {
    "DATABASE_URL": "postgresql://user:fake-password@db.example.org/platform",
    "PUBLIC_CHAT_URL": "the platform's",
    "CREDENTIAL_ENCRYPTION_KEY": "the platform's",
    "SMTP_URL": "the platform's",
    "MAIL_FROM": "the platform's",
    "HOME_URL": "x",
    "AGENTS": "x",
    "ADMIN_TOKEN": "x",
    "MAX_CONCURRENT_TURNS": "x",
    "TRINITY_URL": "https://the-platform.example.org",
    "TRINITY_TOKEN": "",
    "TWILIO_API_BASE_URL": "the platform's",
    "OTHER_API_BASE_URL": "https://api.example.org",
}
"""What an application around the host may have set for itself, which could not work here."""


def test_within_an_application_its_own_variables_are_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in BARE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRINITY_CHANNELS_HOME", str(tmp_path))
    monkeypatch.setenv("TRINITY_CHANNELS_PUBLIC_CHAT_URL", "https://chat.example.org")

    settings = Settings.load()

    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path}/trinity_channels.db"
    assert settings.public_chat_url == "https://chat.example.org"
    assert (settings.credential_encryption_key, settings.smtp_url, settings.mail_from) == (None, None, None)
    assert (settings.trinity_url, settings.trinity_token, settings.api_base_url("twilio")) == (None, None, None)
    assert settings.api_base_urls == {}
    assert {settings.origin(one) for one in ("database_url", "trinity_url")} == {Origin.DEFAULT}
    assert settings.variables() == ["TRINITY_CHANNELS_HOME", "TRINITY_CHANNELS_PUBLIC_CHAT_URL"]


@pytest.mark.parametrize("kind", [Settings, StandaloneSettings])
def test_all_variables_have_the_prefix(kind: type[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRINITY_CHANNELS_DATABASE_URL", "sqlite:////data/prefixed.db")
    monkeypatch.setenv("DATABASE_URL", "sqlite:////data/bare.db")
    monkeypatch.setenv("TRINITY_CHANNELS_TWILIO_API_BASE_URL", "http://127.0.0.1:9000")
    monkeypatch.setenv("TRINITY_CHANNELS_SMTP_URL", "smtp://mail.example.org")
    monkeypatch.setenv("TRINITY_CHANNELS_MAIL_FROM", "bot@example.org")
    monkeypatch.setenv("TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY", KEY)
    monkeypatch.setenv("TRINITY_CHANNELS_TRINITY_URL", "https://trinity.example.org")
    monkeypatch.setenv("TRINITY_CHANNELS_TRINITY_TOKEN", "fake-trinity-token")
    monkeypatch.setenv("TRINITY_URL", "https://other.example.org")

    settings = kind.load()

    assert settings.database_url.get_secret_value() == "sqlite:////data/prefixed.db"
    assert settings.origin("database_url") is Origin.ENVIRONMENT
    assert settings.api_base_url("twilio") == "http://127.0.0.1:9000"
    assert settings.smtp_url is not None
    assert settings.mail_from == "bot@example.org"
    assert settings.credential_encryption_key is not None
    assert settings.trinity_url == "https://trinity.example.org"
    assert settings.trinity_token is not None
    assert settings.trinity_token.get_secret_value() == "fake-trinity-token"
    assert settings.origin("trinity_url") is Origin.ENVIRONMENT


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {"TRINITY_CHANNELS_TRINITY_URL": "https://trinity.example.org"},
            "TRINITY_CHANNELS_TRINITY_TOKEN is missing, TRINITY_CHANNELS_TRINITY_URL needs it",
        ),
        (
            {"TRINITY_CHANNELS_TRINITY_URL": "fake", "TRINITY_CHANNELS_TRINITY_TOKEN": "fake"},
            "TRINITY_CHANNELS_TRINITY_URL: must be an address",
        ),
    ],
)
def test_within_an_application_errors_name_the_variables_that_count(
    variables: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as caught:
        Settings.load()

    assert str(caught.value).startswith(line)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(Settings, "TRINITY_CHANNELS_TWILIO_API_BASE_URL"), (StandaloneSettings, "TWILIO_API_BASE_URL")],
)
def test_a_provider_s_address_that_is_none_is_told_by_its_documented_name(
    kind: type[Settings], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "no address")

    with pytest.raises(SettingsError, match=f"^{name}: "):
        kind.load().api_base_url("twilio")
