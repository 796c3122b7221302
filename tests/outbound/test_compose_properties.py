from __future__ import annotations

import cProfile
import html
import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.outbound.samples import SLACK, TELEGRAM, WHATSAPP
from trinity_channels.api import Dialect
from trinity_channels.outbound.compose import LONGEST_MARKDOWN, compose
from trinity_channels.outbound.dialects.layout import Layout
from trinity_channels.outbound.dialects.lines import plain_lines
from trinity_channels.outbound.dialects.markup import MARKUP
from trinity_channels.outbound.dialects.parse import parse

DIALECTS = {"whatsapp": WHATSAPP, "telegram": TELEGRAM, "slack": SLACK, "plain": Dialect()}

SNIPPETS = st.sampled_from(
    [
        *(
            "**",
            "*",
            "_",
            "__",
            "~~",
            "`",
            "``",
            "```",
            "```py\n",
            "~~~\n",
            "> ",
            ">",
            "- ",
            "+ ",
            "1. ",
            "7) ",
            "# ",
            "---\n",
        ),
        *(
            "[",
            "](",
            ")",
            "![",
            "|",
            "|-|-|\n",
            "|a|b|\n",
            "\\",
            "&amp;",
            "&",
            "<b>",
            "<br>",
            "</",
            "- [ ] ",
            "[x]: /y\n",
        ),
        *(
            "\n",
            "\n\n",
            "  \n",
            " ",
            "    ",
            "\t",
            ".",
            ". ",
            "!",
            ",",
            "word",
            "snake_case",
            "2*3",
            "x",
            "7",
            "e\u0301",
        ),
        *(
            "😀",
            "👩\u200d👧",
            "🇩🇪",
            "\u200d",
            "\ufe0f",
            "שלום",
            "你好。",
            "\0",
            "\ud800",
            "\udc00",
            "\u200b",
            "\r\n",
            "\u2028",
        ),
        *("https://e.org/_a_/*b*", "[t](https://e.org/x?a&b)", "[t u](mailto:a@b.co)", "![i](https://e.org/i.png)"),
    ]
)
MARKDOWN = st.lists(SNIPPETS | st.text(max_size=5), max_size=40).map("".join)
LIMITS = st.sampled_from([16, 17, 23, 40, 64, 200, 1600])
any_dialect = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def letters(parts: list[str]) -> str:
    """The letters that a person sees, in order."""
    return "".join(character for part in parts for character in part if character.isalpha())


@any_dialect
@given(markdown=MARKDOWN, limit=LIMITS)
def test_every_part_can_be_sent(dialect: Dialect, markdown: str, limit: int) -> None:
    parts = compose(markdown, dialect, limit)

    assert all(part.strip() and units(part) <= limit for part in parts)
    assert "\0" not in "".join(parts)
    assert parts == compose(markdown, dialect, limit)


@given(markdown=MARKDOWN, limit=LIMITS)
def test_splitting_loses_nothing(markdown: str, limit: int) -> None:
    assert letters(compose(markdown, WHATSAPP, limit)) == letters(compose(markdown, WHATSAPP, 100_000))


@any_dialect
@given(markdown=st.text(alphabet="abcXYZ*_~>-# \n.!é", max_size=120), limit=LIMITS)
def test_rendering_loses_no_letter(dialect: Dialect, markdown: str, limit: int) -> None:
    assume("~~~" not in markdown)  # a fence's language is dropped where the channel cannot show it
    parts = [html.unescape(re.sub("<[^>]*>", "", part)) for part in compose(markdown, dialect, limit)]

    assert letters(parts) == letters([markdown])


@any_dialect
@given(markdown=MARKDOWN, limit=st.sampled_from([64, 200, 1600]))
def test_fences_and_tags_are_balanced_in_each_part(dialect: Dialect, markdown: str, limit: int) -> None:
    for part in compose(markdown, dialect, limit):
        assert part.count("```") % 2 == 0 or not dialect.hugging
        if dialect is TELEGRAM:
            assert_nested(part)


def assert_nested(part: str) -> None:
    tags: list[str] = []
    for closing, tag in re.findall(r"<(/?)(\w+)[^>]*>", part):
        if closing:
            assert tags.pop() == tag
        else:
            tags.append(tag)
    assert tags == []
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt|quot);)*", re.sub(r"<[^>]*>", "", part), re.DOTALL)


@any_dialect
@given(
    paths=st.lists(
        st.text(alphabet="ab_*~-/%.", min_size=1, max_size=25).map(lambda path: f"{path}x"), min_size=1, max_size=5
    ),
    between=st.sampled_from([" and ", ", ", "\n", " **so** ", " *(", "). "]),
)
def test_urls_stay_whole(dialect: Dialect, paths: list[str], between: str) -> None:
    urls = ["https://e.org/" + re.sub(r"\*+", "*", path) for path in paths]

    parts = compose(between.join(urls), dialect, 64)

    assert [url for part in parts for url in re.findall(r"https://[^\s,)<]+", part)] == urls


@given(text=st.text(alphabet="ab 1.:,!?é😀\n'()/-+=#", max_size=80) | st.just("see https://e.org/_a_b, ok"))
def test_the_short_cut_for_plain_text_changes_nothing(text: str) -> None:
    if not MARKUP.search(text):
        assert plain_lines(text) == Layout(WHATSAPP, 1600).lines(parse(text))


@pytest.mark.parametrize("dialect", [WHATSAPP, TELEGRAM], ids=["whatsapp", "telegram"])
@pytest.mark.parametrize(
    "unit",
    [
        *(
            "x",
            "word ",
            "One. ",
            "\n",
            "a\n",
            "a\n\n",
            " ",
            "`",
            "` `",
            "*",
            "*a ",
            "*a_ ",
            "**a** ",
            "_*",
            "*a*",
            "~~a ",
            "a**b",
        ),
        *(
            "[",
            "![",
            "[](",
            "[a](b) ",
            "[a]: b\n",
            "<",
            "<a ",
            "<!-- ",
            "&",
            "&amp;",
            "\\*",
            "> ",
            "> a\n",
            "- ",
            "- a\n",
        ),
        *(
            "1. a\n\n",
            "# a\n",
            "|",
            "|a",
            "```\n",
            "`x` ",
            "https://e.org/ ",
            "\0",
            "\ud800",
            "\u0301",
            "👩\u200d",
            "🇩",
            "\u202e",
        ),
    ],
)
def test_no_pathological_text_takes_long(dialect: Dialect, unit: str) -> None:
    started = time.process_time()

    parts = compose(unit * (5_000 // len(unit)), dialect, 1600)

    assert time.process_time() - started < 5  # well under one; the square of it would be half a minute
    assert all(units(part) <= 1600 for part in parts)


@pytest.mark.parametrize("dialect", [WHATSAPP, TELEGRAM], ids=["whatsapp", "telegram"])
@pytest.mark.parametrize(
    "text",
    [
        "> " * 1000 + "a",
        "- " * 1000 + "a",
        "\n".join("  " * depth + "- a" for depth in range(200)),
        "> " * 20 + "a\n" * 5000,
        "|" + "a|" * 2000 + "\n|" + "-|" * 2000 + "\n" + "|x\n" * 900,
        "a|b\n-|-\n" + "|1\n" * 5000,
        "|a|b|\n|-|-|\n|1|2|3|\n" * 2000,
        "```\n" + "code\n" * 5000,
        "**" + "bold text " * 3000 + "**",
        "`" + "x" * 40_000 + "`",
        "[" + "text " * 8000 + "](https://e.org)",
        "https://e.org/" + "x" * 40_000,
        "word " * 200_000,
        "x" * 1_000_000,
    ],
    ids=lambda text: f"{text[:8]!r}",
)
def test_no_pathological_structure_takes_long(dialect: Dialect, text: str) -> None:
    started = time.process_time()

    parts = compose(text, dialect, 1600)

    assert time.process_time() - started < 5
    assert all(part.strip() and units(part) <= 1600 for part in parts)


def test_time_grows_with_length_not_with_its_square() -> None:
    def steps(text: str) -> int:
        profile = cProfile.Profile()
        profile.runcall(compose, text, WHATSAPP, 1600)
        return sum(entry.callcount for entry in profile.getstats())

    text = "Some **bold** words and `code`, see [docs](https://e.org).\n\n- one\n- two\n\n" * 30

    assert steps(text * 8) < 12 * steps(text)  # the square would be 64
    assert len(text * 8) <= LONGEST_MARKDOWN
