from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.outbound.samples import TELEGRAM, WHATSAPP
from tests.outbound.screens import SCREENS
from trinity_channels.outbound import replies
from trinity_channels.outbound.compose import compose
from trinity_channels_telegram.simulator import markup


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_paragraphs_stay_whole_where_they_fit() -> None:
    paragraphs = ["first " * 8, "second " * 6, "third " * 6]

    parts = compose("\n\n".join(paragraphs), WHATSAPP, 100)

    assert parts == ["\n\n".join(p.strip() for p in paragraphs[:2]), paragraphs[2].strip()]


def test_a_long_paragraph_ends_a_message_with_a_sentence() -> None:
    parts = compose("This sentence is short. " * 6, WHATSAPP, 60)

    assert parts == ["This sentence is short. This sentence is short."] * 3


def test_a_paragraph_that_just_fits_is_not_sent_back() -> None:
    assert compose("one two three\n\nfour five\n\nsix", WHATSAPP, 24) == ["one two three\n\nfour five", "six"]


def test_a_long_sentence_is_cut_between_words() -> None:
    assert compose("alpha beta gamma delta", WHATSAPP, 16) == ["alpha beta gamma", "delta"]


def test_lines_are_kept_together_before_sentences() -> None:
    assert compose("- one. two\n- three. four\n- five. six", WHATSAPP, 26) == [
        "- one. two\n- three. four",
        "- five. six",
    ]


def test_a_heading_goes_with_what_follows_it() -> None:
    markdown = "text " * 10 + "\n\n# Heading\n\n" + "more " * 10

    assert compose(markdown, WHATSAPP, 70) == [("text " * 10).strip(), "*Heading*\n\n" + ("more " * 10).strip()]


def test_a_fence_is_closed_and_opened_again() -> None:
    code = [f"line_{number} = {number}" for number in range(10)]

    parts = compose("Look:\n\n```python\n" + "\n".join(code) + "\n```\n\nDone.", WHATSAPP, 60)

    assert all(part.count("```") % 2 == 0 for part in parts)
    assert [line for part in parts for line in part.split("\n") if line.startswith("line_")] == code
    assert parts[0].startswith("Look:\n\n```\nline_0 = 0\n")
    assert parts[-1].endswith("\n```\n\nDone.")


def test_a_reopened_fence_keeps_its_language_and_indentation() -> None:
    parts = compose("```py\nif a < b:\n" + "    c = d\n" * 20 + "```", TELEGRAM, 120)

    assert len(parts) > 1
    for part in parts:
        assert re.fullmatch(r'<pre><code class="language-py">[^<]*</code></pre>', part)
    assert parts[1].startswith('<pre><code class="language-py">    c = d\n')


def test_a_quote_goes_on_in_the_next_message() -> None:
    quote = "> " + "wise words " * 10

    assert all(part.startswith("> wise") for part in compose(quote, WHATSAPP, 60))
    for part in compose(quote, TELEGRAM, 60):
        assert re.fullmatch(r"<blockquote>wise[^<]*words</blockquote>", part)


def test_the_rest_of_a_list_item_stays_indented() -> None:
    assert compose("10. alpha beta gamma delta", WHATSAPP, 20) == ["10. alpha beta gamma", "    delta"]


def test_emphasis_is_closed_and_opened_again() -> None:
    assert compose("**alpha beta gamma delta**", WHATSAPP, 20) == ["*alpha beta gamma*", "*delta*"]
    assert compose("**alpha beta gamma delta**", TELEGRAM, 24) == ["<b>alpha beta gamma</b>", "<b>delta</b>"]


def test_a_link_is_closed_and_opened_again() -> None:
    parts = compose("[alpha beta gamma](https://e.org)", TELEGRAM, 124)
    assert parts == ['<a href="https://e.org">alpha beta gamma</a>']

    parts = compose(f"[{'word ' * 30}](https://e.org)", TELEGRAM, 140)
    assert len(parts) > 1
    for part in parts:
        assert re.fullmatch(r'<a href="https://e.org">(word ?)+</a>', part)


def test_a_link_that_would_fill_the_message_shows_its_address() -> None:
    assert compose("[a](https://e.org)", TELEGRAM, 40) == ["a (https://e.org)"]


def test_a_url_moves_to_the_next_message_as_a_whole() -> None:
    url = "https://example.org/" + "x" * 40

    assert compose(f"one two three four {url} five", WHATSAPP, 70) == ["one two three four", f"{url} five"]


def test_only_a_url_longer_than_a_message_is_torn() -> None:
    url = "https://example.org/" + "x" * 40

    assert "".join(compose(url, WHATSAPP, 32)) == url


def test_inline_code_moves_as_a_whole() -> None:
    assert compose("some words, then `make a b c`", WHATSAPP, 24) == ["some words, then", "`make a b c`"]


def test_an_escape_is_never_cut() -> None:
    parts = compose("&" * 100, TELEGRAM, 32)

    assert {re.sub("&amp;", "", part) for part in parts} == {""}
    assert sum(part.count("&amp;") for part in parts) == 100


@pytest.mark.parametrize(
    "character",
    [
        *("😀", "👩‍👩‍👧‍👦", "👍🏽", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "e\u0301", "❤️", "नि"),
        *("\u0915\u094d\u0937", "\u1112\u1161\u11ab", "\u0e01\u0e33", "\u06a9\u200c"),
    ],
    ids=[
        *("astral", "family", "skin tone", "flag", "tagged flag", "accent", "variation", "vowel sign"),
        *("bound consonants", "decomposed Korean", "Thai am", "Persian non-joiner"),
    ],
)
def test_what_looks_like_one_character_is_not_torn(character: str) -> None:
    parts = compose("x" + character * 40, WHATSAPP, 33)

    assert "".join(parts) == "x" + character * 40
    assert all(part.removeprefix("x").replace(character, "") == "" for part in parts)
    assert all(units(part) <= 33 for part in parts)


def test_more_combining_marks_than_a_message_holds_are_cut_after_all() -> None:
    pile = "e" + "\u0301" * 500

    parts = compose(pile, WHATSAPP, 100)

    assert unicodedata.normalize("NFC", "".join(parts)) == unicodedata.normalize("NFC", pile)


def test_as_few_messages_as_possible_are_sent() -> None:
    text = "\n\n".join(["word " * 13] * 7)  # 64 characters each: three fit with room for a part of another

    parts = compose(text, WHATSAPP, 240)

    assert len(parts) == 2
    assert " ".join(" ".join(parts).split()) == " ".join(text.split())


def test_better_ends_are_chosen_where_they_cost_no_message() -> None:
    text = "\n\n".join(["word " * 13] * 5)

    assert [part.count("\n\n") for part in compose(text, WHATSAPP, 240)] == [2, 1]


@given(
    paragraphs=st.lists(st.integers(1, 60).map(lambda words: " ".join(["words."] * words)), min_size=1, max_size=12),
    limit=st.sampled_from([40, 100, 250, 1600]),
)
def test_no_two_neighbours_would_fit_in_one_message(paragraphs: list[str], limit: int) -> None:
    parts = compose("\n\n".join(paragraphs), WHATSAPP, limit)

    assert all(units(part) + 1 + units(after) > limit for part, after in pairwise(parts))
    assert " ".join(parts).split() == " ".join(paragraphs).split()


MARKED = {
    "list": "\n".join(f"- **k{number}:** _v{number}_" for number in range(90)),
    "paragraph": " ".join(f"**b{number}** and more." for number in range(150)),
    "one sentence": "".join(f"**b{number}**, " for number in range(150)),
    "links": "\n".join(f"[l{number}](https://e.org/{number}) https://e.org/{number}" for number in range(70)),
    "code": " ".join(f"`c{number}`" for number in range(130)),
    "bold with code": "**" + " ".join(f"b `c{number}`" for number in range(80)) + "**",
    "fences": "\n\n".join(f"**f{number}**\n```py\nx = {number}\n```" for number in range(70)),
    "quotes": "\n\n".join(f"> *q{number}* ~~s~~\n\ntext" for number in range(60)),
    "table": "|A|B|\n|-|-|\n" + "\n".join(f"|a{number}|*b*|" for number in range(60)),
    "headings": "\n\n".join(f"# h{number} `c`" for number in range(80)),
}


@pytest.mark.parametrize("markdown", MARKED.values(), ids=MARKED)
def test_a_message_has_no_more_entities_than_telegram_marks(markdown: str) -> None:
    parts = replies.parts(SCREENS["telegram"].manifest, markdown)

    counts = [entities(part) for part in parts]
    assert len(counts) > 1
    assert max(counts) <= 100
    assert counts[0] > 45  # bold text around code is more than one there
    (whole,) = compose(markdown, SCREENS["telegram"].manifest.dialect, 100_000)
    assert "".join(words(part) for part in parts) == words(whole)


def entities(part: str) -> int:
    """Marked stretches as Telegram counts them; it marks bare addresses by itself."""
    text, found = markup.parse(part)
    return len(found) + text.count("https://")


def words(part: str) -> str:
    return "".join(markup.parse(part)[0].split())


def test_chinese_is_cut_after_its_stops() -> None:
    assert compose("你好世界再见朋友。" * 3, WHATSAPP, 20) == ["你好世界再见朋友。" * 2, "你好世界再见朋友。"]


def test_an_answer_as_models_write_them() -> None:
    steps = "\n".join(
        f"{number}. **Step {number}**: open `file_{number}.py`, see [docs](https://example.org/step_{number}?a=1&b=2) "
        f"and run it. It should take ~{number} minutes.\n   - watch for *errors*\n   - then go on"
        for number in range(1, 25)
    )
    code = "\n".join(f"    value_{number} = compute(__name__, {number} * 2 * 3)" for number in range(80))
    answer = (
        f"# Migration plan\n\nHere is what **you** need:\n\n{steps}\n\n## Code\n\n```python\ndef main():\n{code}\n```\n\n"
        "| Phase | Days |\n|---|---|\n| One | 2 |\n| Two | 3 |\n\n> **Note:** back up first!\n\nGood luck! 🚀"
    )

    parts = compose(answer, WHATSAPP, 1600)

    assert 4 <= len(parts) <= 8
    assert all(units(part) <= 1600 and part.count("```") % 2 == 0 for part in parts)
    text = "\n".join(parts)
    assert "**" not in text.replace("```", "")
    assert parts[0].startswith(
        "*Migration plan*\n\nHere is what *you* need:\n\n1. *Step 1*: open `file_1.py`, see docs ("
    )
    for number in range(1, 25):
        assert f"https://example.org/step_{number}?a=1&b=2)" in text
    for number in range(80):
        assert f"\n    value_{number} = compute(__name__, {number} * 2 * 3)\n" in text
    assert text.endswith(
        "*Phase:* One\n*Days:* 2\n\n*Phase:* Two\n*Days:* 3\n\n> *Note:* back up first!\n\nGood luck! 🚀"
    )
