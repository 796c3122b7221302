"""The first page: the agents that a person may see, and what needs attention."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from trinity_channels.access.principal import Role
from trinity_channels.bindings.overview import Overviews
from trinity_channels.web.pages.page import MenuItem, Page
from trinity_channels.web.pages.visit import Visit


class AgentsPages:
    """`/` and `/agents`."""

    def __init__(self, overviews: Overviews) -> None:
        self._overviews = overviews

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [Page("/", self._lead), Page("/agents", self._agents, menu=MenuItem("Agents", "agents"))]

    async def _lead(self, visit: Visit) -> Response:
        return visit.redirect("/agents")

    async def _agents(self, visit: Visit) -> Response:
        owner = visit.principal.subject if visit.principal.role is Role.USER else None
        return visit.render("agents.html", agents=await self._overviews.of(owner))
