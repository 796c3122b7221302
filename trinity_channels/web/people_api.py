"""The people who wrote to an agent: list, block, unlink, erase."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from trinity_channels.access.lifetime import Lifetime
from trinity_channels.people.contacts import Contacts
from trinity_channels.people.exports import Exports
from trinity_channels.store.people import ListedContact
from trinity_channels.store.verified_emails import Source
from trinity_channels.web.auth import Guard
from trinity_channels.web.exported import exported
from trinity_channels.web.inputs import RowId
from trinity_channels.web.paging import link_to_next
from trinity_channels.web.route import Router, api_router

After = Annotated[
    str, Query(max_length=40, description="From the `Link` to the next page, to go on from an earlier list")
]
Limit = Annotated[int, Query(ge=1, le=500)]
Words = Annotated[str, Query(max_length=100, description="Part of a name, a verified e-mail or an address")]


_EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"application/json": {"schema": {"type": "object"}}}}
}


class ClientAnswer(BaseModel):
    """A person who wrote to the agent. `stopped`: they get no proactive messages, at their own request."""

    id: int
    channel: str
    identity: str
    display_name: str | None
    verified_email: str | None
    verified_email_source: Source | None = Field(
        description="How the e-mail was verified; null without one, or if the person has not written since sources are kept"
    )
    verified_at: datetime | None
    verification_ends_at: datetime | None = Field(
        description="When the verified e-mail ends if the person does not write until then"
    )
    signed_out_since: datetime | None = Field(
        description="When the person signed out or was unlinked; until they sign in, whatever the provider says"
    )
    blocked: bool
    stopped: bool
    unreachable_since: datetime | None = Field(
        description="When the provider reported that they blocked the sender or unsubscribed; until they write again"
    )
    message_count: int
    last_active: datetime | None


class BlockBody(BaseModel):
    """Whether the person is blocked."""

    blocked: bool


class PeopleApi:
    """Builds `/api/agents/{name}/clients…`."""

    def __init__(self, guard: Guard, contacts: Contacts, exports: Exports, lifetime: Lifetime) -> None:
        self._guard = guard
        self._contacts = contacts
        self._exports = exports
        self._lifetime = lifetime

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "People", "/api/agents/{name}")
        add = router.add_api_route
        add("/clients", self._clients, methods=["GET"])
        add("/clients/{client_id}", self._client, methods=["GET"])
        add("/clients/{client_id}", self._erase, methods=["DELETE"])
        add("/clients/{client_id}/block", self._block, methods=["PUT"])
        add("/clients/{client_id}/export", self._export, methods=["GET"], responses=_EXPORTED, response_model=None)
        add("/clients/{client_id}/unlink", self._unlink, methods=["POST"])
        return router

    async def _clients(
        self,
        request: Request,
        response: Response,
        name: str,
        after: After = "",
        limit: Limit = 500,
        q: Words = "",
    ) -> list[ClientAnswer]:
        """The people who wrote to the agent, those who wrote last first; a header `Link` with `rel="next"` leads on."""
        principal = await self._guard.principal(request)
        found = await self._contacts.of(principal, name, after=after, most=limit, words=q.strip())
        link_to_next(request, response, found.next)
        return [self._answer(one) for one in found.contacts]

    async def _client(self, request: Request, name: str, client_id: RowId) -> ClientAnswer:
        """One of them."""
        return self._answer(await self._contacts.one(await self._guard.principal(request), name, client_id))

    async def _block(self, request: Request, name: str, client_id: RowId, body: BlockBody) -> ClientAnswer:
        """Block a person: their messages are dropped without an answer. Or unblock them, also if they were erased."""
        change = self._contacts.block if body.blocked else self._contacts.unblock
        return self._answer(await change(await self._guard.principal(request), name, client_id))

    async def _unlink(self, request: Request, name: str, client_id: RowId) -> ClientAnswer:
        """Forget the verified e-mail of a person, also where the provider vouches for it, until they sign in again."""
        return self._answer(await self._contacts.unlink(await self._guard.principal(request), name, client_id))

    async def _export(self, request: Request, name: str, client_id: RowId) -> StreamingResponse:
        """Everything that is kept of a person, as one JSON file; that it was made is audited.

        Both sides of their chat with what became of each message, what they wrote in groups, addresses, verified e-mail,
        access requests, and what the audit log has of them.
        """
        principal = await self._guard.principal(request)
        return exported(await self._exports.of(principal, name, client_id), client_id)

    async def _erase(self, request: Request, name: str, client_id: RowId) -> ClientAnswer:
        """Erase a person permanently: what they wrote and were written, addresses, e-mail.

        They may come back as new, unless they are blocked: then keyed hashes of their addresses stay.
        """
        return self._answer(await self._contacts.erase(await self._guard.principal(request), name, client_id))

    def _answer(self, one: ListedContact) -> ClientAnswer:
        verification = one.verification
        return ClientAnswer(
            id=one.id,
            channel=one.channel,
            identity=one.address,
            display_name=one.name or None,
            verified_email=one.email,
            verified_email_source=verification.source if verification else None,
            verified_at=verification.verified_at if verification else None,
            verification_ends_at=self._lifetime.ends_at(verification) if verification else None,
            signed_out_since=one.signed_out_at,
            blocked=one.blocked,
            # The platform knows one field for both.
            stopped=one.stopped or one.unreachable_at is not None,
            unreachable_since=one.unreachable_at,
            message_count=one.message_count,
            last_active=one.last_active,
        )
