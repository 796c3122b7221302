"""One event of a stream that a page follows.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import re

_BREAK = re.compile(r"\r\n|\r|\n")
"""What ends a line of a stream. `str.splitlines` splits at more characters, which the text would lose."""


def server_event(text: str, event_id: str = "") -> str:
    """An event whose data is exactly the text, with its empty lines and the blanks at the beginning of its lines."""
    name = f"id: {event_id}\n" if event_id else ""
    lines = "".join(f"data: {line}\n" for line in _BREAK.split(text))
    return f"{name}{lines}\n"
