"""Text that every database takes."""

from __future__ import annotations


def storable(text: str) -> str:
    """The text without NUL and halves of surrogate pairs, which people's phones and agents' JSON can hold."""
    # Nearly every text; this check costs far less than the conversion.
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()
