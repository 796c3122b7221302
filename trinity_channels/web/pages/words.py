"""Small words: numbers as people write them."""

from __future__ import annotations

_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def counted(number: int) -> str:
    """A number at the beginning of a sentence: "Three", "17"."""
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else str(number)
