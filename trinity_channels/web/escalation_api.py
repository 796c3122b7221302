"""The escalation contact of an agent: where people reach a human being."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import AfterValidator, BaseModel, Field

from trinity_channels.access.escalation import Escalation
from trinity_channels.escalation_contact import ContactKind, parse_escalation_contact
from trinity_channels.web.auth import Guard, Principal
from trinity_channels.web.route import Router, api_router


def _checked(text: str) -> str:
    if text.strip():
        parse_escalation_contact(text)
    return text


class EscalationBody(BaseModel):
    """The new contact."""

    contact: Annotated[str, AfterValidator(_checked)] | None = Field(
        description="An e-mail address, a phone number with its country code, or a link. Null or empty removes it, and "
        "the contact of the settings file counts again, if there is one",
    )


class EscalationAnswer(BaseModel):
    """The contact as people are shown it; null if there is none."""

    agent_name: str
    contact: str | None
    kind: ContactKind | None


class EscalationApi:
    """Builds `/api/agents/{name}/escalation-contact`."""

    def __init__(self, guard: Guard, escalation: Escalation) -> None:
        self._guard = guard
        self._escalation = escalation

    def router(self) -> Router:
        """The routes."""
        router = api_router(self._guard, "Access", "/api/agents/{name}")
        router.add_api_route("/escalation-contact", self._contact, methods=["GET"])
        router.add_api_route("/escalation-contact", self._set_contact, methods=["PUT"])
        return router

    async def _contact(self, request: Request, name: str) -> EscalationAnswer:
        """Where people reach a human being: shown by /human and /help."""
        return await self._answer(await self._guard.principal(request), name)

    async def _set_contact(self, request: Request, name: str, body: EscalationBody) -> EscalationAnswer:
        """Change where people reach a human being."""
        principal = await self._guard.principal(request)
        text = (body.contact or "").strip()
        contact = parse_escalation_contact(text) if text else None
        await self._escalation.set(principal, name, contact)
        return await self._answer(principal, name)

    async def _answer(self, principal: Principal, agent: str) -> EscalationAnswer:
        found = await self._escalation.setting(principal, agent)
        return EscalationAnswer(
            agent_name=agent, contact=found.value if found else None, kind=found.kind if found else None
        )
