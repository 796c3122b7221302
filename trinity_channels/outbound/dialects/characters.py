"""What a character is beside a mark: space, a letter, or punctuation that opens, closes or does neither."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_QUOTES = frozenset("\"'")
_STARTS = frozenset("`\"'#@&<~¡¿")
_ENDS = frozenset(":.!?…%‰#\"'`")


@lru_cache(maxsize=4096)
def _category(character: str) -> str:
    return unicodedata.category(character)


def is_space(character: str) -> bool:
    """Whether it separates words; the edge of a text (an empty string) does."""
    return not character or character.isspace()


def is_sign(character: str) -> bool:
    """Whether it is neither space nor a letter, digit or combining mark.

    CommonMark 0.31 counts symbols (€, +, emoji) as punctuation, too. A zero-width space stands where a writer wanted a
    boundary: https://spec.commonmark.org/0.31.2/#unicode-punctuation-character.
    """
    return bool(character) and (_category(character)[0] in "PS" or character == "\u200b")


def is_uncased(character: str) -> bool:
    """Whether it is a letter of a script without upper case. Chinese or Thai has no space around bold words, either."""
    return bool(character) and _category(character) == "Lo"


def is_spaceless(character: str) -> bool:
    """Whether it belongs to a script that may go on in the next line after any of its characters."""
    return bool(character) and (unicodedata.east_asian_width(character) in "WF" or "\u0e00" <= character <= "\u109f")


def opens(character: str) -> bool:
    """Whether it is a bracket or quote at the beginning of something."""
    return character in _QUOTES or (bool(character) and _category(character) in ("Ps", "Pi"))


def closes(character: str) -> bool:
    """Whether it is a bracket or quote at the end of something."""
    return character in _QUOTES or (bool(character) and _category(character) in ("Pe", "Pf"))


def starts_text(character: str) -> bool:
    """Whether marked text may begin with this sign although no space stands before the mark."""
    return character in _STARTS or opens(character) or (not character.isascii() and _category(character)[0] == "S")


def ends_text(character: str) -> bool:
    """Whether marked text may end with this sign although a letter follows the mark."""
    if character in _ENDS or closes(character):
        return True
    return _category(character)[0] == "S" and character not in "<=>^|~$"
