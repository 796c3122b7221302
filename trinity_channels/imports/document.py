"""The document that is imported: its rows as their sender wrote them, checked for their form.

docs/reference/import.md describes it. Field names of accounts are those of the channels' settings, so that no channel has to
say anything about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from trinity_channels.bindings.given_settings import unknown_field
from trinity_channels.email_address import normalise_email
from trinity_channels.imports.problems import Problems

VERSION = 1
"""Of the document's form."""
MOST_CONTACTS = 10_000
"""In one document: all are written in one transaction, for which everything else waits."""
MOST_BINDINGS = 200
"""In one document: the provider of each is asked while the import waits."""
MOST_ROWS = 10_000
"""Of each other kind."""
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_KEY = re.compile(r"[A-Za-z0-9_.~-]{16,200}")
_TOKEN = re.compile(r"[!-~]{1,256}")

Row = TypeVar("Row", bound=BaseModel)


def _written(value: object) -> object:
    # pydantic would take a number for seconds or milliseconds since 1970, as its size suggests.
    if not isinstance(value, str):
        raise ValueError("must be a text such as 2026-03-02T09:00:00Z")  # noqa: TRY004  pydantic takes ValueError alone
    return value


def _aware(at: datetime) -> datetime:
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at < _FIRST:
        raise ValueError("is before the year 2000")
    return at


def _key(secret: SecretStr) -> SecretStr:
    # What stands in addresses as it is, and is more than someone could guess.
    if not _KEY.fullmatch(secret.get_secret_value()):
        raise ValueError("must be 16 to 200 letters, digits, -, _, . or ~: the end of the webhook's address")
    return secret


def _token(secret: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(secret.get_secret_value()):
        raise ValueError("must be 1 to 256 characters of ASCII without a blank")
    return secret


Moment = Annotated[datetime, AfterValidator(_aware), BeforeValidator(_written)]
Email = Annotated[str, Field(max_length=254), AfterValidator(normalise_email)]
AgentName = Annotated[str, Field(min_length=1, max_length=200)]


class GivenRow(BaseModel):
    """A row; unknown fields are refused, for they may be known ones misspelled."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class GivenContact(GivenRow):
    """A person who wrote: their address as the channel writes it, and what they have proved.

    `stable`: the messenger never gives the address to another person.
    """

    address: str = Field(min_length=1, max_length=200)
    stable: bool = False
    name: str | None = Field(None, max_length=1000)
    verified_email: Email | None = None
    verified_at: Moment | None = None
    last_active: Moment | None = None


class GivenBinding(GivenRow):
    """An agent on a channel. Each of its contacts is checked by itself."""

    agent: AgentName
    owner: str | None = Field(None, max_length=254)
    channel: str = Field(max_length=64)
    settings: dict[str, Any] = Field(max_length=50)
    webhook_secret: Annotated[SecretStr, AfterValidator(_key)] | None = None
    webhook_token: Annotated[SecretStr, AfterValidator(_token)] | None = None
    contacts: list[Any] = []


class GivenPolicy(GivenRow):
    """Who may chat with an agent, as the platform says it."""

    agent: AgentName
    require_email: bool
    open_access: bool
    group_auth_mode: Literal["none", "any_verified"] = "none"


class GivenShare(GivenRow):
    """An e-mail that may use an agent, and whether the agent may write to it first."""

    agent: AgentName
    email: Email
    allow_proactive: bool = False


@dataclass(frozen=True, slots=True)
class DocumentRow(Generic[Row]):
    """A row, and what its problems are told of: `bindings[3]`. Only bindings have contacts."""

    place: str
    row: Row
    contacts: tuple[DocumentRow[GivenContact], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """Rows whose form is right. `unruled` are the agents that have a policy whose form is not."""

    bindings: tuple[DocumentRow[GivenBinding], ...]
    policies: tuple[DocumentRow[GivenPolicy], ...]
    shares: tuple[DocumentRow[GivenShare], ...]
    unruled: frozenset[str] = frozenset()


def read(given: Mapping[str, Any], problems: Problems) -> Document:
    """Read a document; what is wrong with the form of rows is added to the problems, and they are left out.

    Raises:
        ImportRefused: something is wrong with the whole of it.
    """
    known = ("version", "bindings", "policies", "shares")
    if any(one not in known for one in given):
        problems.add_to_whole("The document", unknown_field(known))
    if type(version := given.get("version")) is not int or version != VERSION:
        problems.add_to_whole("version", f"must be {VERSION}: the form of the document that this release reads.")
    found = tuple(_rows(given, "bindings", GivenBinding, problems, MOST_BINDINGS))
    bindings = tuple(_with_contacts(found, problems))
    policies = tuple(_rows(given, "policies", GivenPolicy, problems))
    shares = tuple(_rows(given, "shares", GivenShare, problems))
    problems.refuse_whole()
    return Document(bindings, policies, shares, _unruled(given.get("policies", []), policies))


def _unruled(given: list[Any], read: tuple[DocumentRow[GivenPolicy], ...]) -> frozenset[str]:
    places = {one.place for one in read}
    rest = (row for number, row in enumerate(given) if f"policies[{number}]" not in places)
    named = (row.get("agent") if isinstance(row, dict) else None for row in rest)
    return frozenset(one if isinstance(one, str) else "" for one in named)


def _with_contacts(
    found: tuple[DocumentRow[GivenBinding], ...], problems: Problems
) -> Iterator[DocumentRow[GivenBinding]]:
    if sum(len(one.row.contacts) for one in found) > MOST_CONTACTS:
        problems.add_to_whole(
            "contacts",
            f"A document may have at most {MOST_CONTACTS} of them in all. Import the others with a second document, which "
            "has their bindings again.",
        )
        return
    for one in found:
        contacts = _each(one.row.contacts, f"{one.place}.contacts", GivenContact, problems)
        yield replace(one, contacts=tuple(contacts))


def _rows(
    given: Mapping[str, Any], name: str, kind: type[Row], problems: Problems, most: int = MOST_ROWS
) -> Iterator[DocumentRow[Row]]:
    rows = given.get(name, [])
    if not isinstance(rows, list):
        problems.add_to_whole(name, "must be a list.")
    elif len(rows) > most:
        problems.add_to_whole(
            name, f"A document may have at most {most} of them. Import the others with a second document."
        )
    else:
        yield from _each(rows, name, kind, problems)


def _each(rows: list[Any], name: str, kind: type[Row], problems: Problems) -> Iterator[DocumentRow[Row]]:
    for number, row in enumerate(rows):
        place = f"{name}[{number}]"
        try:
            yield DocumentRow(place, kind.model_validate(row))
        except ValidationError as error:
            _add_errors(error, place, kind, problems)


def _add_errors(error: ValidationError, place: str, kind: type[Row], problems: Problems) -> None:
    found = error.errors(include_input=False, include_context=False, include_url=False)
    # Its name is not told: it may be a secret in the wrong place.
    if any(one["type"] == "extra_forbidden" for one in found):
        problems.add(place, unknown_field(kind.model_fields))
    for one in found:
        if one["type"] != "extra_forbidden":
            problems.add(".".join([place, *map(str, one["loc"][:1])]), _sentence(one["type"], one["msg"]))


def _sentence(kind: str, message: str) -> str:
    match kind:
        case "missing":
            return "is missing."
        case "model_type":
            return "must be an object."
    return f"{message.removeprefix('Value error, ')}."
