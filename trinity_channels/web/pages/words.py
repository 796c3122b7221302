"""Small words: numbers as people write them, and settings as pages name them."""

from __future__ import annotations

import re

_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
# Not where it is missing: owners look for "public_chat_url is not set" in the user guide.
_SETTING = re.compile(r"(^|\. )?(?<![/\w])public_chat_url\b(?! is not set)")


def counted(number: int) -> str:
    """A number at the beginning of a sentence: "Three", "17"."""
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else str(number)


def named(text: str) -> str:
    """A text that the host wrote with the Public Chat URL called as on its page, not as in the API; routes stay."""
    return _SETTING.sub(lambda at: f"{'the' if at[1] is None else f'{at[1]}The'} Public Chat URL", text)
