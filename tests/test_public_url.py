"""Addresses that operators type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_channels.public_url import normalise_public_url


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://chat.example.org", "https://chat.example.org"),
        (" HTTPS://Chat.Example.ORG:443/ ", "https://chat.example.org"),
        ("http://localhost:80", "http://localhost"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("https://example.org:8443/Trinity/Channels//", "https://example.org:8443/Trinity/Channels"),
        ("http://[::0:1]:8000", "http://[::1]:8000"),
        ("http://channels_host:8000", "http://channels_host:8000"),
    ],
)
def test_one_spelling(text: str, normal: str) -> None:
    assert normalise_public_url(text) == normal
    assert normalise_public_url(normal) == normal


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("https://Chat.example.org/api/whatsapp/webhook/fake-key", "https://chat.example.org"),
        ("https://chat.example.org/api/telegram/webhook/", "https://chat.example.org"),
        ("https://chat.example.org:8443/trinity/api/slack/webhook/fake-key", "https://chat.example.org:8443/trinity"),
    ],
)
def test_a_webhook_url_is_refused_with_the_address_to_enter(text: str, base: str) -> None:
    with pytest.raises(ValueError, match="must not be a webhook URL; enter") as caught:
        normalise_public_url(text)

    assert str(caught.value).endswith(f"enter {base}")
    assert "fake" not in str(caught.value)


@pytest.mark.parametrize("prefix", ["/api", "/api/channels", "/api/whatsapp/webhooks", "/webhook"])
def test_a_prefix_that_only_resembles_a_webhook_url_is_kept(prefix: str) -> None:
    assert normalise_public_url(f"https://example.org{prefix}/") == f"https://example.org{prefix}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "chat.example.org",
        "ftp://example.org",
        "https://",
        "https:///path",
        "https://user:fake-secret@example.org",
        "https://example.org:fake-secret",
        "https://example.org:0",
        "https://exam\nple.org",
        "https://example.org/fake-\tsecret",
        "https://example.org/\x00",
        "https://@example.org",
        "https://example.org?fake-secret",
        "https://example.org/#",
        "https://example.org/?",
        "https://exa mple.org",
        "https://-example.org",
        "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example",
        "https://[::fake-secret]",
        "https://example.org/a//b",
        "https://example.org/../b",
        "https://example.org/a/%2E",
        "https://example.org/a b",
        "https://example.org:70000",
        "https://example.org\\fake-secret",
    ],
)
def test_refusals_explain_and_quote_nothing(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|has) ") as caught:
        normalise_public_url(text)

    assert "fake-secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.text() | st.text().map("https://".__add__))
def test_whatever_is_typed_becomes_stable_or_is_refused(text: str) -> None:
    try:
        normal = normalise_public_url(text)
    except ValueError:
        return
    assert normalise_public_url(normal) == normal
    assert normal.isascii()
