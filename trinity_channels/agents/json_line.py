"""JSON on one line, also for readers that take more characters for a line end than JSON escapes."""

from __future__ import annotations

import json

_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


def json_line(value: object, *, compact: bool = False) -> str:
    """A value as JSON, in which no text can begin a line; `compact` leaves out the spaces between values."""
    separators = (",", ":") if compact else None
    return json.dumps(value, ensure_ascii=False, separators=separators).translate(_LINE_ENDS)
