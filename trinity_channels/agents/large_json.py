"""JSON of any size and shape, read so that everything else goes on: in a thread, in steps of a few milliseconds.

The decoder in C holds the interpreter's lock to its end, in a thread too: an array of two million empty arrays takes it a
second. The one in Python gives way between any two values; it is several times slower, so it reads large documents only.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from json import decoder, scanner
from typing import Any, TypeVar

T = TypeVar("T")

# The parts of the decoder in Python; type checkers do not know them, for they are not documented.
_OBJECT, _ARRAY, _MAKE_SCANNER = (
    vars(decoder)["JSONObject"],
    vars(decoder)["JSONArray"],
    vars(scanner)["py_make_scanner"],
)
_SCAN_STRING: Callable[..., tuple[str, int]] = vars(decoder)["scanstring"]
_SHORT = 4096
LARGE = 100_000
"""Bytes or characters: to decode them in C takes about a millisecond in usual shapes, fourteen in the worst."""
MOST = 250_000
"""Arrays and objects in a large document: more of them hold everything up when their memory is looked through and freed."""
# Some of a string, which ends neither in an escape nor between the two halves of a surrogate pair.
_SOME = re.compile(
    r"""(?: [^"\\]{1,4096}
        | \\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}
        | \\u[0-9a-fA-F]{4}
        | \\[^u]
        ){0,4000}""",
    re.VERBOSE | re.DOTALL,
)


async def in_thread_if_large(size: int, read: Callable[[], T]) -> T:
    """What `read` makes of a document of this size, in a thread if that takes long; errors as `read`."""
    return read() if size <= LARGE else await asyncio.to_thread(read)


def loads(text: str) -> object:
    """The document.

    Raises:
        ValueError: it is not JSON, or has too many parts.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text) if len(text) <= LARGE else _Stepwise().decode(text)


class _Stepwise(json.JSONDecoder):
    """Decodes one document."""

    def __init__(self) -> None:
        super().__init__()
        self._containers = 0
        self.parse_object = self._counted(_OBJECT)
        self.parse_array = self._counted(_ARRAY)
        self.parse_string = _string
        # It calls the functions of this object, and the one in C does not.
        self.scan_once = _MAKE_SCANNER(self)

    def _counted(self, parse: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            self._containers += 1
            if self._containers > MOST:
                raise ValueError(f"more than {MOST} arrays and objects")
            return parse(*args)

        return counted


def _string(text: str, begin: int, strict: bool = True) -> tuple[str, int]:
    """The string whose first character is at `begin`, and where it ends; errors as the decoder in C."""
    quote = text.find('"', begin, begin + _SHORT)
    if quote >= 0 and text[quote - 1] != "\\":  # most strings are short, and end here
        return _SCAN_STRING(text, begin, strict)
    parts: list[str] = []
    while True:
        end = _end_of_some(text, begin)
        # The end of the string, or of the document, or something that cannot be there, which it says best itself.
        if end == begin or text[end : end + 1] in {'"', ""}:
            rest, end = _SCAN_STRING(text, begin, strict)
            return "".join([*parts, rest]), end
        parts.append(_SCAN_STRING(f'{text[begin:end]}"', 0, strict)[0])
        begin = end


def _end_of_some(text: str, begin: int) -> int:
    found = _SOME.match(text, begin)
    return found.end() if found else begin
