"""E-mail addresses in what people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_channels.inbound.email_in_text import emails_in

ZOE = "zoe@example.org"
FORMS = [
    *(ZOE, "Zoe@Example.ORG", f"<{ZOE}>", f"Zoe <{ZOE}>", f'"Zoe Miller" <{ZOE}>', f"[{ZOE}](mailto:{ZOE})"),
    *(
        f"mailto:{ZOE}",
        f"MAILTO:{ZOE}?subject=Hi",
        f"<mailto:{ZOE}|{ZOE}>",
        f"e-mail: {ZOE}",
        f"my email is {ZOE}, thanks!",
        f"email={ZOE}",
        f"https://example.org/join?mail={ZOE}",
    ),
    *(f"{ZOE}{mark}" for mark in (".", ",", ";", "!", "?", "...", "\u2026", ":", "/", ")", "'s")),
    *(
        f"*{ZOE}*",
        f"**{ZOE}**",
        f"_{ZOE}_",
        f"~{ZOE}~",
        f"`{ZOE}`",
        f"'{ZOE}'",
        f"\u201c{ZOE}\u201d",
        f"\u00ab{ZOE}\u00bb",
    ),
    *(
        f"_{ZOE}_.",
        f"({ZOE})",
        f"\u2022{ZOE}",
        f"{ZOE}\nthanks",
        f"{ZOE} {ZOE}",
        "zoe @ example.org",
        "zoe@ example.org",
    ),
    *(
        f"\u202a{ZOE}\u202c",
        f"\u200e{ZOE}",
        f"\ufeff{ZOE}",
        "zoe@exa\u200bmple.org",
        "zo\u200de@example.org",
        "zoe\u00ad@example.org",
    ),
    *("zoe\uff20example.org", "zoe\ufe6bexample.org", "zoe@example\uff0eorg", "zoe@example\u3002org"),
    "\uff5a\uff4f\uff45\uff20\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45\uff0e\uff4f\uff52\uff47",
    *(
        f"\u6211\u7684\u90ae\u7bb1\u662f{ZOE}\u8c22\u8c22",
        f"\u90ae\u7bb1\uff1a{ZOE}\u3002",
        f"\u0415\u043b\u0435\u043d\u0430 {ZOE}",
    ),
]
OTHERS = {
    "o\u2019brien@example.org": "o'brien@example.org",
    "_zoe_@example.org": "_zoe_@example.org",
    "*zoe*@example.org": "*zoe*@example.org",
    "zoe+tag@example.org": "zoe+tag@example.org",
    "zo\u00eb@example.org": "zo\u00eb@example.org",
    "\u0437\u043e\u044f@\u043f\u0440.\u0440\u0444": "\u0437\u043e\u044f@\u043f\u0440.\u0440\u0444",
    "\u7530\u4e2d@\u4f8b\u3048.jp": "\u7530\u4e2d@\u4f8b\u3048.jp",
}
DECEPTIVE = [
    *(
        "z\u043ee@example.org",
        "zoe@ex\u0430mple.org",
        "zo\u0435@example.org",
        "z\u03bfe@example.org",
        "zoe@example.\u043erg",
    ),
    *("\U0001d433oe@example.org", "\U0001d433\U0001d428\U0001d41e@example.org", "zo\u24d4@example.org"),
]
NONE = [
    *(
        "",
        "zoe",
        "@zoe",
        "I am @zoe",
        "zoe@localhost",
        "zoe@example",
        "example.org",
        "zoe@example..org",
        "zoe.@example.org",
    ),
    *("zoe@example.org@example.com", "a@b@c.org", "zoe@exam ple.org", "@@@", "zoe@[127.0.0.1]"),
]


@pytest.mark.parametrize("text", FORMS)
def test_an_address_is_found_in_what_stands_around_it(text: str) -> None:
    assert emails_in(text).found == (ZOE,)


@pytest.mark.parametrize(("text", "email"), OTHERS.items())
def test_an_unusual_address_stays_as_it_is(text: str, email: str) -> None:
    assert emails_in(text).found == (email,)


@pytest.mark.parametrize("text", DECEPTIVE)
def test_an_address_that_looks_like_another_is_set_aside(text: str) -> None:
    found = emails_in(text)

    assert (found.found, found.deceptive) == ((), True)


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_address_is_not_made_one(text: str) -> None:
    assert emails_in(text).found == ()


def test_several_addresses_are_all_found() -> None:
    found = emails_in(f"{ZOE} or zoe@example.com, not the first")

    assert (found.found, found.around.split()) == ((ZOE, "zoe@example.com"), ["or", ",", "not", "the", "first"])


@given(st.text())
def test_any_text_can_be_looked_through(text: str) -> None:
    assert all("@" in one for one in emails_in(f"{text}@{text}").found)
