"""The people who wrote to an agent: block, unlink, erase."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from trinity_channels.access.blocks import Blocks
from trinity_channels.access.erasure import Erasure
from trinity_channels.access.lifetime import Lifetime
from trinity_channels.store import Store, Tx, audit, people, verified_emails
from trinity_channels.store.verified_emails import Source
from trinity_channels.web.auth import Guard
from trinity_channels.web.errors import ApiError
from trinity_channels.web.inputs import RowId
from trinity_channels.web.route import api_router


class ClientAnswer(BaseModel):
    """Somebody who wrote to the agent. `stopped`: they get no proactive messages, by their own wish."""

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

    def __init__(
        self,
        guard: Guard,
        store: Store,
        blocks: Blocks,
        erasure: Erasure,
        lifetime: Lifetime,
        now: Callable[[], datetime],
    ) -> None:
        self._guard = guard
        self._store = store
        self._blocks = blocks
        self._erasure = erasure
        self._lifetime = lifetime
        self._now = now

    def router(self) -> APIRouter:
        """The routes."""
        router = api_router(self._guard, "People", "/api/agents/{name}")
        add = router.add_api_route
        add("/clients", self._clients, methods=["GET"])
        add("/clients/{client_id}", self._erase, methods=["DELETE"])
        add("/clients/{client_id}/block", self._block, methods=["PUT"])
        add("/clients/{client_id}/unlink", self._unlink, methods=["POST"])
        return router

    async def _clients(self, request: Request, name: str) -> list[ClientAnswer]:
        """The people who wrote to the agent, most recent first."""
        await self._guard.owner(request, name)
        return [self._answer(one) for one in await self._store.read(lambda tx: people.clients(tx, name))]

    async def _block(self, request: Request, name: str, client_id: RowId, body: BlockBody) -> ClientAnswer:
        """Block somebody: their messages are dropped in silence. Or let them back in, also if they were erased."""
        if not body.blocked:
            return await self._change(
                request, name, client_id, "unblock", lambda tx: self._blocks.unblock(tx, client_id)
            )
        now = self._now()
        return await self._change(request, name, client_id, "block", lambda tx: self._blocks.block(tx, client_id, now))

    async def _unlink(self, request: Request, name: str, client_id: RowId) -> ClientAnswer:
        """Forget the verified e-mail of somebody, also where the provider vouches for it, until they sign in again."""
        now = self._now()
        return await self._change(
            request, name, client_id, "unlink", lambda tx: verified_emails.sign_out(tx, client_id, now)
        )

    async def _erase(self, request: Request, name: str, client_id: RowId) -> ClientAnswer:
        """Erase somebody for good: what they wrote and were written, addresses, e-mail.

        They may come back as new, unless they are blocked: then keyed hashes of their addresses stay.
        """
        await self._guard.owner(request, name)
        _known(await self._store.read(lambda tx: people.client(tx, name, client_id)))
        prepared, now = await self._erasure.prepare(client_id), self._now()
        return await self._change(request, name, client_id, "erase", lambda tx: self._erasure.finish(tx, prepared, now))

    async def _change(
        self, request: Request, name: str, client_id: int, action: str, change: Callable[[Tx], None]
    ) -> ClientAnswer:
        """Do something to a person of this agent, on record; answers how they are then."""
        principal = await self._guard.owner(request, name)
        now = self._now()

        def unit(tx: Tx) -> people.Client | None:
            if people.client(tx, name, client_id) is None:
                return None
            change(tx)
            audit.add(tx, now, principal.actor, action, agent=name, details={"client": client_id})
            return people.client(tx, name, client_id)

        return self._answer(_known(await self._store.write(unit)))

    def _answer(self, one: people.Client) -> ClientAnswer:
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
            stopped=one.stopped or one.unreachable_at is not None,
            unreachable_since=one.unreachable_at,
            message_count=one.message_count,
            last_active=one.last_active,
        )


def _known(client: people.Client | None) -> people.Client:
    if client is None:
        raise ApiError(404, "client_not_found", "There is no such person.")
    return client
