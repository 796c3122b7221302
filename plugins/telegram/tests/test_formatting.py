"""What stands behind words is written out, wherever its entity stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_channels_telegram.formatting import written_out


def link(offset: int, length: int, url: str = "https://example.org/a") -> dict[str, Any]:
    return {"type": "text_link", "offset": offset, "length": length, "url": url}


@pytest.mark.parametrize(
    ("text", "entities", "seen"),
    [
        ("Read the article", [link(5, 11)], "Read the article (https://example.org/a)"),
        ("здесь и there", [link(0, 5)], "здесь (https://example.org/a) и there"),
        ("👍 here", [link(3, 4)], "👍 here (https://example.org/a)"),
        ("👨‍👩‍👧‍👦 here 👍", [link(12, 4)], "👨‍👩‍👧‍👦 here (https://example.org/a) 👍"),
        ("e\u0301 here", [link(3, 4)], "e\u0301 here (https://example.org/a)"),
        ("here \nnext", [link(0, 6)], "here (https://example.org/a) \nnext"),
        ("ab", [link(0, 1, "https://x/a"), link(1, 1, "https://x/b")], "a (https://x/a)b (https://x/b)"),
        ("abc", [link(0, 2, "https://a/"), link(1, 2, "https://b/")], "ab (https://a/)c (https://b/)"),
        ("abc", [link(0, 3, "https://out/"), link(1, 1, "https://in/")], "ab (https://in/)c (https://out/)"),
        ("abc", [link(0, 3, "https://out/"), link(1, 2, "https://in/")], "abc (https://in/) (https://out/)"),
        ("\u200b", [link(0, 1)], "\u200b (https://example.org/a)"),
        ("a", [link(0, 1, "https://example.org/ a\nb")], "a (https://example.org/ab)"),
        ("a", [link(0, 1, "")], "a"),
        ("a", [{"type": "text_link", "offset": 0, "length": 1}], "a"),
        ("zoe@example.org", [link(0, 15, "mailto:zoe@example.org")], "zoe@example.org"),
        ("482913", [link(0, 6, "tel:482913")], "482913"),
        ("HTTP://Example.org", [link(0, 18, "http://example.org/")], "HTTP://Example.org"),
        ("example.org", [link(0, 11, "https://example.com/")], "example.org (https://example.com/)"),
        ("", [link(0, 1)], ""),
        ("a", [{"type": "bold", "offset": 0, "length": 1}], "a"),
        ("noon", [{"type": "date_time", "offset": 0, "length": 4, "unix_time": 10**15}], "noon"),
        ("ab", [link(0, 1), link(9, 9), link(-2, 3), link(2**60, 1), link(1, 2**51)], None),
    ],
)
def test_an_address_is_written_after_its_words(text: str, entities: list[Any], seen: str | None) -> None:
    expected = seen if seen is not None else "a (https://example.org/a)b (https://example.org/a)"

    assert written_out(text, entities)[0] == expected


@given(
    text=st.text(st.sampled_from("ab 👍é\u200d\n\ud83d"), max_size=12),
    places=st.lists(st.tuples(st.integers(-2, 14), st.integers(-2, 14)), max_size=5),
)
def test_nothing_of_the_text_is_lost_and_entities_stay_on_their_words(text: str, places: list[tuple[int, int]]) -> None:
    entities = [link(offset, length, f"https://x/{number}") for number, (offset, length) in enumerate(places)]
    plain = [{**entity, "type": "bold"} for entity in entities]

    shown, spans = written_out(text, [*entities, *plain])

    bare = shown
    for number in range(len(places)):
        bare = bare.replace(f" (https://x/{number})", "")
    assert bare == text
    assert all(0 <= span.start <= span.end <= len(shown) for span in spans)
    for span, original in zip(spans, written_out(text, plain * 2)[1][: len(spans)], strict=True):
        said = shown[span.start : span.end]
        for number in range(len(places)):
            said = said.replace(f" (https://x/{number})", "")
        assert said == text[original.start : original.end]
