"""The access API: policy, requests, shares. The same for every channel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from trinity_channels.access.gate import Policy
from trinity_channels.access.pending_requests import PendingRequests
from trinity_channels.access.policy_effects import PolicyEffect, PolicyEffects
from trinity_channels.access.roster import Roster, RosterEntry
from trinity_channels.access.sharing import Policies, Sharing
from trinity_channels.agents.words import in_words
from trinity_channels.email_address import shown_email
from trinity_channels.principal import Principal
from trinity_channels.store.access import AccessRequest, Share
from trinity_channels.store.pending import Held
from trinity_channels.web.auth import Guard
from trinity_channels.web.inputs import Email, RowId
from trinity_channels.web.paging import link_to_next
from trinity_channels.web.policy import PolicyAnswer, PolicyBody
from trinity_channels.web.route import Router, api_router

_MOST_SHARES = 500
After = Annotated[
    str, Query(max_length=320, description="List those behind this e-mail, to go on from an earlier list")
]
Limit = Annotated[
    int | None, Query(ge=1, le=_MOST_SHARES, description="So many at most; all of them if it is left out")
]


class RequestAnswer(BaseModel):
    """One access request; times are ISO 8601 UTC. `email_shown` has the domain's ASCII form beside, where it has one."""

    id: int
    agent_name: str
    email: str
    email_shown: str
    channel: str
    requested_at: datetime
    status: str
    decided_by: str | None
    decided_at: datetime | None
    first_message: str | None = Field(
        None, description="The first of the messages that are held until a decision; null if none is"
    )
    held_messages: int = 0


class DecisionBody(BaseModel):
    """The owner's decision."""

    approve: bool


class DecisionsBody(BaseModel):
    """One decision about several requests."""

    ids: Annotated[list[Annotated[int, Field(ge=1, le=2**63 - 1)]], Field(min_length=1, max_length=100)]
    approve: bool


class RefusedAnswer(BaseModel):
    """A request that could not be decided, and why."""

    id: int
    code: str
    message: str


class DecisionsAnswer(BaseModel):
    """What became of several requests: those that stand as decided now, and those that could not be decided."""

    decided: list[RequestAnswer]
    refused: list[RefusedAnswer]


class EffectAnswer(BaseModel):
    """What a policy would change for the people who have written on the channels that are connected."""

    policy: Policy
    clients_allowed: int
    clients_gain: int
    clients_lose: int
    held_messages_answered: int


class EffectsAnswer(BaseModel):
    """The present policy, and the effect of each."""

    policy: Policy
    effects: list[EffectAnswer]


class EmailBody(BaseModel):
    """An e-mail."""

    email: Email


class ConsentBody(BaseModel):
    """Whether a person may get proactive messages."""

    email: Email
    allow_proactive: bool


class ConsentAnswer(BaseModel):
    """The stored consent."""

    success: bool = True
    agent_name: str
    email: str
    allow_proactive: bool


class ConsentsAnswer(BaseModel):
    """The e-mails that the agent may write to first, besides its owner's."""

    agent_name: str
    emails: list[str]


class ShareAnswer(BaseModel):
    """One share, with the e-mails also under the platform's names."""

    id: int | None = Field(description="Null where another system keeps the shares and has none")
    agent_name: str
    email: str
    shared_with_email: str
    allow_proactive: bool
    shared_by: str = Field(description="As in the audit log: admin, or user: with an e-mail")
    shared_by_email: str | None = Field(description="Null for an administrator without one")
    created_at: datetime


class RosterAnswer(BaseModel):
    """Someone the agent is shared with, as on the platform, where `username` and `role` are those of an account."""

    email: str
    username: str | None = None
    role: str | None = None
    last_active: datetime | None = Field(description="When they last wrote to the agent with this e-mail verified")
    status: Literal["active", "pending"] = Field(description="Pending until then")
    allow_proactive: bool


class AccessApi:
    """Builds the routes under `/api/agents/{name}/`."""

    def __init__(
        self, guard: Guard, sharing: Sharing, pending: PendingRequests, effects: PolicyEffects, roster: Roster
    ) -> None:
        self._guard = guard
        self._sharing = sharing
        self._pending = pending
        self._effects = effects
        self._roster = roster

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Access", "/api/agents/{name}")
        add = router.add_api_route
        add("/access-policy", self._policy, methods=["GET"])
        add("/access-policy", self._set_policy, methods=["PUT"])
        add("/access-policy/effects", self._policy_effects, methods=["GET"])
        add("/access-requests", self._requests, methods=["GET"])
        add("/access-requests/decide", self._decide_several, methods=["POST"])
        add("/access-requests/{request_id}/decide", self._decide, methods=["POST"])
        add("/shares/proactive", self._consents, methods=["GET"])
        add("/shares/proactive", self._consent, methods=["PUT"])
        add("/access", self._access, methods=["GET"])
        add("/shares", self._shares, methods=["GET"])
        add("/share", self._share, methods=["POST"])
        add("/share/{email}", self._unshare, methods=["DELETE"])
        return router

    # --- policy ---

    async def _policy(self, request: Request, name: str) -> PolicyAnswer:
        """Who may chat with the agent."""
        principal = await self._guard.principal(request)
        return await self._policy_answer(principal, name, await self._sharing.policies(principal, name))

    async def _set_policy(self, request: Request, name: str, body: PolicyBody) -> PolicyAnswer:
        """Change who may chat; what was held is answered where the gate has opened."""
        principal = await self._guard.principal(request)

        # Within the transaction: each half of the body may leave the other as it is.
        def change(before: Policies) -> Policies:
            return body.value(before[0]), body.groups or before[1]

        return await self._policy_answer(principal, name, await self._sharing.set_policies(principal, name, change))

    async def _policy_answer(self, principal: Principal, agent: str, found: Policies) -> PolicyAnswer:
        return PolicyAnswer.of(*found, await self._sharing.policies_changed(principal, agent))

    async def _policy_effects(self, request: Request, name: str) -> EffectsAnswer:
        """What each policy would change: who gains or loses access, and which held messages would be answered."""
        principal = await self._guard.principal(request)
        effects = await self._effects.of(principal, name)
        present, _ = await self._sharing.policies(principal, name)
        return EffectsAnswer(policy=present, effects=[_effect_answer(one) for one in effects])

    # --- requests ---

    async def _requests(
        self, request: Request, name: str, status: Literal["pending", "approved", "denied", ""] = "pending"
    ) -> list[RequestAnswer]:
        """Access requests, newest first; an empty status means all."""
        principal = await self._guard.principal(request)
        found = await self._sharing.requests(principal, name, status)
        held = await self._pending.held(principal, name, found)
        return [_request_answer(one, held.get(one.id)) for one in found]

    async def _decide(self, request: Request, name: str, request_id: RowId, body: DecisionBody) -> RequestAnswer:
        """Approve or decline a request; the person is notified on the channel they asked on."""
        principal = await self._guard.principal(request)
        decided = await self._sharing.decide(principal, name, request_id, approve=body.approve)
        return _request_answer(decided)

    async def _decide_several(self, request: Request, name: str, body: DecisionsBody) -> DecisionsAnswer:
        """Approve or decline several requests; one that cannot be decided keeps no other from it."""
        principal = await self._guard.principal(request)
        found = await self._pending.decide(principal, name, body.ids, approve=body.approve)
        return DecisionsAnswer(
            decided=[_request_answer(one) for one in found.requests],
            refused=[
                RefusedAnswer(id=request, code=one.code, message=one.message) for request, one in found.refused.items()
            ],
        )

    # --- shares ---

    async def _shares(
        self, request: Request, response: Response, name: str, after: After = "", limit: Limit = None
    ) -> list[ShareAnswer]:
        """The e-mails the agent is shared with, in order; with `limit`, a header `Link` with `rel="next"` leads on."""
        principal = await self._guard.principal(request)
        if limit is None and not after:  # as the platform answers
            return [_share_answer(name, one) for one in await self._sharing.shares(principal, name)]
        found = await self._sharing.share_page(principal, name, after=after, most=limit or _MOST_SHARES)
        link_to_next(request, response, found.next)
        return [_share_answer(name, one) for one in found.shares]

    async def _access(self, request: Request, name: str) -> list[RosterAnswer]:
        """The same with what became of them: whether they have come, and when they last wrote. The newest share first."""
        return [_roster_answer(one) for one in await self._roster.of(await self._guard.principal(request), name)]

    async def _consents(self, request: Request, name: str) -> ConsentsAnswer:
        """The people the agent may write to first, by e-mail."""
        shares = await self._sharing.shares(await self._guard.principal(request), name)
        return ConsentsAnswer(agent_name=name, emails=[one.email for one in shares if one.allow_proactive])

    async def _share(self, request: Request, name: str, body: EmailBody) -> ShareAnswer:
        """Share the agent with an e-mail; a pending request of theirs is thereby approved."""
        principal = await self._guard.principal(request)
        return _share_answer(name, await self._sharing.share(principal, name, body.email))

    async def _unshare(self, request: Request, name: str, email: Email) -> dict[str, object]:
        """Take a share away."""
        principal = await self._guard.principal(request)
        await self._sharing.unshare(principal, name, email)
        return {"ok": True, "message": "The agent is no longer shared with this e-mail."}

    async def _consent(self, request: Request, name: str, body: ConsentBody) -> ConsentAnswer:
        """Allow or forbid proactive messages to a person the agent is shared with."""
        principal = await self._guard.principal(request)
        await self._sharing.consent(principal, name, body.email, allow=body.allow_proactive)
        return ConsentAnswer(agent_name=name, email=body.email, allow_proactive=body.allow_proactive)


def _effect_answer(one: PolicyEffect) -> EffectAnswer:
    return EffectAnswer(
        policy=one.policy,
        clients_allowed=one.allows,
        clients_gain=one.gain,
        clients_lose=one.lose,
        held_messages_answered=one.answered,
    )


def _request_answer(one: AccessRequest, held: Held | None = None) -> RequestAnswer:
    return RequestAnswer(
        id=one.id,
        agent_name=one.agent,
        email=one.email,
        email_shown=shown_email(one.email),
        channel=one.channel,
        requested_at=one.requested_at,
        status=one.status,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        first_message=in_words(held.text, held.parts) if held else None,
        held_messages=held.number if held else 0,
    )


def _share_answer(agent: str, one: Share) -> ShareAnswer:
    _, _, by = one.created_by.partition(":")
    return ShareAnswer(
        id=one.id,
        agent_name=agent,
        email=one.email,
        shared_with_email=one.email,
        allow_proactive=one.allow_proactive,
        shared_by=one.created_by,
        shared_by_email=by if "@" in by else None,
        created_at=one.created_at,
    )


def _roster_answer(one: RosterEntry) -> RosterAnswer:
    return RosterAnswer(
        email=one.share.email,
        last_active=one.last_active,
        status="active" if one.last_active else "pending",
        allow_proactive=one.share.allow_proactive,
    )
