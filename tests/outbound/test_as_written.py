from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.outbound.screens import SCREENS, Screen
from trinity_channels.outbound import replies

on_every_screen = pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS)

WORDS = st.sampled_from(
    [
        "a",
        "the",
        "Zoe",
        "x",
        "7",
        "3.5",
        "e.g.",
        "café",
        "重要",
        "です",
        "שלום",
        "👍",
        "5€",
        "50%",
        "O'Hara",
        "well-known",
    ]
)
NAMES = st.sampled_from(["init", "name", "main", "tests", "my_var", "foo", "x1", "html_safe"])
IDENTIFIERS = st.one_of(
    st.sampled_from(["__init__", "__main__", "snake_case_name", "_private", "_a_b_", "__my_var__", "$_GET"]),
    st.builds("__{}__.py".format, NAMES),
    st.builds("{}_{}_{}".format, NAMES, NAMES, NAMES),
    st.builds("self._{}".format, NAMES),
    st.builds("std::__{}__".format, NAMES),
    st.builds("{}[{}]({})".format, NAMES, NAMES, NAMES),
)
PATHS = st.one_of(
    st.builds("src/__{}__/{}.test.js".format, NAMES, NAMES),
    st.builds("/usr/_{}/{}_/lib".format, NAMES, NAMES),
    st.builds(r"C:\{}\_{}\{}".format, NAMES, NAMES, NAMES),
    st.builds(r"\\{}\{}$\_{}".format, NAMES, NAMES, NAMES),
    st.builds("~/{}/~{}".format, NAMES, NAMES),
)
GLOBS = st.one_of(
    st.sampled_from(
        ["*.*", "**/*", "*", "**", "src/**", "(*)", "[*]", '"*"', "*.{js,ts}", "/*", "*/", "**/a/**", "a?*"]
    ),
    st.builds("**/*.{}".format, NAMES),
    st.builds("{}/*.{}".format, NAMES, NAMES),
    st.builds("*.{}".format, NAMES),
    st.builds("COUNT(*) AS {}".format, NAMES),
    st.builds("{}.*, {}.*".format, NAMES, NAMES),
)
FORMULAS = st.one_of(
    st.sampled_from(
        [r"\(E = mc^2\)", r"\frac{a}{b}", r"x_{1}", r"\[x^2\]", r"2*3*4", "2**8", "f(x)**2", "a * b", "-x*-y"]
    ),
    st.sampled_from(
        [r"\d+\.\d+", r"^\s*\w+\*$", r"[^\]]+", r"(?<=\*)", r"\bfoo\b", r".*\.py$", r"\\n", r"\.", r"\{", r"\|"]
    ),
    st.sampled_from(
        ["<xs:element>", "Vec<T>", "a<b>c", "x < y > z", "&x", "a && b", "#tag", "C#", ">=", "->", "=>", "~5"]
    ),
    st.sampled_from(
        ["f**k", "s**t", "x**y", "¯\\_(ツ)_/¯", "^_^", "-_-", "T_T", "*_*", "5*", "****1234", "map(_)", "[]"]
    ),
)
CODELIKE = st.one_of(IDENTIFIERS, PATHS, GLOBS, FORMULAS)

MARKED = [
    ("**`code`**です", "<b><code>code</code></b>です"),
    ("**5€**です", "<b>5€</b>です"),
    ("**50%**off", "<b>50%</b>off"),
    ("**重要\uff1a**次", "<b>重要\uff1a</b>次"),
    ("**한국어(Korean)**는", "<b>한국어(Korean)</b>는"),
    ("**100℃**です", "<b>100℃</b>です"),
    ("**「重要」**です", "<b>「重要」</b>です"),
    ("価格**¥100**円 。**「重要」**です", "価格<b>¥100</b>円 。<b>「重要」</b>です"),
    ("*5€*です *`code`*です *斜体*です", "<i>5€</i>です <i><code>code</code></i>です <i>斜体</i>です"),
    ("**C++**is **C#**is **Yes!**ok **(x)**y", "<b>C++</b>is <b>C#</b>is <b>Yes!</b>ok <b>(x)</b>y"),
    ("**👍**yes **❤️**no", "<b>👍</b>yes <b>❤️</b>no"),
    ("the **5**th, un**believ**able, **bold**ly", "the <b>5</b>th, un<b>believ</b>able, <b>bold</b>ly"),
    ("the**big dog** ran", "the<b>big dog</b> ran"),
    ("**Note (important)**text", "<b>Note (important)</b>text"),
    ("**/etc/hosts** **.env** **src/**: **...so**", "<b>/etc/hosts</b> <b>.env</b> <b>src/</b>: <b>...so</b>"),
    (
        "**Yes**/**No** *der*/*die* (*e.g.*, *i.e.*)",
        "<b>Yes</b>/<b>No</b> <i>der</i>/<i>die</i> (<i>e.g.</i>, <i>i.e.</i>)",
    ),
    (
        '*Note.* "*so*" *"quoted"* *(aside)*',
        "<i>Note.</i> &quot;<i>so</i>&quot; <i>&quot;quoted&quot;</i> <i>(aside)</i>",
    ),
    ("__bold__ text, __two words__, _it_.", "<b>bold</b> text, <b>two words</b>, <i>it</i>."),
    ("**bold *it* bold** ***both*** **_x_**", "<b>bold <i>it</i> bold</b> <i><b>both</b></i> <b><i>x</i></b>"),
    (r"\*not bold\* \_\_init\_\_ snake\_case 2 \* 3 see \*", "*not bold* __init__ snake_case 2 * 3 see *"),
    (r"1\. one", "1. one"),
    ("\\# no heading\n\\- no item\n\\> no quote", "# no heading\n- no item\n&gt; no quote"),
    (r"\[no link\](https://e.org) \&amp; \<https://e.org>", "[no link](https://e.org) &amp;amp; &lt;https://e.org&gt;"),
]

WRITTEN = [
    "Edit __init__.py",
    'if __name__ == "__main__":',
    "src/__tests__/app.test.js",
    "glob **/*.py and **/*.js",
    "the __all__ list, __my_var__ and _a_b_, std::__foo__",
    r"\\server\share\docs",
    r"\\server\share\__x__",
    r"C:\a\__init__ and __main__",
    r"C:\Users\_tmp\file and D:\*.txt",
    r"regex \d+\.\d+ and ^\s*\*+\w$ or \\n",
    r"\(E = mc^2\) and \[x^2\], \frac{a}{b}, \_x\alpha",
    "src/*.py and lib/*.js",
    "COUNT(*) and SUM(*), t.*, u.*, '*' or \"*\"",
    "f**k this s**t, 2**8 = 256 and x**2, f(x)**y + g(x)**z",
    "2*3*4, f(x)*g(y)*h(z), (a)*(b)*(c)",
    "/* a */ b /* c */",
    "*.* and */* and card ****1234, ****5678",
    "map(_) + f(_), ^_^ and -_- or ¯\\_(ツ)_/¯",
    "5* hotel, 4* hotel",
    "handlers[name](event), rows[i](), [](int x) { return x; }",
    "<xs:element>, Vec<T>, std::map<int, x>, a < b > c",
    "docker run \\\n  -p 80",
]


def on_screen(text: str) -> str:
    """Text as a messenger shows it: without space at the end of lines and of the message, one blank line at most."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


@on_every_screen
@example(text='"*" f**k')
@example(text="_private ^_^")
@example(text="****1234 init.*, init.*")
@example(text="f(x)**2 init.*, init.*")
@example(text="f**k src/** init.*, init.*")
@example(text=r"C:\docs\[x](y)")
@given(text=st.lists(st.one_of(WORDS, CODELIKE), min_size=1, max_size=12).map(" ".join))
def test_programs_and_paths_in_prose_arrive_as_written(screen: Screen, text: str) -> None:
    text = f"see {text}"
    assert on_screen(screen.shows(text)) == on_screen(text), text


@on_every_screen
@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(["", "", " ", "    ", "        ", "\t"]),
            st.lists(st.one_of(WORDS, CODELIKE), max_size=5)
            .map(" ".join)
            .filter(lambda line: line[:2] not in ("*", "* ")),
        ).map("".join),
        max_size=8,
    )
)
def test_lines_keep_their_indentation(screen: Screen, lines: list[str]) -> None:
    text = "First:\n\n" + "\n".join(lines)
    assert on_screen(screen.shows(text)) == on_screen(text), text


@on_every_screen
@given(
    text=st.text(
        alphabet=st.characters(exclude_characters="*_~`[]<>&\\#|-+=:", exclude_categories=["C", "Z"]) | st.just(" ")
    )
)
def test_text_without_any_mark_arrives_as_written(screen: Screen, text: str) -> None:
    text = f"see {text}"
    assert on_screen(screen.shows(text)) == on_screen(text), text


@on_every_screen
@pytest.mark.parametrize("text", WRITTEN)
def test_what_looks_like_markup_arrives_as_written(screen: Screen, text: str) -> None:
    assert on_screen(screen.shows(text)) == text


@pytest.mark.parametrize(("markdown", "html"), MARKED)
def test_what_is_meant_as_markup_is_marked(markdown: str, html: str) -> None:
    assert replies.parts(SCREENS["telegram"].manifest, markdown) == [html]


@pytest.mark.parametrize("name", ["whatsapp", "slack"])
@pytest.mark.parametrize(("markdown", "html"), MARKED)
def test_marks_that_work_nowhere_else_are_not_seen(name: str, markdown: str, html: str) -> None:
    words = unescape(re.sub("<[^>]*>", "", html))

    assert on_screen(SCREENS[name].shows(markdown)) == words
