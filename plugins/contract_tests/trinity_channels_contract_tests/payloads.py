"""The payload of a request as a tree: where its ids and kinds stand, and the same request with one of them changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from trinity_channels.api import MessageReceived, Request

Path = tuple[str | int, ...]
KINDS = ("type", "kind")
"""How the names of fields end that say what something is."""


class Payload:
    """What a request holds: JSON, or the fields of a form."""

    def __init__(self, request: Request) -> None:
        self._request = request
        try:
            self.value: Any = json.loads(request.body)
            self.is_json = True
        except ValueError:
            self.value = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
            self.is_json = False

    def request(self, value: Any) -> Request:
        """The same request with another payload; not signed."""
        body = json.dumps(value) if self.is_json else urlencode({name: _word(one) for name, one in value.items()})
        return replace(self._request, body=body.encode())


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Everything that holds nothing further, by where it stands."""
    if isinstance(value, dict | list):
        for key, held in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(held, (*path, key))
    else:
        yield path, value


def lists(value: Any, path: Path = ()) -> Iterator[tuple[Path, list[Any]]]:
    """Every list, the outer ones first."""
    if isinstance(value, list):
        yield path, value
    if isinstance(value, dict | list):
        for key, held in value.items() if isinstance(value, dict) else enumerate(value):
            yield from lists(held, (*path, key))


def put(value: Any, path: Path, new: Any) -> Any:
    """A copy with `new` at a place."""
    if not path:
        return new
    copy: Any = list(value) if isinstance(value, list) else dict(value)
    copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy


def without(value: Any, path: Path) -> Any:
    """A copy that lacks the field at a place; an element of a list becomes null."""
    parent = at(value, path[:-1])
    if isinstance(parent, list):
        return put(value, path, None)
    return put(value, path[:-1], {name: held for name, held in parent.items() if name != path[-1]})


def at(value: Any, path: Path) -> Any:
    """What stands at a place."""
    for key in path:
        value = value[key]
    return value


def place(path: Path) -> str:
    """A place in words."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path) or "the whole"


def kinds(value: Any) -> Iterator[tuple[Path, Any]]:
    """The fields that say what something is, such as `type`, `messageType` and `event_type`."""
    for path, leaf in leaves(value):
        name = next((key for key in reversed(path) if isinstance(key, str)), "")
        if name.lower().endswith(KINDS) and isinstance(leaf, str | int) and not isinstance(leaf, bool):
            yield path, leaf


def names_person(leaf: object, message: MessageReceived, other: MessageReceived) -> bool:
    """Whether a value is part of who wrote `message`, and not of who wrote `other`."""
    return _names(leaf, _people(message)) and not _names(leaf, _people(other))


def names_message(leaf: object, message: MessageReceived) -> bool:
    """Whether a value is part of a message's id."""
    return _names(leaf, (message.event_id, message.provider_id))


def _people(message: MessageReceived) -> Collection[str]:
    return [one for one in (message.sender.address, message.sender.stable) if one]


def _names(leaf: object, ids: Collection[str]) -> bool:
    if isinstance(leaf, bool) or not isinstance(leaf, str | int) or not (word := str(leaf)):
        return False
    # A plugin may put something before an id, or take something off it.
    return any(word in one or one in word for one in ids)


def widened(value: Any) -> Any:
    """A copy with a field more in every object."""
    if isinstance(value, dict):
        return {name: widened(held) for name, held in value.items()} | {"added_tomorrow": {"deep": [1]}}
    return [widened(held) for held in value] if isinstance(value, list) else value
