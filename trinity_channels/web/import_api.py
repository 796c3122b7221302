"""Taking over what a platform with channels of its own has stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field

from trinity_channels.web.auth import Guard
from trinity_channels.web.inputs import JsonObject
from trinity_channels.web.route import Router, api_router

if TYPE_CHECKING:
    from trinity_channels.imports.importing import PlatformImport

MOST_BYTES = 8 * 1024 * 1024
"""Of a document: more than as many people as one may have."""
_ROWS: dict[str, Any] = {"type": "array", "items": {"type": "object"}}
_DOCUMENT = {
    "type": "object",
    "title": "Import",
    "description": "See docs/reference/import.md.",
    "required": ["version"],
    "properties": {"version": {"const": 1}, "bindings": _ROWS, "policies": _ROWS, "shares": _ROWS},
    "additionalProperties": False,
}


class ImportedBindingAnswer(BaseModel):
    """One agent on one channel."""

    model_config = ConfigDict(from_attributes=True)

    agent: str
    channel: str
    new: bool = Field(description="False if it was here already; then only people who were not were added")
    keeps_address: bool = Field(description="Whether its webhook address ends as on the platform")
    people: int = Field(description="Who were added")
    signed_in: int = Field(description="Those of them whose verified e-mail counts")
    sign_in_expired: int = Field(description="Those who have to sign in again, for they have not written for too long")
    known: int = Field(description="Who were here already, and stay as they are")
    erased: int = Field(description="Who were erased here, and are left out")
    note: str = Field(description="What is left to do, and whether other settings stay; may be empty")


class ImportAnswer(BaseModel):
    """What became of it, or would."""

    model_config = ConfigDict(from_attributes=True)

    bindings: list[ImportedBindingAnswer]
    policies_set: list[str] = Field(description="Agents that have the platform's policy now")
    policies_kept: list[str] = Field(description="Agents that have a policy of their own here, which stays")
    shares_added: int
    shares_kept: int = Field(description="Shares that were here already")
    shares_of_owners: int = Field(description="Shares that were left out, because an owner may use the agent anyway")
    shares_elsewhere: int = Field(description="Shares that were left out, because this host does not keep them")
    problems: list[str] = Field(description="Rows that were left out, and how to change them; at most 100")


class ImportApi:
    """Builds `/api/settings/import-trinity`."""

    def __init__(self, guard: Guard, service: Callable[[], PlatformImport]) -> None:
        """`service` makes it when it is needed."""
        self._guard = guard
        self._service = service

    def router(self) -> Router:
        """The route."""
        router = api_router(self._guard, "Settings", admins_only=True, most_bytes=MOST_BYTES)
        schema = {"requestBody": {"required": True, "content": {"application/json": {"schema": _DOCUMENT}}}}
        router.add_api_route("/api/settings/import-trinity", self._import, methods=["POST"], openapi_extra=schema)
        return router

    async def _import(
        self,
        request: Request,
        body: JsonObject,
        dry_run: Annotated[bool, Query(description="Check everything, and change nothing")] = False,
    ) -> ImportAnswer:
        """Take over bindings with their webhook addresses, people, policies and shares. Administrators only.

        Rows with `problems` are left out; if all are, or if the document is wrong as a whole, the error `import_refused` has
        them. May be repeated: what is here stays as it is.
        """
        principal = await self._guard.principal(request)
        return ImportAnswer.model_validate(await self._service().run(principal, body, dry_run=dry_run))
