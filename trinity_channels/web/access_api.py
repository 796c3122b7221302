"""The access API: policy, requests, shares. The same for every channel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from trinity_channels.access.directory import Directory
from trinity_channels.access.gate import GroupPolicy, Policy, policies
from trinity_channels.dispatch import Dispatcher
from trinity_channels.store import Store, Tx, access, audit, messages
from trinity_channels.store.access import AccessRequest, Share
from trinity_channels.web.auth import Guard, Principal
from trinity_channels.web.errors import ApiError
from trinity_channels.web.inputs import Email, RowId
from trinity_channels.web.policy import PolicyAnswer, PolicyBody
from trinity_channels.web.route import api_router


class RequestAnswer(BaseModel):
    """One access request; times are ISO 8601 UTC."""

    id: int
    agent_name: str
    email: str
    channel: str
    requested_at: datetime
    status: str
    decided_by: str | None
    decided_at: datetime | None


class DecisionBody(BaseModel):
    """The owner's decision."""

    approve: bool


class EmailBody(BaseModel):
    """Somebody's e-mail."""

    email: Email


class ConsentBody(BaseModel):
    """Whether somebody may get proactive messages."""

    email: Email
    allow_proactive: bool


class ConsentAnswer(BaseModel):
    """The stored consent."""

    success: bool = True
    agent_name: str
    email: str
    allow_proactive: bool


class ShareAnswer(BaseModel):
    """One share."""

    agent_name: str
    email: str
    allow_proactive: bool
    shared_by: str
    created_at: datetime


class AccessApi:
    """Builds the routes under `/api/agents/{name}/`."""

    def __init__(
        self,
        *,
        guard: Guard,
        directory: Directory,
        store: Store,
        dispatcher: Dispatcher,
        now: Callable[[], datetime],
    ) -> None:
        self._guard = guard
        self._directory = directory
        self._store = store
        self._dispatcher = dispatcher
        self._now = now

    def router(self) -> APIRouter:
        """The routes."""
        router = api_router(self._guard, "Access", "/api/agents/{name}")
        add = router.add_api_route
        add("/access-policy", self._policy, methods=["GET"])
        add("/access-policy", self._set_policy, methods=["PUT"])
        add("/access-requests", self._requests, methods=["GET"])
        add("/access-requests/{request_id}/decide", self._decide, methods=["POST"])
        add("/shares/proactive", self._consent, methods=["PUT"])
        add("/shares", self._shares, methods=["GET"])
        add("/share", self._share, methods=["POST"])
        add("/share/{email}", self._unshare, methods=["DELETE"])
        return router

    # --- policy ---

    async def _policy(self, request: Request, name: str) -> PolicyAnswer:
        """Who may chat with the agent."""
        await self._guard.owner(request, name)
        return PolicyAnswer.of(*await self._store.read(lambda tx: _policies(tx, name)))

    async def _set_policy(self, request: Request, name: str, body: PolicyBody) -> PolicyAnswer:
        """Change who may chat; what was kept is answered where the gate has opened."""
        principal = await self._guard.owner(request, name)

        def store(tx: Tx) -> tuple[tuple[Policy, GroupPolicy], list[int]]:
            policy, groups = _policies(tx, name)
            policy, groups = body.value(policy), body.group_policy or groups
            access.set_policies(tx, name, policy, groups)
            self._audit(tx, principal, "set_policy", name, policy=policy, groups=groups)
            return (policy, groups), self._stir(tx, name)

        chosen, stirred = await self._store.write(store)
        self._wake(stirred)
        return PolicyAnswer.of(*chosen)

    def _stir(self, tx: Tx, agent: str, *, told: int | None = None) -> list[int]:
        """Somebody may have got in: let the turns look at what is kept, and bring `told` its news."""
        conversations = {*access.conversations_with_kept(tx, agent), *([told] if told else [])}
        for conversation in conversations:
            messages.stir(tx, conversation)
            self._dispatcher.wake(f"turn:{conversation}", tx)
        return sorted(conversations)

    def _wake(self, conversations: list[int]) -> None:
        for conversation in conversations:
            self._dispatcher.after_commit(f"turn:{conversation}")

    # --- requests ---

    async def _requests(
        self, request: Request, name: str, status: Literal["pending", "approved", "denied", ""] = "pending"
    ) -> list[RequestAnswer]:
        """Access requests, newest first; an empty status means all."""
        await self._guard.owner(request, name)
        found = await self._store.read(lambda tx: access.requests(tx, name, status or None))
        return [_request_answer(one) for one in found]

    async def _decide(self, request: Request, name: str, request_id: RowId, body: DecisionBody) -> RequestAnswer:
        """Let somebody in, or decline; they are told on the channel they asked on."""
        principal = await self._guard.owner(request, name)
        found = await self._store.read(lambda tx: access.request(tx, name, request_id))
        if found is None:
            raise ApiError(404, "request_not_found", "There is no such access request.")
        verdict = "approved" if body.approve else "denied"
        if found.status != "pending":
            return _settled(found, verdict)
        granted = body.approve and await self._directory.grant(name, found.email, by=principal.actor)
        now = self._now()

        def decide(tx: Tx) -> list[int] | None:
            if not access.decide(tx, request_id, verdict, principal.actor, now):
                return None
            self._audit(tx, principal, f"request_{verdict}", name, request=request_id)
            return self._stir(tx, name, told=found.conversation)

        stirred = await self._store.write(decide)
        decided = await self._store.read(lambda tx: access.request(tx, name, request_id)) or found
        overruled = stirred is None and decided.status == "denied"  # somebody was faster, and meant the opposite
        if granted and overruled:
            await self._directory.revoke(name, found.email)
        self._wake(stirred or [])
        return _settled(decided, verdict)

    # --- shares ---

    async def _shares(self, request: Request, name: str) -> list[ShareAnswer]:
        """Everybody the agent is shared with."""
        await self._guard.owner(request, name)
        return [_share_answer(name, one) for one in await self._directory.shares(name)]

    async def _share(self, request: Request, name: str, body: EmailBody) -> ShareAnswer:
        """Share the agent with an e-mail; a pending request of theirs is thereby approved."""
        principal = await self._guard.owner(request, name)
        if body.email == await self._directory.owner(name):
            raise ApiError(400, "self_share", "The owner has access already.", field="email")
        if not await self._directory.grant(name, body.email, by=principal.actor):
            raise ApiError(409, "already_shared", "The agent is shared with this e-mail already.", field="email")
        now = self._now()

        def settle(tx: Tx) -> list[int]:
            self._audit(tx, principal, "share", name)
            pending = access.request_of(tx, name, body.email)
            approved = pending and access.decide(tx, pending.id, "approved", principal.actor, now)
            return self._stir(tx, name, told=pending.conversation if pending and approved else None)

        self._wake(await self._store.write(settle))
        found = {one.email: one for one in await self._directory.shares(name)}
        return _share_answer(name, found[body.email])

    async def _unshare(self, request: Request, name: str, email: Email) -> dict[str, object]:
        """Take a share away."""
        principal = await self._guard.owner(request, name)
        if not await self._directory.revoke(name, email):
            raise ApiError(404, "not_shared", "The agent is not shared with this e-mail.", field="email")
        await self._store.write(lambda tx: self._audit(tx, principal, "unshare", name))
        return {"ok": True, "message": "The agent is no longer shared with this e-mail."}

    async def _consent(self, request: Request, name: str, body: ConsentBody) -> ConsentAnswer:
        """Allow or forbid proactive messages to somebody the agent is shared with."""
        principal = await self._guard.owner(request, name)
        if not await self._directory.consent(name, body.email, allow=body.allow_proactive):
            raise ApiError(404, "not_shared", "The agent is not shared with this e-mail.", field="email")
        await self._store.write(
            lambda tx: self._audit(tx, principal, "proactive_consent", name, allow=body.allow_proactive)
        )
        return ConsentAnswer(agent_name=name, email=body.email, allow_proactive=body.allow_proactive)

    def _audit(self, tx: Tx, principal: Principal, action: str, agent: str, **details: object) -> None:
        audit.add(tx, self._now(), principal.actor, action, agent=agent, details=details)


def _policies(tx: Tx, agent: str) -> tuple[Policy, GroupPolicy]:
    return policies(access.policies(tx, agent))


def _settled(one: AccessRequest, verdict: str) -> RequestAnswer:
    """The answer to a decision, which the first one to be made settles."""
    if one.status not in {verdict, "pending"}:
        raise ApiError(
            409, "already_decided", f"This request is {one.status} already. Share or unshare the agent instead."
        )
    return _request_answer(one)


def _request_answer(one: AccessRequest) -> RequestAnswer:
    return RequestAnswer(
        id=one.id,
        agent_name=one.agent,
        email=one.email,
        channel=one.channel,
        requested_at=one.requested_at,
        status=one.status,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
    )


def _share_answer(agent: str, one: Share) -> ShareAnswer:
    return ShareAnswer(
        agent_name=agent,
        email=one.email,
        allow_proactive=one.allow_proactive,
        shared_by=one.created_by,
        created_at=one.created_at,
    )
