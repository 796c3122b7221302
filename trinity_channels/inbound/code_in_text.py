"""Six-digit numbers in what people write, however they write them: `482 913`, `482-913.`, in the digits of any script.

What is part of a longer number does not count: a phone number, an amount with cents, a date. Nor does an address.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field

from trinity_channels.inbound.typed import BLANKS, INVISIBLE

LENGTH = 6
LONGEST = 4_096
"""Characters up to which a text is looked through: people paste a mail, but no longer text, to confirm a code."""
HIDDEN = "[code]"

_DIGIT = re.compile("[0-9]")
_WORD = re.compile(r"\S+")
# Groups of digits that stand close enough to be one number, with the separators that phones and people put there.
_JOINT = "(?: {1,3}| ?-{1,2} ?|\\) ?|[.,:/'\u2019\u00b4`\u00b7\u30fb_|])"
_NUMBER = re.compile(rf"[0-9]+(?:{_JOINT}[0-9]+)*")
# Alone in a message it may also be cut by line breaks, or have any signs between its digits or its halves.
_EDGE = r"[\s\"'*_~`()<>\[\].,:;!-]*"
_ALONE = re.compile(
    rf"{_EDGE}(?:[0-9](?:[\s-]*[0-9]){{5}}|[0-9](?:[\W_]{{1,3}}[0-9]){{5}}|[0-9]{{3}}[\W_]{{1,3}}[0-9]{{3}}){_EDGE}"
)
_SIX = re.compile("[0-9]{6}")
_THOUSANDS = re.compile(r"[0-9]{3}[^0-9 -][0-9]{3}")
_DASHES = "\u2212\u2043\u02d7\u30fc"  # U+2212 MINUS SIGN and others that look like a dash but are not one to Unicode


@dataclass(frozen=True, slots=True)
class Number:
    """A six-digit number in ASCII digits, and where it stands in the text."""

    value: str = field(repr=False)
    start: int
    end: int


def six_digit_numbers(text: str) -> tuple[Number, ...]:
    """Every six-digit number in a text, in the digits of any script."""
    # Most messages end here; the patterns below cost far more than counting digits.
    if len(text) > LONGEST or not _has_digits(text):
        return ()
    plain, places = _simplified(text)
    # Only the digits are replaced, so that every character keeps its place.
    plain = _WORD.sub(_without_address, plain)
    found = [one for cluster in _NUMBER.finditer(plain) for one in _numbers(plain, cluster)]
    # Wider than above, which is safe only where the message is nothing else.
    if not found and (alone := _ALONE.fullmatch(plain)):
        found = [alone]
    return tuple(_number(one, places) for one in found)


def only_number(text: str) -> str | None:
    """The six-digit number in a text that holds exactly one; the same one twice counts as one."""
    values = {one.value for one in six_digit_numbers(text)}
    return values.pop() if len(values) == 1 else None


def hide(text: str, values: Collection[str] | None = None) -> str:
    """The text with these six-digit numbers hidden; None means all."""
    # From the end, so that the places before it stay true.
    for one in reversed(six_digit_numbers(text)):
        if values is None or one.value in values:
            text = text[: one.start] + HIDDEN + text[one.end :]
    return text


def _has_digits(text: str) -> bool:
    # The pattern is faster, but knows ASCII digits only.
    return (len(_DIGIT.findall(text)) if text.isascii() else sum(map(str.isdigit, text))) >= LENGTH


def _without_address(word: re.Match[str]) -> str:
    is_address = "@" in word[0] or "://" in word[0] or "www." in word[0]
    return _DIGIT.sub("#", word[0]) if is_address else word[0]


def _simplified(text: str) -> tuple[str, list[int]]:
    """The text with ASCII digits, spaces and dashes, without invisible characters; and where each character stood."""
    characters, places = [], []
    for place, character in enumerate(text):
        if INVISIBLE.match(character):
            continue
        characters.append(_simple(character))
        # A simplified text may be shorter; codes are hidden in the original.
        places.append(place)
    return "".join(characters), places


def _simple(character: str) -> str:
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    if character.isascii():
        return character
    if character.isspace() or character in BLANKS:
        # Line breaks of other systems; a break separates numbers that a space would join.
        return "\n" if character in "\u2028\u2029\x85" else " "
    return "-" if character in _DASHES or unicodedata.category(character) == "Pd" else character


def _numbers(plain: str, cluster: re.Match[str]) -> list[re.Match[str]]:
    """The six-digit numbers in digits that stand together: one, none, or one a group if each has six digits."""
    groups = re.findall("[0-9]+", cluster[0])
    # Several groups of six are several codes: people forward two mails, or paste one twice.
    if len(groups) > 1 and {len(one) for one in groups} == {LENGTH}:
        return list(_SIX.finditer(plain, *cluster.span()))
    return [cluster] if sum(map(len, groups)) == LENGTH and _is_code(plain, cluster) else []


def _is_code(plain: str, found: re.Match[str]) -> bool:
    text = found[0]
    before, after = plain[max(found.start() - 3, 0) : found.start()], plain[found.end() : found.end() + 3]
    # A telephone number, a price, a percentage.
    if before.endswith("+") or _is_amount(before.rstrip(" ")[-1:]) or _is_amount(after.lstrip(" ")[:1]):
        return False
    return re.fullmatch("[0-9 -]+", text) is not None or _THOUSANDS.fullmatch(text) is not None


def _is_amount(character: str) -> bool:
    return bool(character) and (character == "%" or unicodedata.category(character) == "Sc")


def _number(found: re.Match[str], places: list[int]) -> Number:
    digits = [index for index, character in enumerate(found[0], found.start()) if character.isdecimal()]
    value = "".join(found[0][index - found.start()] for index in digits)
    return Number(value, places[digits[0]], places[digits[-1]] + 1)
