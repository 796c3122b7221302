"""What an owner enters to connect a channel, read as the plugin's model; errors never quote a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from pydantic import BaseModel, SecretStr, ValidationError

from trinity_channels.api import Channel, ConfigurationError, FieldHint
from trinity_channels.plugins import LISTENS

_WORDS = {
    "string_pattern_mismatch": "This does not have the form that is described.",
    "string_too_short": "This is too short.",
    "string_too_long": "This is too long.",
    "int_parsing": "Enter a whole number.",
    "float_parsing": "Enter a number.",
    "bool_parsing": "Choose yes or no.",
}
"""For people who fill in a form, in place of pydantic's words; the API has those."""
_UNKNOWN = "extra_forbidden"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field; `field` is empty where several do not fit together. `kind` is pydantic's."""

    field: str
    kind: str
    sentence: str

    @property
    def words(self) -> str:
        """The same beside the field, whose name need not be repeated."""
        if self.kind == "missing":
            return "This is missing."
        return _WORDS.get(self.kind, self.sentence)


class InvalidSettings(ConfigurationError):
    """Settings that the channel's model does not take; says the first problem, and has all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].sentence, field=problems[0].field or None)
        self.problems = tuple(problems)


def needed_by(hints: Mapping[str, FieldHint], name: str) -> str:
    """The one way of receiving messages that cannot do without a setting, `webhook` or `listen`; empty if it is of neither.

    A second secret for a rotation belongs to a way, and is needed by none.
    """
    hint = hints.get(name)
    return (hint.only or "") if hint and not name.endswith("_secondary") else ""


def secret_names(manifest: Channel) -> set[str]:
    """The settings of a channel that are secret."""
    return {
        name
        for name, field in manifest.settings.model_fields.items()
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    }


def left_out(secrets: Mapping[str, str], given: Mapping[str, object]) -> list[str]:
    """The stored secrets that stay; a form leaves a field empty for that."""
    # An explicit null is not in here: it takes an optional secret away.
    return [name for name in secrets if given.get(name, "") == ""]


def way_in(given: Mapping[str, object]) -> tuple[dict[str, object], bool | None]:
    """The settings in what was given, and the way in which messages are to come beside them; None: as it is.

    Raises:
        ConfigurationError: it is said in another way than true or false.
    """
    settings = dict(given)
    listens = settings.pop(LISTENS, None)
    if not isinstance(listens, bool | None):
        raise ConfigurationError(f"{LISTENS} must be true or false.", field=LISTENS)
    return settings, listens


def parse(manifest: Channel, given: Mapping[str, object], kept: Mapping[str, SecretStr]) -> BaseModel:
    """Settings as the plugin's model, kept secrets filled in; null takes an optional secret away.

    Raises:
        InvalidSettings: naming the wrong fields and what they should be, never their values.
    """
    values = dict(given)
    for name, secret in kept.items():
        values[name] = secret.get_secret_value()
    try:
        return manifest.settings.model_validate(values)
    except ValidationError as error:
        # pydantic would quote what was entered, which may be a token in the wrong field.
        found = error.errors(include_input=False, include_context=False, include_url=False)
        wrong = [_problem(one["type"], str(one["msg"]), one["loc"]) for one in found if one["type"] != _UNKNOWN]
        unknown = [str(one["loc"][0]) for one in found if one["type"] == _UNKNOWN]
        # All of them are one problem: its sentence is the same for each.
        wrong += [Problem(name, _UNKNOWN, unknown_field(manifest.settings.model_fields)) for name in unknown[:1]]
        raise InvalidSettings(wrong) from None


def unknown_field(known: Iterable[str]) -> str:
    """What is said of fields that there are not; their names may be secrets in the wrong place, and are not quoted."""
    return f"There is an unknown field. Known are: {', '.join(known)}."


def _problem(kind: str, message: str, place: tuple[int | str, ...]) -> Problem:
    field = str(place[0]) if place else ""
    sentence = f"{field} is missing." if kind == "missing" else message.removeprefix("Value error, ")
    return Problem(field, kind, sentence)
