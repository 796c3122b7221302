"""Six-digit numbers in what people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_channels.inbound.code_in_text import HIDDEN, hide, only_number, six_digit_numbers

CODE = "482913"
FORMS = [
    # as in mails and on screens
    *(
        CODE,
        "482 913",
        "482-913",
        "482 - 913",
        "48 29 13",
        "4 8 2 9 1 3",
        "4-8-2-9-1-3",
        "4829 13",
        "#482913",
        "G-482913",
    ),
    # with words, marks and quotes
    *(
        "my code is 482-913.",
        "code: 482913",
        "code482913",
        "482913, thanks!",
        "Login 482913",
        "482913\nthanks",
        "482\n913",
    ),
    *(
        "*482913*",
        "`482913`",
        "_482913_",
        "||482913||",
        "(482913)",
        "<482913>",
        "\u201c482913\u201d",
        "\u00ab482 913\u00bb",
    ),
    *("\u9a8c\u8bc1\u7801482913\u8c22\u8c22", "482913\u2026", "it is 482913 and not the other one"),
    # as dictation and keyboards write numbers
    *("482.913", "482,913", "482'913", "482\u2019913", "482\u00b7913", "482_913"),
    # alone, with any signs between
    *(
        "4,8,2,9,1,3",
        "4, 8, 2, 9, 1, 3.",
        "4.8.2.9.1.3",
        "(482 / 913)",
        "482\u2022913",
        "482~913",
        "482 = 913",
        "482, 913",
    ),
    # spaces and dashes of every kind
    *(f"482{gap}913" for gap in "\u00a0\u2002\u2009\u202f\u3000\u2800\u2010\u2011\u2013\u2014\u2212\uff0d\u2043"),
    # what cannot be seen
    *(f"482{gap}913" for gap in "\u200b\u200d\u2060\ufeff\u00ad\u200e\u202c\U000e0020"),
    *(
        "\u200e482913",
        "\u202a482913\u202c",
        "\ufeff482913\ufe0f",
        "4\ufe0f\u20e38\ufe0f\u20e32\ufe0f\u20e39\ufe0f\u20e31\ufe0f\u20e33\ufe0f\u20e3",
    ),
    # other scripts and styles
    *(
        "\uff14\uff18\uff12\uff19\uff11\uff13",
        "\u0664\u0668\u0662\u0669\u0661\u0663",
        "\u06f4\u06f8\u06f2\u06f9\u06f1\u06f3",
    ),
    *(
        "\u096a\u096e\u0968\u096f\u0967\u0969",
        "\u0e54\u0e58\u0e52\u0e59\u0e51\u0e53",
        "\U0001d7d2\U0001d7d6\U0001d7d0\U0001d7d7\U0001d7cf\U0001d7d1",
    ),
    *(
        "\u2463\u2467\u2461\u2468\u2460\u2462",
        "\u2074\u2078\u00b2\u2079\u00b9\u00b3",
        "\u0664\u0668\u0662 \u0669\u0661\u0663",
    ),
    # the whole mail
    "The code is 482913\n\nTo confirm, send it in the chat within 10 minutes, alone or like this:\n\n    /login 482913\n",
    *("482913 482913", "482913, 482913"),
]
NO_CODES = [
    *("", "hello", "48291", "4829131", "48 29 131", "482913482913"),
    # telephone numbers
    *("+49 482 913 55", "030 482913", "(030) 482913", "+49 482913", "+482913", "0800-482-913", "482/913/55"),
    # amounts, dates, times, networks
    *(
        "482913.50",
        "$482,913",
        "482 913 \u20ac",
        "482913%",
        "1.234,56",
        "12.05.26",
        "10:30:15",
        "2026-11-28",
        "192.168.10.12",
    ),
    # addresses
    *("zoe482913@example.org", "https://example.org/482913", "see www.example.org/?id=482913"),
    # several
    *("482913 or 111111", "482913 111111", "482913\n111111", "from 9 to 17, 12 people, 4 rooms"),
    "x" * 30_000 + CODE,
]


@pytest.mark.parametrize("text", FORMS)
def test_a_code_is_found_however_it_is_written(text: str) -> None:
    assert only_number(text) == CODE


@pytest.mark.parametrize("text", NO_CODES)
def test_what_is_no_code_is_left_alone(text: str) -> None:
    assert only_number(text) is None


@pytest.mark.parametrize("text", FORMS)
def test_nothing_of_a_hidden_code_is_left(text: str) -> None:
    hidden = hide(text)

    assert HIDDEN in hidden
    assert six_digit_numbers(hidden) == ()
    assert [one for one in hidden.replace("10 minutes", "") if one.isdigit()] == []


def test_only_the_given_numbers_are_hidden() -> None:
    assert hide("order 111111, code 482\u2013913!", {CODE}) == "order 111111, code [code]!"


@given(st.text(), st.text())
def test_whatever_stands_around_it_a_number_on_a_line_of_its_own_is_found(before: str, after: str) -> None:
    found = six_digit_numbers(f"{before}\n{CODE}\n{after}")

    assert CODE in [one.value for one in found]


@given(st.text())
def test_what_is_hidden_is_found_no_more(text: str) -> None:
    assert six_digit_numbers(hide(text)) == ()
