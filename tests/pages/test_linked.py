"""Addresses in the steps of a plugin: links, short enough to read, and never markup of their own."""

from __future__ import annotations

import pytest

from trinity_channels.web.pages.linked import linked

LONG = "https://api.slack.com/apps?new_app=1&manifest_json=" + "%7B" * 100


@pytest.mark.parametrize(
    ("text", "href", "shown"),
    [
        ("Open https://example.org/a.", "https://example.org/a", "https://example.org/a"),
        ("(see http://example.org/?a=1&b=2)", "http://example.org/?a=1&amp;b=2", "http://example.org/?a=1&amp;b=2"),
        (f"Open {LONG} and choose.", LONG.replace("&", "&amp;"), "https://api.slack.com/apps…"),
        ("https://example.org/" + "a" * 80, "https://example.org/" + "a" * 80, "https://example.org/" + "a" * 40 + "…"),
    ],
)
def test_an_address_is_a_link_that_can_be_read(text: str, href: str, shown: str) -> None:
    assert f'<a href="{href}" target="_blank" rel="noopener noreferrer">{shown}</a>' in linked(text)


@pytest.mark.parametrize("text", ["javascript:alert(1)", "nothing", "ftp://example.org/", "https://", "example.org"])
def test_other_words_are_not(text: str) -> None:
    assert linked(text) == text


def test_what_stands_around_it_is_escaped() -> None:
    made = linked('<b> https://example.org/"onclick="x <i>')

    assert made.startswith("&lt;b&gt; <a ")
    assert made.count("<a ") == 1
    assert 'href="https://example.org/"' in made
    assert "<i>" not in made
