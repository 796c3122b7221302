"""What a form sends."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

_MOST_DIGITS = 18
"""Digits of an id: one more, and it might be more than a database takes."""
LARGEST = 65_536
"""Bytes of a form; no page of ours sends more."""
MOST_FIELDS = 1000
_TYPE = "application/x-www-form-urlencoded"


class Form:
    """The fields of a form, by name. What is missing reads as empty: browsers leave out what is not ticked."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """A field's value, without blanks around it."""
        return self._fields.get(name, [""])[0].strip()

    def every(self, name: str) -> list[str]:
        """All values of a field that may be given several times."""
        return list(self._fields.get(name, []))

    def ticked(self, name: str) -> bool:
        """Whether a check box is ticked."""
        return name in self._fields


def row_id(given: str) -> int:
    """The id of a row as an address or a field has it; 0, which no row has, for anything else."""
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _MOST_DIGITS else 0


async def read_form(request: Request) -> Form:
    """The form that a request brings.

    Raises:
        HTTPException: 413 or 415, for no page of ours sends such a thing.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise HTTPException(413, "This form is too large.")
    if not body:
        return Form({})
    if kind != _TYPE:
        raise HTTPException(415, "This is not a form of these pages.")
    try:
        # latin-1 takes every byte; what is not ASCII comes percent-encoded, and is decoded as UTF-8.
        fields = parse_qs(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError:
        raise HTTPException(413, "This form has too many fields.") from None
    return Form(fields)
