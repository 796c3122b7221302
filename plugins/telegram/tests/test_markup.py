"""An agent's Markdown, composed by the host in our dialect, is what Telegram's strict parser takes."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trinity_channels.outbound.compose import compose
from trinity_channels_telegram.manifest import DIALECT
from trinity_channels_telegram.markup import as_plain_text
from trinity_channels_telegram.simulator.entities import units
from trinity_channels_telegram.simulator.markup import parse
from trinity_channels_telegram.simulator.problems import Problem

NASTY = st.lists(
    st.sampled_from([
        "**", "*", "_", "__", "~~", "`", "```\n", "```c++\n", "\n", "\n\n", "> ", ">> ", "- ", "1. ", "# ", "| a | b |\n",
        "|---|---|\n", "[", '](https://x.example/?a=1&b="2")', "](javascript:alert(1))", "![", "<", ">", "&", "&amp;",
        "&lt;b&gt;", "<b>", "</b>", "<br>", "<!--", '<a href="x">', '"', "'", "👍", "مرحبا", "word", " ", "\\", "\0",
    ]) | st.text(max_size=4),
    max_size=40,
).map("".join)  # fmt: skip


@given(NASTY)
@example("<tg-spoiler>1 < 2 && 3 > 2</tg-spoiler>")
@example("> quote\n> > inside\n> ```py\n> x < 1\n> ```\n\n**bold `code <b>` *both***")
@settings(max_examples=4 * settings().max_examples, deadline=None)
def test_telegram_takes_whatever_the_host_composes(markdown: str) -> None:
    for message in compose(markdown, DIALECT, 4096):
        shown, _ = parse(message)

        assert units(shown) <= units(message) <= 4096


@given(NASTY)
@settings(max_examples=2 * settings().max_examples, deadline=None)
def test_plain_text_says_all_that_the_markup_said(markdown: str) -> None:
    for message in compose(markdown, DIALECT, 4096):
        shown, entities = parse(message)
        plain = as_plain_text(message)

        if all(entity.type != "text_link" for entity in entities) and "<a " not in message:
            assert plain.strip() == shown


@pytest.mark.parametrize(
    ("markdown", "shown", "types"),
    [
        ("**bold** *it* ~~no~~ `a<b`", "bold it no a<b", ["bold", "italic", "strikethrough", "code"]),
        ("# Title\n\n- one\n- two", "Title\n\n• one\n• two", ["bold"]),
        ("```python\nif a < b & c:\n    pass\n```", "if a < b & c:\n    pass", ["pre"]),
        ("[here](https://x.example/?a=1&b=2)", "here", ["text_link"]),
        ("> wise\n> words", "wise\nwords", ["blockquote"]),
    ],
)
def test_markup_shows_as_meant(markdown: str, shown: str, types: list[str]) -> None:
    [message] = compose(markdown, DIALECT, 4096)

    text, entities = parse(message)

    assert text == shown
    assert [entity.type for entity in entities] == types


def test_a_fence_keeps_its_language_and_a_link_its_address() -> None:
    [message] = compose("```c++\nx\n```\n[y](https://x.example/?a=1&b=2)", DIALECT, 4096)

    _, entities = parse(message)

    assert (entities[0].language, entities[1].url) == ("c++", "https://x.example/?a=1&b=2")


REFUSED = [
    ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
    ("<br>", 'Unsupported start tag "br" at byte offset 0'),
    ("ü<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 2'),
    ("<!-- x -->", 'Unsupported start tag "!--" at byte offset 0'),
    ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
    ("x</b>", "Unexpected end tag at byte offset 1"),
    ("<pre><code class=language-c>x</code></pre>", "Unclosed start tag at byte offset 5"),
    ("<b", "Unclosed start tag at byte offset 0"),
    ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
]


@pytest.mark.parametrize(("markup", "words"), REFUSED)
def test_what_telegram_does_not_understand_it_refuses(markup: str, words: str) -> None:
    with pytest.raises(Problem) as refused:
        parse(markup)

    assert refused.value.description == f"Bad Request: can't parse entities: {words}"


@pytest.mark.parametrize(
    ("markup", "shown", "kept"),
    [
        ("&lt;&gt;&amp;&quot;&#39;&#x1F44D;", "<>&\"'👍", []),
        ("&nbsp;&apos;& &#0;", "&nbsp;&apos;& &#0;", []),
        ('<a href="javascript:alert(1)">x</a>', "x", []),
        ('<a href="/relative">x</a>', "x", []),
        ('<a href="http://localhost/">x</a>', "x", []),
        ("<b>a<code>b</code>c</b>", "abc", [("bold", 0, 3), ("code", 1, 1)]),
        ("<code>a<b>b</b></code>", "ab", [("code", 0, 2)]),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "ab", [("blockquote", 0, 2)]),
        ("<blockquote expandable>a</blockquote>", "a", [("blockquote", 0, 1)]),
        ("  <B>👍 x</B> \n", "👍 x", [("bold", 0, 4)]),
        ("<b></b>x<i> </i>", "x", []),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
    ],
)
def test_the_rest_is_read_as_telegram_reads_it(markup: str, shown: str, kept: list[tuple[str, int, int]]) -> None:
    text, entities = parse(markup)

    assert text == shown
    assert [(one.type, one.offset, one.length) for one in entities] == kept
