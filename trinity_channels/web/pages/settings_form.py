"""The form for a channel's settings, made from the model in its manifest: no channel has a form of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from trinity_channels.api import Channel, FieldHint
from trinity_channels.bindings.given_settings import needed_by, secret_names
from trinity_channels.web.pages.form import Form

FORGET = "forget-"
"""What the check boxes are called that take a stored, optional secret away."""


@dataclass(frozen=True, slots=True)
class Field:
    """One setting.

    Attributes:
        name: in the model and the API.
        label: what people call it.
        help: where it is found and how it looks.
        kind: text, password, number, checkbox or select.
        required: whether it must be filled in; never a secret that is stored.
        value: what stands in it, always empty for secrets.
        example: how it looks.
        options: of a select.
        stored: it is a secret, and one is stored.
        needed: the channel does not work without it.
        problem: what is wrong with what was entered, empty if nothing is.
        help_url: where the provider says how to find it, empty if nowhere.
        multiline: it has several lines.
        only: the way of receiving messages that it belongs to, empty for both.
        essential: that way does not work without it.
    """

    name: str
    label: str
    help: str
    kind: str
    required: bool
    value: str
    example: str
    options: tuple[str, ...]
    stored: bool
    needed: bool
    problem: str
    help_url: str
    multiline: bool
    only: str
    essential: bool


class SettingsForm:
    """The fields of one channel."""

    def __init__(self, manifest: Channel) -> None:
        self._secrets = secret_names(manifest)
        self._hints = manifest.form
        schema = manifest.settings.model_json_schema()
        self._defs: Mapping[str, Any] = schema.get("$defs", {})
        self._properties: Mapping[str, Any] = schema.get("properties", {})
        self._required = frozenset(schema.get("required", ()))

    def fields(
        self,
        values: Mapping[str, object],
        stored: Collection[str] = (),
        problems: Mapping[str, str] | None = None,
    ) -> list[Field]:
        """The fields in the order of their hints, then of the model.

        Args:
            values: of the settings that are not secret.
            stored: the secrets of which one is stored.
            problems: by field, what is wrong with it.
        """
        return [self._field(name, values.get(name), name in stored, (problems or {}).get(name, "")) for name in self]

    def __iter__(self) -> Any:
        """The names of the settings, in the order of the form."""
        return iter(sorted(self._properties, key=lambda name: self._hint(name).order))

    def _hint(self, name: str) -> FieldHint:
        return self._hints.get(name, FieldHint())

    def given(self, form: Form, stored: Collection[str] = ()) -> dict[str, object]:
        """What a form sent, as the API takes it."""
        found: dict[str, object] = {}
        for name in self:
            if self._kind(name) == "checkbox":
                found[name] = form.ticked(name)
            elif text := form.text(name):
                # Browsers end the lines of a text as HTTP does.
                found[name] = text.replace("\r\n", "\n") if self._hint(name).multiline else text
            # Null takes an optional secret away; one that is left out stays.
            elif name in stored and form.ticked(FORGET + name):
                found[name] = None
        return found

    def plain(self, given: Mapping[str, object], problems: Collection[str] = ()) -> dict[str, object]:
        """What may be shown again of what was entered: no secrets, and nothing that may be one in the wrong field."""
        return {name: value for name, value in given.items() if name not in self._secrets and name not in problems}

    def example(self) -> dict[str, object]:
        """A body for the API, with placeholders."""
        required = [name for name in self if name in self._required]
        return {name: str(next(iter(self._schema(name).get("examples", ())), "…")) for name in required}

    def _field(self, name: str, value: object, stored: bool, problem: str) -> Field:
        schema = self._schema(name)
        kind = self._kind(name)
        shown = schema.get("default") if value is None else value
        return Field(
            name=name,
            label=str(schema.get("title") or name),
            help=str(schema.get("description", "")),
            kind=kind,
            required=name in self._required and not stored and kind != "checkbox",
            value="" if name in self._secrets or shown is None or shown is False else str(shown),
            example="" if name in self._secrets else str(next(iter(schema.get("examples", ())), "")),
            options=tuple(str(one) for one in self._type(name).get("enum", ())),
            stored=stored,
            needed=name in self._required,
            problem=problem,
            help_url=self._hint(name).help_url,
            multiline=self._hint(name).multiline,
            only=self._hint(name).only or "",
            essential=bool(needed_by(self._hints, name)),
        )

    def _kind(self, name: str) -> str:
        if name in self._secrets:
            return "password"
        type_ = self._type(name)
        if "enum" in type_:
            return "select"
        kinds = {"boolean": "checkbox", "integer": "number", "number": "number"}
        return kinds.get(str(type_.get("type")), "text")

    def _schema(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._properties[name]
        return found

    def _type(self, name: str) -> Mapping[str, Any]:
        """What describes the value: of an optional setting the part that is not null, of an enumeration its definition."""
        schema = self._schema(name)
        schema = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
        ref = schema.get("$ref", "").rpartition("/")[2]
        found: Mapping[str, Any] = self._defs.get(ref, schema)
        return found
