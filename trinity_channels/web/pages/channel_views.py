"""Finds the agent on a channel that a page's address names."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from trinity_channels.bindings.refusals import NotConnected
from trinity_channels.bindings.status import BindingStatus, BindingStatuses
from trinity_channels.plugins import Plugins
from trinity_channels.web.pages.channel_view import ChannelView
from trinity_channels.web.pages.page import Handler
from trinity_channels.web.pages.visit import Visit


class ChannelViews:
    """Makes what the pages of a channel show, for people who may see it."""

    def __init__(self, statuses: BindingStatuses, plugins: Plugins) -> None:
        self._statuses = statuses
        self._plugins = plugins

    async def of(self, visit: Visit) -> ChannelView:
        """The agent and channel of an address.

        Raises:
            HTTPException: 404, there is no such channel.
            Refusal: there is no such agent, or it is another owner's.
        """
        params = visit.request.path_params
        channel = params["channel"]
        if channel not in self._plugins:
            raise HTTPException(404)
        status = await self._statuses.of(visit.principal, params["name"], channel)
        return self._view(visit, status, channel)

    def _view(self, visit: Visit, status: BindingStatus, channel: str) -> ChannelView:
        at = self._statuses
        return ChannelView(visit, status, self._plugins[channel], reachable=at.reachable, given=at.address_given)

    def connected(self, handler: Handler) -> Handler:
        """A handler for what is connected; what was disconnected meanwhile, as in another tab, is told on its page."""

        async def answer(visit: Visit) -> Response:
            try:
                return await handler(visit)
            except NotConnected:
                view = await self.of(visit)
                return visit.redirect(view.path, f"{view.title} is already disconnected.")

        return answer

    async def every(self, visit: Visit, agent: str) -> list[ChannelView]:
        """The agent on each installed channel, those first that are in use.

        Raises:
            Refusal: there is no such agent, or it is another owner's.
        """
        views = [self._view(visit, await self._statuses.of(visit.principal, agent, one), one) for one in self._plugins]
        # The order is otherwise that of the plugins.
        return sorted(views, key=lambda view: view.at is None)
