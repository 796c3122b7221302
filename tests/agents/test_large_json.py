"""Large JSON is read as the standard decoder reads it, without holding everything else up."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_channels.agents import large_json
from trinity_channels.agents.large_json import LARGE

SPACE = " " * (LARGE + 1)
"""What makes any document a large one."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def listed(part: str, times: int) -> str:
    return f"[{','.join([part] * times)}]"


@given(JSON, st.booleans())
def test_it_reads_what_the_standard_decoder_reads(document: object, ascii_only: bool) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only)

    assert large_json.loads(text + SPACE) == document


# Escapes, pairs of surrogates and halves of them, on and beside each border between two pieces.
PIECES = (
    "a",
    "\\n",
    '\\"',
    "\\\\",
    "\\u00e9",
    "\\ud83d\\ude00",
    "\\ud83d",
    "\\ude00",
    "\\ud83d\\ud83d\\ude00",
    "é",
    "😀",
)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("before", ["", "x", "\\t", "x" * 4095, "x" * 4096, "\\ud83d", "\\\\"])
def test_a_long_string_is_read_to_the_last_character(piece: str, before: str) -> None:
    text = f'{{"a": ["{before}{piece * 30_000}"], "b": 1}}'

    assert large_json.loads(text + SPACE) == json.loads(text)


BROKEN = (
    '{"a": "never ends',
    '{"a": "' + "x" * 50_000 + "\\",
    '{"a": "' + "\\n" * 50_000 + '\\u12"}',
    '{"a": "' + "\\n" * 50_000 + '\\uZZZZ"}',
    '{"a": "' + "\\n" * 50_000 + '\\q"}',
    '{"a": "' + "\\n" * 50_000 + '\x01"}',
    '{"a": "' + "\\n" * 50_000 + '\\ud83d\\u12"}',
    '{"a": 1,}',
    "[1, 2",
    '{"a" 1}',
    "[" * 50_000,
    "",
)


@pytest.mark.parametrize("text", BROKEN)
def test_what_the_standard_decoder_refuses_is_refused(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        json.loads(text)
    with pytest.raises((ValueError, RecursionError)):
        large_json.loads(text + SPACE)


@pytest.mark.parametrize("part", ["[]", "{}", '{"a": 1}', "[1]", "[[]]"])
def test_a_document_of_too_many_parts_is_refused(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_json, "MOST", 1000)
    fine = listed(part, 999 if len(part) != len("[[]]") else 499)

    assert large_json.loads(fine + SPACE) == json.loads(fine)
    with pytest.raises(ValueError, match="more than 1000 arrays and objects"):
        large_json.loads(f"[{part},{fine[1:]}{SPACE}")


@pytest.fixture
def swift_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    yield
    sys.setswitchinterval(before)


def turns_meanwhile(read: Callable[[], object]) -> int:
    """How often another thread has its turn while this one reads."""
    over, turns = threading.Event(), 0

    def others() -> None:
        nonlocal turns
        while not over.is_set():
            turns += 1
            time.sleep(0)

    thread = threading.Thread(target=others)
    thread.start()
    try:
        read()
    finally:
        over.set()
        thread.join()
    return turns


SHAPES = {
    "one string of escapes": '{"response": "' + '\\"' * 1_000_000 + '"}',
    "one string of surrogates": '{"response": "' + "\\ud83d\\ude00" * 300_000 + '"}',
    "many numbers": listed("1", 300_000),
    "many strings": listed('""', 200_000),
    "many arrays": listed("[]", 100_000),
    "objects": listed('{"a": 1}', 50_000),
}


@pytest.mark.usefixtures("swift_switches")
@pytest.mark.parametrize("shape", SHAPES)
def test_other_threads_have_their_turn_in_every_shape(shape: str) -> None:
    text = SHAPES[shape]

    assert turns_meanwhile(lambda: large_json.loads(text)) > 20
