"""One conversation: both sides, kept up to date while the newest messages are shown."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from trinity_channels.access.actors import Actors
from trinity_channels.conversations.reading import Conversations
from trinity_channels.plugins import Plugins
from trinity_channels.web.pages.conversation_view import ConversationView
from trinity_channels.web.pages.form import row_id
from trinity_channels.web.pages.live import Live
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.visit import Visit

PATH = "/agents/{name}/conversations/{conversation}"


class ConversationViews:
    """Makes what the pages of a conversation show, for people who may read it."""

    def __init__(self, conversations: Conversations, actors: Actors, plugins: Plugins) -> None:
        self._conversations = conversations
        self._actors = actors
        self._plugins = plugins

    async def of(self, visit: Visit) -> ConversationView:
        """The conversation of an address, with its newest messages or with those before one.

        Raises:
            Refusal: there is no such conversation, or it is of another owner's agent.
        """
        params = visit.request.path_params
        before = row_id(visit.request.query_params.get("before", "")) or None
        found = await self._conversations.read(visit.principal, params["name"], row_id(params["conversation"]), before)
        called = await self._actors.called(one.decided_by for one in found.log.requests)
        return ConversationView(found, self._plugins.title(found.heading.channel, visit.languages), before, called)


class ConversationPages:
    """`/agents/{name}/conversations/{id}`."""

    def __init__(self, views: ConversationViews, live: Live) -> None:
        self._views = views
        self._live = live

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [Page(PATH, self._look), Page(f"/live{PATH}", self._look_live)]

    async def _look(self, visit: Visit) -> Response:
        return show(visit, await self._views.of(visit))

    async def _look_live(self, visit: Visit) -> Response:
        # Before the stream begins: an answer that has begun cannot become a 404.
        await self._views.of(visit)

        async def part() -> str:
            return visit.part("conversation_talk.html", view=await self._views.of(visit))

        return self._live.stream(visit, part)


def show(visit: Visit, view: ConversationView, status: int = 200, refusal: str = "") -> Response:
    """The page, with a sentence on top if something was refused."""
    return visit.render("conversation.html", status, view=view, refusal=refusal)
