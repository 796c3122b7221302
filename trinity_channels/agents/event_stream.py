"""The JSON values in the body of an answer: one document, or the events of a stream that was not asked for.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from trinity_channels.agents import large_json

# Not str.splitlines: a JSON string may hold U+2028 and its like as they are.
_LINE_END = re.compile(r"\r\n|\n|\r")
_DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class Documents:
    """What a body holds: its JSON values in order, and whether the last one has been reached without damage.

    `ended` of a stream says that it has its `[DONE]`, which servers are known to leave out.
    """

    values: tuple[Any, ...] = field(repr=False)
    ended: bool = True
    damaged: bool = False


def documents(text: str) -> Documents:
    """Read a body as one JSON document, also with comment lines before it, or as an event stream."""
    lines = _LINE_END.split(text)
    uncommented = "\n".join(line for line in lines if not line.startswith(":"))
    for body in (text, uncommented):
        # Usually the body is one document; only servers that ignore `"stream": false` send events.
        if (document := _parsed(body)) is not None:
            return Documents((document,))
    values: list[Any] = []
    ended = damaged = False
    for event in _events(lines):
        if event.strip('"').upper() == _DONE:
            ended = True
        elif (value := _parsed(event)) is not None:
            values.append(value)
        elif event.startswith("{"):  # anything else is a heartbeat
            damaged = True
    return Documents(tuple(values), ended, damaged)


def _events(lines: list[str]) -> Iterator[str]:
    """The data of each event; that of an event named `error` as an error object."""
    name, data = "", list[str]()
    for line in [*map(str.lstrip, lines), ""]:
        if line.startswith(
            ("data:", "{")
        ):  # some servers write an event, or a document before `[DONE]`, without its name
            data.append(line.removeprefix("data:").strip())
        elif line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif not line.strip():
            yield from (_as_error(one) if name == "error" else one for one in _split(data))
            name, data = "", []


def _split(data: list[str]) -> list[str]:
    """One event's data in one piece, or each line by itself where a server leaves out the empty lines between events."""
    joined = "\n".join(data)
    return [joined] if len(data) < 2 or _parsed(joined) is not None else data  # noqa: PLR2004  two lines are several


def _as_error(data: str) -> str:
    value = _parsed(data)
    told = isinstance(value, dict) and value.get("error")
    return data if told else json.dumps({"error": data if value is None else value})


def _parsed(text: str) -> Any:
    """A JSON value; None for what is none, and for null."""
    try:
        return large_json.loads(text)
    except (ValueError, RecursionError):
        return None
