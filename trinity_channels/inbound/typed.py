"""Text as people see it who typed it: without the invisible characters that keyboards, clipboards and apps leave in it."""

from __future__ import annotations

import re
import unicodedata

# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt (Default_Ignorable_Code_Point) without joiners,
# fillers and what takes up room; control characters; the marks that make a keycap or a circle of a character.
_INVISIBLE = (
    "\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u20dd-\u20e4\ufe00-\ufe0f\ufeff\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# Joiners are part of words in some scripts; beside ASCII they are leftovers.
_JOINERS = "(?<![^\0-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\0-\x7f])"
_REMOVED = re.compile(f"[{_INVISIBLE}]+|{_JOINERS}")
BLANKS = "\u2800\u3164\u115f\u1160\uffa0"
"""Letters and symbols that show nothing but take up room: a Braille pattern and the Hangul fillers."""
_TO_SPACES = str.maketrans(dict.fromkeys(BLANKS, " "))
INVISIBLE = re.compile(f"[{_INVISIBLE}\u200c\u200d]")
"""A character without a width of its own."""


def seen(text: str) -> str:
    """The text without invisible characters, with blank letters as spaces, and no space around it."""
    if not (text.isascii() and text.isprintable()):  # most texts need no second look
        text = _REMOVED.sub("", text).translate(_TO_SPACES)
    return text.strip()


def without_widths(text: str) -> str:
    """The text with full-width, half-width and small forms as the usual letters and signs, such as U+FF20 as `@`.

    Such a form is the same letter in another width. Letters of other styles and alphabets stay as they are, for those
    may be chosen to deceive.
    """
    return text if text.isascii() else "".join(map(_usual_width, text)).replace("\u3002", ".")


def _usual_width(character: str) -> str:
    if unicodedata.decomposition(character).startswith(("<wide>", "<narrow>", "<small>")):
        return unicodedata.normalize("NFKC", character)
    return character
