"""The parts of a message as JSON: what a plugin read, kept as data and not as sentences."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from trinity_channels.api import Attachment, Button, Forwarded, Location, Note, NoteKind, Part, Quoted
from trinity_channels.store.part_limits import limited
from trinity_channels.store.storable import storable
from trinity_channels.visible import cleaned_name

_TYPES: dict[str, type[Part]] = {
    "attachment": Attachment,
    "button": Button,
    "forwarded": Forwarded,
    "location": Location,
    "note": Note,
    "quoted": Quoted,
}
# Fields that hold a name or a label as someone chose it, also those in a note's data.
_CHOSEN = {"author", "name", "names", "label", "address", "title", "headline", "description", "button"}
_KINDS = {kind.value for kind in NoteKind}
_NAMES = {type_: name for name, type_ in _TYPES.items()}


def dump(parts: Sequence[Part]) -> str | None:
    """The parts for the database, within the limits; None if there are none."""
    if not parts:
        return None
    described = [{"part": _NAMES[type(part)], **_named(asdict(part))} for part in limited(parts)]
    # Unescaped: in most scripts less than half as long.
    return storable(json.dumps(described, ensure_ascii=False))


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    for field, value in fields.items():
        if field in _CHOSEN:
            fields[field] = _cleaned(value)
        elif field == "data" and isinstance(value, dict):
            fields[field] = _named(value)
    return fields


def _cleaned(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_cleaned(one) for one in value]
    return cleaned_name(value) if isinstance(value, str) else value


def load(stored: str | None) -> tuple[Part, ...]:
    """The parts as `dump` wrote them; what a newer release has written is something that cannot be shown."""
    return tuple(_part(**fields) for fields in json.loads(stored)) if stored else ()


def _part(part: str, **fields: Any) -> Part:
    type_ = _TYPES.get(part)
    if type_ is None or (type_ is Note and fields.get("kind") not in _KINDS):
        return Note(NoteKind.UNSUPPORTED, {"type": str(fields.get("kind", part))})
    if type_ is Note:
        return Note(NoteKind(fields["kind"]), fields["data"])
    # Rows outlive releases: fields that a later one has added are left out.
    known = {field.name for field in dataclasses.fields(type_)}
    return type_(**{name: value for name, value in fields.items() if name in known})
