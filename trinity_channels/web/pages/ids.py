"""Ids of rows in the addresses and forms of pages."""

from __future__ import annotations

from starlette.exceptions import HTTPException

_LONGEST = 18
"""Digits; every such number fits into the database."""


def row_id(text: str) -> int:
    """The number that a text is.

    Raises:
        HTTPException: 404, no row has such an id.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST):
        raise HTTPException(404)
    return int(text)
