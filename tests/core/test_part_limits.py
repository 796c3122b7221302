"""What comes with a message is kept short, whatever a plugin hands over, and read back whatever was stored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_channels.api import Attachment, Button, Forwarded, Location, Note, NoteKind, Part, Quoted
from trinity_channels.store import parts
from trinity_channels.store.part_limits import LABEL, MOST, NAME, QUOTE, TEXT, cut, limited


def kept(*given_parts: Any) -> tuple[Part, ...]:
    """The parts as an agent gets them: stored and loaded."""
    return parts.load(parts.dump(given_parts))


@pytest.mark.parametrize(
    "part",
    [
        Quoted("the shop is closed", author="Sam", by_agent=True, provider_id="x"),
        Quoted("q" * QUOTE),
        Forwarded("News", "prices rise"),
        Forwarded("", "f" * TEXT),
        Location(52.5, 13.4, "Office", "Main Street 1"),
        Button("Yes", "order:yes"),
        Attachment("ref" * 500, "image/jpeg", "photo.jpg", 1000),
        Note(NoteKind.FORM, {"answers": {"rooms": 2, "sea view": True, "comment": None, "nights": [1, 2.5]}}),
        Note(NoteKind.CHECKLIST, {"title": "Party", "tasks": [{"text": "cake", "done": True}]}),
        Note(NoteKind.POLL, {"question": "?", "options": [str(number) for number in range(MOST)]}),
    ],
)
def test_what_is_short_stays_as_it_is(part: Part) -> None:
    assert kept(part) == (part,)


@pytest.mark.parametrize(
    ("part", "field", "most"),
    [
        (Quoted("x" * 5000), "text", QUOTE),
        (Quoted("x", author="x" * 500), "author", NAME),
        (Forwarded("", "x" * 50_000), "text", TEXT),
        (Forwarded("x" * 500), "author", NAME),
        (Location(1, 2, "x" * 500), "label", LABEL),
        (Location(1, 2, "", "x" * 500), "address", LABEL),
        (Button("x" * 5000), "text", LABEL),
        (Button("", "x" * 5000), "payload", LABEL),
        (Attachment("ref", "image/jpeg", "x" * 5000), "name", LABEL),
        (Attachment("ref", "x" * 5000), "media_type", NAME),
    ],
)
def test_what_is_long_is_cut_and_says_so(part: Part, field: str, most: int) -> None:
    (found,) = kept(part)

    assert getattr(found, field) == "x" * (most - 1) + "…"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"text": "x" * 20_000}, {"text": "x" * (TEXT - 1) + "…"}),
        ({"items": list(range(60))}, {"items": [*range(MOST), "… 10 more"]}),
        ({"x" * 200: 1}, {"x" * (NAME - 1) + "…": 1}),
        ({"a": (1, 2)}, {"a": [1, 2]}),
        ({"a": b"bytes"}, {"a": "b'bytes'"}),
        ({"a": float("nan"), "b": float("inf")}, {"a": "nan", "b": "inf"}),
        ({1: {2: 3}}, {"1": {"2": 3}}),
        ({"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}, {"a": {"b": {"c": {"d": {"e": {"f": "{'g': 1}"}}}}}}),
    ],
)
def test_a_note_s_data_is_json_of_a_bounded_size(data: Any, expected: Any) -> None:
    (found,) = kept(Note(NoteKind.OTHER, data))

    assert found == Note(NoteKind.OTHER, expected)


def test_more_parts_than_are_kept_are_counted() -> None:
    found = kept(*[Attachment(str(number), "image/jpeg") for number in range(70)])

    assert len(found) == MOST + 1
    assert found[-1] == Note(NoteKind.OTHER, {"text": "sent 20 more parts"})


@dataclass(frozen=True)
class Hologram:
    """A part of a contract that this host does not know."""

    size: int = 1


def test_a_part_of_another_contract_is_something_that_cannot_be_shown() -> None:
    assert kept(Hologram()) == (Note(NoteKind.UNSUPPORTED, {"type": "Hologram"}),)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"part": "hologram", "size": 1}, Note(NoteKind.UNSUPPORTED, {"type": "hologram"})),
        ({"part": "note", "kind": "smell", "data": {}}, Note(NoteKind.UNSUPPORTED, {"type": "smell"})),
        ({"part": "button", "text": "Yes", "payload": "y", "colour": "red"}, Button("Yes", "y")),
    ],
)
def test_what_a_newer_release_has_stored_can_be_read(stored: dict[str, Any], expected: Part) -> None:
    assert parts.load(json.dumps([stored])) == (expected,)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), _JSON))
def test_any_data_can_be_stored_and_read_back(data: dict[str, Any]) -> None:
    (found,) = kept(Note(NoteKind.WEB_APP, data))

    assert limited((found,)) == (found,)


@given(st.text(), st.integers(1, 50))
def test_a_cut_text_is_never_longer_than_it_may_be(text: str, most: int) -> None:
    assert len(cut(text, most)) <= most
