"""Where people reach a human being instead of the agent: a part of Sharing, and a page of its own if something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from trinity_channels.access.escalation import Escalation
from trinity_channels.escalation_contact import LONGEST, parse_escalation_contact
from trinity_channels.web.pages.curl import agent_api
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.visit import Visit

_PATH = "/agents/{name}/human-contact"


class HumanContactPages:
    """`/agents/{name}/human-contact`."""

    def __init__(self, escalation: Escalation) -> None:
        self._escalation = escalation

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [Page(_PATH, self._look), Page(_PATH, self._set, "POST")]

    async def values(self, visit: Visit, agent: str) -> dict[str, Any]:
        """What the form shows: the present contact, empty without one."""
        found = await self._escalation.setting(visit.principal, agent)
        return _shown(agent, found.value if found else "")

    async def _look(self, visit: Visit) -> Response:
        return visit.render("human_contact.html", **await self.values(visit, _agent(visit)))

    async def _set(self, visit: Visit) -> Response:
        agent, given = _agent(visit), (await visit.form()).text("contact")
        try:
            contact = parse_escalation_contact(given) if given else None
        except ValueError as error:
            shown = _shown(agent, given[:LONGEST], f"This {error}.")
            return visit.render("human_contact.html", 422, **shown)
        await self._escalation.set(visit.principal, agent, contact)
        present = await self._escalation.setting(visit.principal, agent)
        if present is None:
            said = "The contact is removed: /human names no one now."
        elif contact is None:
            said = f"The contact is removed, so that of the settings file counts: {present.value}."
        else:
            said = f"People who ask for a person are told {present.value}."
        return visit.redirect(visit.agent_path(agent, "#human"), said)


def _shown(agent: str, entered: str, problem: str = "") -> dict[str, Any]:
    return {"agent": agent, "api": agent_api(agent), "human_contact": entered, "human_problem": problem}


def _agent(visit: Visit) -> str:
    return str(visit.request.path_params["name"])
