"""One agent: each installed channel with its state, and the way to the channel's own page."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from trinity_channels.bindings.status import BindingStatuses
from trinity_channels.plugins import Plugins
from trinity_channels.web.pages.channel_view import ChannelView
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.visit import Visit


class AgentPages:
    """`/agents/{name}`."""

    def __init__(self, statuses: BindingStatuses, plugins: Plugins) -> None:
        self._statuses = statuses
        self._plugins = plugins

    def pages(self) -> Sequence[Page]:
        """The address."""
        return [Page("/agents/{name}", self._look)]

    async def _look(self, visit: Visit) -> Response:
        agent = visit.request.path_params["name"]
        views = [
            ChannelView(visit, await self._statuses.of(visit.principal, agent, one), self._plugins[one].manifest)
            for one in self._plugins
        ]
        # Those that are in use first; the order is otherwise that of the plugins.
        views.sort(key=lambda view: view.at is None)
        return visit.render("agent.html", agent=agent, views=views)
