from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.outbound.screens import SCREENS, Screen
from trinity_channels.api import Dialect
from trinity_channels.outbound.compose import compose
from trinity_channels.outbound.dialects.layout import Layout
from trinity_channels.outbound.dialects.lines import Kind
from trinity_channels.outbound.dialects.parse import parse

on_every_screen = pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS)

PIECES = st.sampled_from(
    [
        *(
            "**",
            "*",
            "_",
            "__",
            "~~",
            "~",
            "`",
            "``",
            "```",
            "***",
            "\\*",
            "\\_",
            "\\`",
            "\\~",
            "\\",
            "**bold**",
            "*it*",
        ),
        *(
            "`code`",
            "`*a*`",
            "`` a`b ``",
            "``` ```",
            "```` ``` ````",
            "~~gone~~",
            "**b *i* `c` b**",
            "_i_",
            "<b>",
            "&amp;",
        ),
        *(" ", " ", " ", "\n", "\n\n", "- ", "> ", "# ", "1. ", "```\n", "\n```\n", "~~~\n", "`````", "    "),
        *(
            "word",
            "x",
            "7",
            ".",
            ",",
            "(",
            ")",
            "!",
            '"',
            "重要",
            "。",
            "👍",
            "é",
            "€",
            "%",
            ":",
            "snake_case",
            "2*3",
            "/",
        ),
        *("https://e.org/a_b ", "[label](https://e.org/x) ", "<https://e.org/y|words> ", "\u200b"),
    ]
)
MARKDOWN = st.lists(PIECES, max_size=25).map("".join)


def without_marks(dialect: Dialect) -> Dialect:
    """The same layout, with nothing marked."""
    return Dialect(quote=dialect.quote, bullet=dialect.bullet)


@on_every_screen
@example(markdown="**_**")
@example(markdown="_**_")
@example(markdown="**_*")
@example(markdown="# **")
@example(markdown="**\u200b**<b>")
@example(markdown="**``` ```<b>**")
@example(markdown=".```\n``` ```word\u200b```")
@example(markdown="___https://e.org/a_b ")
@example(markdown="```\n`````#")
@example(markdown="``` ```\\``")
@given(markdown=MARKDOWN)
def test_no_mark_is_seen_and_none_is_missed(screen: Screen, markdown: str) -> None:
    assume(not has_code_inside_a_word(markdown, screen.manifest.dialect))
    dialect = replace(screen.manifest.dialect, link="{text} ({url})")

    seen = [screen.read(part) for part in compose(markdown, dialect, 3000)]

    meant = compose(markdown, without_marks(dialect), 3000)
    assert lines(seen) == lines(meant), markdown


def has_code_inside_a_word(markdown: str, dialect: Dialect) -> bool:
    """Such code keeps its marks on a channel without escapes: it is not known whether they work there."""
    return any(
        (after.kind is Kind.CODE and before.text[-1:].isalnum())
        or (before.kind is Kind.CODE and after.text[:1].isalnum())
        for line in Layout(dialect, 3000).lines(parse(markdown))
        for before, after in pairwise(line.runs)
    )


def lines(messages: list[str]) -> list[str]:
    text = "\n".join(message.strip() for message in messages).replace("\u200b", "")
    return [line.rstrip() for line in text.strip().split("\n") if line.strip()]
