from __future__ import annotations

import pytest

from tests.outbound.samples import SLACK, TELEGRAM, WHATSAPP
from trinity_channels.api import Dialect
from trinity_channels.outbound.compose import LONGEST_MARKDOWN, compose

PLAIN = Dialect()
Z = "\u200b"


def said(markdown: str, dialect: Dialect = WHATSAPP, limit: int = 1600) -> str:
    (message,) = compose(markdown, dialect, limit)
    return message


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold** and __bold__", "*bold* and *bold*"),
        ("*it* and _it_", "_it_ and _it_"),
        ("~~gone~~", "~gone~"),
        ("***both***", "_*both*_"),
        ("**bold with *it* inside**", "*bold with _it_ inside*"),
        ("**two\nlines**", "*two*\n*lines*"),
        ("**see `code` now**", "*see `code` now*"),
        ("**&nbsp;spaces&nbsp;** x", "\u00a0*spaces*\u00a0 x"),
        ("un**believ**able", "unbelievable"),
        ("**bold**ly", "boldly"),
        ("(**bold**)!", "(*bold*)!"),
        ("# Title", "*Title*"),
        ("## A **bold** title ##", "*A bold title*"),
        ("Title\n=====\ntext", "*Title*\ntext"),
        ("a `code *x*` b", "a `code *x*` b"),
        ("`a`s", "`a`s"),
        ("`` a`b ``", f"`a{Z}`b`"),
        ("**Note:**text, **Wow!** ok", "Note:text, *Wow!* ok"),
        ("**👍**yes", "👍yes"),
        ("これは**「重要」**です。", "これは「重要」です。"),
        ("**重要\uff1a**これは ***注意。***は", "重要\uff1aこれは 注意。は"),
        ("한국어**(강조)**입니다", "한국어(강조)입니다"),
    ],
)
def test_emphasis_hugs_words_and_lines(markdown: str, shown: str) -> None:
    assert said(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("a*b*c", "a*b*c"),
        ("2*3*4 = 24", "2*3*4 = 24"),
        ("2**8 = 256", "2**8 = 256"),
        ("2**8 = 256 and x**2", f"2**{Z}8 = 256 and x**2"),
        ("f(x)**y + g(x)**z", f"f(x)*{Z}*{Z}y + g(x)**z"),
        ("x**-1 + y**-1", f"x**{Z}-1 + y**-1"),
        ("f(a,**k,b,**m)", f"f(a,*{Z}*{Z}k,b,**m)"),
        ("snake_case_word and _private", "snake_case_word and _private"),
        ("~5 minutes", "~5 minutes"),
        (r"\*not bold\*", f"*{Z}not bold*"),
        (r"\_\_init\_\_", f"_{Z}_{Z}init__"),
        (r"~about 5~ \`x\`", f"~{Z}about 5~ `{Z}x`"),
        (r"\*note: **bold**", f"*{Z}note: *bold*"),
        (r"**a\* b**", f"*a{Z}* b*"),
        (r"see \*", "see *"),
        (r"\> no quote", f"{Z}> no quote"),
        (r"a\`\`\`b", f"a`{Z}`{Z}`b"),
    ],
)
def test_literal_signs_are_broken_only_where_they_would_act(markdown: str, shown: str) -> None:
    assert said(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("one\ntwo  \nthree\\\nfour", "one\ntwo\nthree\nfour"),
        ("one\n\n\n\ntwo", "one\n\ntwo"),
        ("  Dear Zoe,\n  come  in \n", "Dear Zoe,\n  come  in"),
        ("2024. was good", "2024. was good"),
        ("2024. good\n2019. bad", "2024. good\n2019. bad"),
        ("2024.", "2024."),
        ("#hashtag +49 30 123 -5°", "#hashtag +49 30 123 -5°"),
        ("Tom &amp; Zoe &lt;3 &copy; AT&T", "Tom & Zoe <3 © AT&T"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<div>\n**x** <!-- y -->\n</div>", "<div>\n*x* <!-- y -->\n</div>"),
        ("שלום **עולם**!", "שלום *עולם*!"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("nul\0 half \ud83d whole \ud83d\ude00", "nul half � whole 😀"),
        ("#", "#"),
        ("```", f"`{Z}``"),
        ("[a]: b", "[a]: b"),
        ("    four spaces\n    # no heading", "    four spaces\n    # no heading"),
        ("text\n\n    four **spaces**\n\n  two", "text\n\n    four *spaces*\n\n  two"),
        ("\ttab", "\ttab"),
        ("-", "-"),
        ("a\n=\nb", "a\n=\nb"),
        ("[0]: 5\n[1]: 7, so [0] < [1]", "[0]: 5\n[1]: 7, so [0] < [1]"),
        (">50% done\n\n>= 5", f"{Z}>50% done\n\n{Z}>= 5"),
        (">>> print(1)", f"{Z}>>> print(1)"),
        ("_ _ _ e _", "_ _ _ e _"),
        ("_ _ _ _", "_ _ _ _"),
        ("```only this", "```\nonly this\n```"),
    ],
)
def test_what_is_hardly_markdown_comes_out_as_typed(markdown: str, shown: str) -> None:
    assert said(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("- a\n- b\n\n* c", "- a\n- b\n\n- c"),
        ("Buy:\n- milk\n  - oat\n    - organic\n- tea", "Buy:\n- milk\n  - oat\n    - organic\n- tea"),
        ("3. c\n4. d", "3. c\n4. d"),
        ("1) a\n1) b\n1) c", "1) a\n2) b\n3) c"),
        ("3. a\n2. b\n1. c", "3. a\n2. b\n1. c"),
        ("1. a\n\n   more\n2. b", "1. a\n\n   more\n2. b"),
        ("- [ ] do\n- [x] done\n1. [X] too", "☐ do\n☑ done\n1. ☑ too"),
        ("> a\n> b\n>> c", "> a\n> b\n> > c"),
        ("> a\n>\n> b\n\nc", "> a\n> \n> b\n\nc"),
        ("> - a\n>   b\n\n- > q", "> - a\n>   b\n\n- > q"),
        ("a\n\n---\nb", "a\n\n———\nb"),
        ("1. ```\n   x\n   ```", "1.\n```\nx\n```"),
    ],
)
def test_lists_and_quotes_stay_readable(markdown: str, shown: str) -> None:
    assert said(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("```python\n# no heading\n__init__ = '**'\n```", "```\n# no heading\n__init__ = '**'\n```"),
        ("Run:\n~~~\n  a\n\n  b\n~~~\nok", "Run:\n```\n  a\n\n  b\n```\nok"),
        ("- x\n  ```\n  y\n  ```", "- x\n```\ny\n```"),
        ("> ```\n> x\n> ```\n> y", "```\nx\n```\n> y"),
        ("````\na ``` b\n````", f"```\na `{Z}`{Z}` b\n```"),
        ("```\n`````#", f"```\n`{Z}`{Z}`{Z}`{Z}`#\n```"),
        ("~~~\n```\n``````\n~~~", f"```\n`{Z}`{Z}`\n`{Z}`{Z}`{Z}`{Z}`{Z}`\n```"),
        ("``` ```\\``", " ``"),
        ("a ```` ``` ```` b", f"a `{Z}`` b"),
        ("`` x` `` and `y`", f"`x{Z}`` and `y`"),
        ("`x`\\`y", f"`x`{Z}`y"),
    ],
)
def test_code_is_left_alone(markdown: str, shown: str) -> None:
    assert said(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("[docs](https://e.org/a_b_c)", "docs (https://e.org/a_b_c)"),
        ("[https://e.org](https://e.org)", "https://e.org"),
        ("[e.org](https://www.e.org/)", "https://www.e.org/"),
        ("<https://e.org/_x_>", "https://e.org/_x_"),
        ("https://e.org/_x_/*y*/ü?a=1&copy=2.", "https://e.org/_x_/*y*/ü?a=1&copy=2."),
        ("**https://e.org/a_b**", "https://e.org/a_b"),
        ("**see [docs](https://e.org) now**", "*see docs* (https://e.org) *now*"),
        ("[mail us](mailto:a@b.co) <c@d.co>", "mail us (a@b.co) c@d.co"),
        ("![a cat](https://e.org/c.png) ![](https://e.org/d)", "a cat (https://e.org/c.png) https://e.org/d"),
        ("[![build](https://i.org/b)](https://ci.org)", "build (https://ci.org)"),
        ("[a][1] and [b]\n\n[1]: https://e.org\n[b]: /x", "a (https://e.org) and b (/x)"),
        ("text\n\n[note]: https://e.org/_n_", "text\n\n[note]: https://e.org/_n_"),
        ("[x]() [y](javascript:z)", "x [y](javascript:z)"),
    ],
)
def test_addresses_are_shown_once_and_never_altered(markdown: str, shown: str) -> None:
    assert said(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (
            "Stock:\n\n| Name | Qty |\n|---|--:|\n| Zoe | **3** |\n| Max | |",
            "Stock:\n\n*Name:* Zoe\n*Qty:* *3*\n\n*Name:* Max",
        ),
        ("||A|\n|-|-|\n|Price|1 €|", "*Price*\n*A:* 1 €"),
        ("|One|\n|-|\n|a|\n|b|", "*One*\na\nb"),
        ("|A|B|\n|-|-|", "*A* | *B*"),
        ("|A|B|\n|-|-|\n|1|2|3|", "|A|B|\n|-|-|\n|1|2|3|"),
        ("|A|B|\n|-|-|\n|1|2|3|\n\n|A|B|\n|-|-|\n|1|2|", "|A|B|\n|-|-|\n|1|2|3|\n\n*A:* 1\n*B:* 2"),
        ("|" + "long name |" * 20 + "\n|" + "-|" * 20 + "\n|x|y|", None),
    ],
)
def test_tables_become_records(markdown: str, shown: str | None) -> None:
    if shown is None:
        assert said(markdown).count("long name") == 20
    else:
        assert said(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**a** _b_ ~~c~~ `<d>`", "<b>a</b> <i>b</i> <s>c</s> <code>&lt;d&gt;</code>"),
        ("un**believ**able", "un<b>believ</b>able"),
        ("**two\nlines**", "<b>two</b>\n<b>lines</b>"),
        ("*a **b*** c", "<i>a <b>b</b></i> c"),
        ('1 < 2 & "x" <br> <b>', "1 &lt; 2 &amp; &quot;x&quot;\n &lt;b&gt;"),
        ("[a **b**](https://e.org/?x=1&y=2)", '<a href="https://e.org/?x=1&amp;y=2">a <b>b</b></a>'),
        ("[me](mailto:a@b.co) [r](./x)", "me (a@b.co) r (./x)"),
        ("> a\n>\n> > b\n\nc", "<blockquote>a\n\nb</blockquote>\n\nc"),
        ("> ```\n> x\n> ```", "<pre>x</pre>"),
        ("a\n\n>\n\nb", "a\n\n\n\nb"),
        ("```c++\na < b\n```", '<pre><code class="language-c++">a &lt; b</code></pre>'),
        ('```"><script>\na\n```', "<pre>a</pre>"),
        (r"\*not bold\* ``` x", "*not bold* ``` x"),
        ("- a\n  - b", "• a\n  • b"),
    ],
)
def test_a_dialect_of_tags_is_nested_and_escaped(markdown: str, shown: str) -> None:
    assert said(markdown, TELEGRAM) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**a** <!channel> [b & c](https://e.org/?x&y)", "*a* &lt;!channel&gt; <https://e.org/?x&amp;y|b &amp; c>"),
        ("un**believ**able `a<b`", "unbelievable `a&lt;b`"),
        (r"\> \*x\*", f"{Z}&gt; *{Z}x*"),
    ],
)
def test_a_dialect_may_hug_and_escape(markdown: str, shown: str) -> None:
    assert said(markdown, SLACK) == shown


def test_a_dialect_without_marks_shows_the_words() -> None:
    assert said("# A\n**b** `c`\n```\nd\n```\n> e", PLAIN) == "A\nb c\nd\n> e"


@pytest.mark.parametrize(
    "nothing", ["", " ", "\n\t \n", "\u00a0", "\u202e\0", "\x1b[0m", "\u200b", "\ufe0f", "**\u200b**", "&nbsp;&#8203;"]
)
def test_nothing_to_see_is_no_message(nothing: str) -> None:
    assert compose(nothing, WHATSAPP, 1600) == []


def test_the_hosts_words_go_out_in_the_same_message() -> None:
    before, after = "This answers *your* question:", "(cut off)"

    assert compose("**Yes**", WHATSAPP, 1600, before=before, after=after) == [
        f"This answers *{Z}your* question:\n\n*Yes*\n\n(cut off)"
    ]
    assert compose("```\nx", TELEGRAM, 1600, after=after) == ["<pre>x</pre>\n\n(cut off)"]
    assert compose("", WHATSAPP, 1600, before=before, after=after) == []
    assert compose("word " * 20_000, WHATSAPP, 1600, before=before)[0].startswith("This answers")


def test_what_nests_too_deep_for_the_parser_is_shown_as_typed() -> None:
    assert said("> " * 40 + "deep", limit=1600).endswith("> deep")
    assert said("- " * 40 + "deep", limit=1600).endswith("- deep")


def test_a_failure_still_sends_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("trinity_channels.outbound.dialects.parse.parse", broken)

    assert compose("**a** < b " + "word " * 10, TELEGRAM, 40) == [
        "**a** &lt; b word word word word word",
        "word word word word word",
    ]


def test_a_dump_goes_out_as_it_is() -> None:
    dump = "**word** " * (LONGEST_MARKDOWN // 8)

    parts = compose(dump, WHATSAPP, 1600)

    assert " ".join(parts) == dump.strip()


def test_a_limit_without_room_for_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="least is 16"):
        compose("a", WHATSAPP, 15)
