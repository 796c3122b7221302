"""TRINITY_CHANNELS_SMTP_URL: what it may look like, and refusals that give nothing away."""

import pytest

from trinity_channels.mail.smtp_url import SmtpServer, parse_smtp_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 587, tls=False)),
        ("smtps://mail.example.org/", SmtpServer("mail.example.org", 465, tls=True)),
        ("smtp://[::1]:25", SmtpServer("::1", 25, tls=False)),
        (
            "smtps://bot%40example.org:fake%2Fpass%3A%25@mail.example.org:2465",
            SmtpServer("mail.example.org", 2465, tls=True, username="bot@example.org", password="fake/pass:%"),
        ),
    ],
)
def test_addresses(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.org:25",
        "https://user:fake-secret@mail.example.org",
        "smtp://user:fake-secret@",
        "smtp://user:fake/secret@mail.example.org",
        "smtp://user:fake#secret@mail.example.org",
        "smtp://user:fake%ffsecret@mail.example.org",
        "smtp://user@mail.example.org",
        "smtp://user:fake-secret@mail.example.org:port",
        "smtp://mail.example.org/fake-secret",
        "smtp://mail.example.org?fake-secret",
        "smtp://[fake-secret",
    ],
)
def test_refusals_name_the_setting_and_quote_nothing(url: str) -> None:
    with pytest.raises(ValueError, match="TRINITY_CHANNELS_SMTP_URL cannot be used") as caught:
        parse_smtp_url(url)

    assert "fake" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_password_does_not_show_in_the_representation() -> None:
    assert "fake-secret" not in repr(parse_smtp_url("smtp://user:fake-secret@mail.example.org"))
