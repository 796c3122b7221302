"""The first page: the agents that a person may see, and what needs attention; on a fresh host what is still to be set up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from trinity_channels.access.gate import Policy
from trinity_channels.access.overview import Overview, Overviews
from trinity_channels.plugins import Plugins
from trinity_channels.readiness import Readiness
from trinity_channels.web.pages.issues import WORKS, Issue, issues_of
from trinity_channels.web.pages.live import Live
from trinity_channels.web.pages.menu import MenuItem
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.set_up import SetUpPages
from trinity_channels.web.pages.visit import Visit
from trinity_channels.web.pages.words import counted

POLICIES = {
    Policy.OPEN: "Open access",
    Policy.OPEN_UNTIL_VERIFIED: "Open until verified",
    Policy.REQUIRE_EMAIL: "Require email",
    Policy.REQUIRE_SHARING: "Require sharing",
}
"""What pages call the policies."""


class AgentsPages:
    """`/` and `/agents`, with the count in the navigation."""

    def __init__(
        self, overviews: Overviews, readiness: Readiness, set_up: SetUpPages, live: Live, plugins: Plugins
    ) -> None:
        self._overviews = overviews
        self._readiness = readiness
        self._set_up = set_up
        self._live = live
        self._plugins = plugins

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page("/", self._lead),
            Page("/agents", self._agents, menu=MenuItem("Agents", "agents", count="/live/attention")),
            Page("/live/agents", self._agents_live),
            Page("/live/attention", self._attention),
        ]

    async def _lead(self, visit: Visit) -> Response:
        return visit.redirect("/agents")

    async def _agents(self, visit: Visit) -> Response:
        return visit.render("agents.html", **await self._values(visit))

    async def _agents_live(self, visit: Visit) -> Response:
        async def part() -> str:
            return visit.part("agents_list.html", **await self._values(visit))

        return self._live.stream(visit, part)

    async def _attention(self, visit: Visit) -> Response:
        number = sum(one.attention for one in await self._overviews.of(visit.principal))
        number += len(await self._of_processes(visit))
        return visit.render("attention.html", number=number)

    async def _values(self, visit: Visit) -> dict[str, Any]:
        overviews = [self._worded(visit, one) for one in await self._overviews.of(visit.principal)]
        between = await self._of_processes(visit)
        issues = [*between, *issues_of(visit, overviews)]
        state = _state(overviews, sum(one.attention for one in overviews) + len(between))
        shown = {"agents": overviews, "issues": issues, "state": state, "policies": POLICIES, "works": WORKS}
        return {**shown, **await self._set_up.values(visit)}

    def _worded(self, visit: Visit, agent: Overview) -> Overview:
        """With the titles of the channels in the reader's language."""
        titled = [replace(at, title=self._plugins.title(at.channel, visit.languages)) for at in agent.channels]
        return replace(agent, channels=tuple(titled))

    async def _of_processes(self, visit: Visit) -> list[Issue]:
        """What only those can correct who run the host."""
        found = await self._readiness.between_processes() if visit.is_admin else []
        return [Issue(one.message, one.fix, "/settings", "Open settings", grave=True) for one in found]


def _state(overviews: Sequence[Overview], attention: int) -> str:
    """One sentence: how many agents there are, how many can be reached, how much needs attention."""
    number, reached = len(overviews), sum(bool(one.channels) for one in overviews)
    agents = f"{counted(number)} agent{'' if number == 1 else 's'}"
    if not reached:
        return f"{agents}, not connected to a messenger yet."
    which = "all" if reached == number and number > 1 else f"{counted(reached).lower()} of them"
    connected = (
        f"{agents}, connected to a messenger." if number == 1 else f"{agents}, {which} connected to a messenger."
    )
    needs = "thing needs" if attention == 1 else "things need"
    return f"{connected} {counted(attention)} {needs} you." if attention else f"{connected} Nothing needs you."
