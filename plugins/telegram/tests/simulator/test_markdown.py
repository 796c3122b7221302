"""The two Markdowns are read, and refused, as Telegram does it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trinity_channels_telegram.simulator import markup
from trinity_channels_telegram.simulator.entities import units
from trinity_channels_telegram.simulator.markdown import RESERVED, parse, parse_legacy
from trinity_channels_telegram.simulator.problems import Problem

Kept = list[tuple[str, int, int]]


@pytest.mark.parametrize(
    ("source", "shown", "kept"),
    [
        ("*bold* _it_ ~no~ `a<b` ||secret||", "bold it no a<b secret", [
            ("bold", 0, 4), ("italic", 5, 2), ("strikethrough", 8, 2), ("code", 11, 3), ("spoiler", 15, 6),
        ]),
        ("__under__ _it __both___", "under it both", [("underline", 0, 5), ("italic", 6, 7), ("underline", 9, 4)]),
        ("*👍 x*", "👍 x", [("bold", 0, 4)]),
        ("a\\.b\\! \\*x\\*", "a.b! *x*", []),
        ("[here](https://x.example/?a=1&b=\\))", "here", [("text_link", 0, 4)]),
        ("[Sam](tg://user?id=5550002)", "Sam", [("text_mention", 0, 3)]),
        ("![👍](tg://emoji?id=5368324170671202286)", "👍", [("custom_emoji", 0, 2)]),
        ("![noon](tg://time?unix=1795348800&format=t)", "noon", [("date_time", 0, 4)]),
        ("```python\nx = 1\n```", "x = 1", [("pre", 0, 5)]),
        ("`*_[`", "*_[", [("code", 0, 3)]),
        (">wise\n>words\nand more", "wise\nwords\nand more", [("blockquote", 0, 10)]),
        (">wise\n>words||", "wise\nwords", [("blockquote", 0, 10)]),
        ("**", "", []),
    ],
)  # fmt: skip
def test_the_second_markdown(source: str, shown: str, kept: Kept) -> None:
    text, entities = parse(source)

    assert text == shown
    assert [(one.type, one.offset, one.length) for one in entities] == kept


@pytest.mark.parametrize(
    ("source", "words"),
    [
        *((character, f"Character '{character}' is reserved") for character in "]()#+-=|{}.!"),
        ("a > b", "Character '>' is reserved"),
        ("*x", "Can't find end of Bold entity at byte offset 0"),
        ("ü _x", "Can't find end of Italic entity at byte offset 3"),
        ("```py\nx", "Can't find end of PreCode entity at byte offset 0"),
        ("[x](https://x", "Can't find end of a URL at byte offset 4"),
        ("![x]", "must contain a tg://emoji or tg://time URL"),
        ("![x](https://x)", "Invalid tg://emoji or tg://time URL"),
        ("![x](tg://time?unix=1&format=z)", "Invalid date format used"),
        (">*x\ny*", "Can't find end of Bold entity at byte offset 1"),
        ("*_x*_", "Can't find end of Italic entity at byte offset 4"),
    ],
)
def test_what_the_second_markdown_refuses(source: str, words: str) -> None:
    with pytest.raises(Problem) as refused:
        parse(source)

    assert words in refused.value.description


@pytest.mark.parametrize(
    ("source", "shown", "kept"),
    [
        ("*bold* _it_ `a*b`", "bold it a*b", [("bold", 0, 4), ("italic", 5, 2), ("code", 8, 3)]),
        ("[here](https://x.example/) \\*x\\_", "here *x_", [("text_link", 0, 4)]),
        ("[x.example/a]", "x.example/a", []),
        ("```c++\nx_1```", "x_1", [("pre", 0, 3)]),
        ("a.b (c) #1 **", "a.b (c) #1", []),
        ("*a_b*", "a_b", [("bold", 0, 3)]),
    ],
)
def test_the_first_markdown(source: str, shown: str, kept: Kept) -> None:
    text, entities = parse_legacy(source)

    assert text == shown
    assert [(one.type, one.offset, one.length) for one in entities] == kept


@pytest.mark.parametrize("source", ["a_b", "ü *x", "`x", "[x", "```x``"])
def test_what_the_first_markdown_refuses(source: str) -> None:
    with pytest.raises(Problem, match="Can't find end of the entity starting at byte offset"):
        parse_legacy(source)


@given(st.text(st.sampled_from(RESERVED + "ab \\👍"), max_size=20))
@settings(max_examples=3 * settings().max_examples, deadline=None)
def test_any_source_is_read_or_refused(source: str) -> None:
    for read in (parse, parse_legacy, markup.parse):
        with suppress(Problem):
            text, entities = read(source)
            assert all(0 <= one.offset < one.end <= units(text) for one in entities)


@given(st.text(max_size=30).filter(lambda text: text.strip() == text))
def test_what_is_escaped_is_shown_as_it_is(text: str) -> None:
    escaped = "".join(f"\\{character}" if character in RESERVED + "\\" else character for character in text)

    assert parse(escaped) == (text, ())


@pytest.mark.parametrize(
    ("html", "kind", "more"),
    [
        ('<tg-time unix="1795348800" format="wDT">noon</tg-time>', "date_time", {"unix_time": 1795348800}),
        ('<tg-time unix="1795348800">noon</tg-time>', "date_time", {"date_time_format": ""}),
        ('<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>', "custom_emoji", {}),
        ('<a href="tg://user?id=5550002">Sam</a>', "text_mention", {"user": {"id": 5550002}}),
        ("<a>https://x.example/</a>", "text_link", {}),
    ],
)
def test_html_with_fields_of_its_own(html: str, kind: str, more: dict[str, object]) -> None:
    [entity] = markup.parse(html)[1]

    assert entity.type == kind
    assert more.items() <= entity.json.items()


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<tg-time>noon</tg-time>", "Invalid date specified"),
        ('<tg-time unix="soon">noon</tg-time>', "Invalid date specified"),
        ('<tg-time unix="7" format="x">noon</tg-time>', "Invalid date format used"),
        ("<tg-emoji>👍</tg-emoji>", "Invalid custom emoji identifier"),
    ],
)
def test_html_whose_fields_are_wrong(html: str, words: str) -> None:
    with pytest.raises(Problem) as refused:
        markup.parse(html)

    assert words in refused.value.description
