"""Recorded webhook requests: `<event>__<case>.http` files, each with an `.expected.json` beside it.

A `.http` file is a raw request. Its lines end with LF, and the last LF does not belong to the body. The expectation holds
the events without `raw` and without empty fields, and the response; or the error.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from pathlib import Path

from trinity_channels.api import Binding, ChannelError, Inbound, Request


class Recorded:
    """The recorded requests of one folder.

    Args:
        folder: holds the files.
        received_at: when the requests arrived, for signatures that are good for a time only.
    """

    def __init__(self, folder: Path, received_at: datetime | None = None) -> None:
        self._folder = folder
        self._received_at = received_at

    def names(self) -> list[str]:
        """All requests by their file's name without its ending, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.http"))

    def expectations(self) -> list[str]:
        """All expectations, named as `names` does."""
        return sorted(path.name.removesuffix(".expected.json") for path in self._folder.glob("*.json"))

    def request(self, name: str) -> Request:
        """One request, as the host would pass it to `receive`: `https`, header names in lower case."""
        head, _, body = (self._folder / f"{name}.http").read_bytes().removesuffix(b"\n").partition(b"\n\n")
        first, *lines = head.decode().splitlines()
        method, target, _ = first.split(" ")
        headers = {key.lower(): value for key, value in (line.split(": ", 1) for line in lines)}
        return Request(method, f"https://{headers['host']}{target}", headers, body, self._received_at)

    def expected(self, name: str) -> object:
        """What must become of a request."""
        return json.loads((self._folder / f"{name}.expected.json").read_text(encoding="utf-8"))

    def outcome(self, name: str, receive: Callable[[Binding, Request], Inbound], binding: Binding) -> object:
        """What becomes of a request, in the form of an expectation."""
        try:
            inbound = receive(binding, self.request(name))
        except ChannelError as error:
            return {"error": type(error).__name__, "message": error.message}
        return {
            "events": [{type(event).__name__: _plain(event)} for event in inbound.events],
            "response": {"status": inbound.response.status, "body": inbound.response.body.decode()},
        }


def _plain(value: object) -> object:
    """A value as JSON, without its empty fields."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value) if one.name != "raw"}
        return {name: _plain(held) for name, held in fields.items() if held not in (None, "", ()) and held is not False}
    return value
