"""An agent on a channel: connect it, see whether it works, disconnect it. Every channel's page comes from its manifest."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from trinity_channels.api import ChannelError, ConfigurationError
from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.given_settings import InvalidSettings
from trinity_channels.bindings.refusals import AccountInUse, WebhookElsewhere
from trinity_channels.crypto.vault import VaultError
from trinity_channels.inbound.way_in import OwnersWayIn
from trinity_channels.people.recent_messages import RecentMessages
from trinity_channels.refusal import Refusal
from trinity_channels.web.errors import translate
from trinity_channels.web.pages.channel_view import ChannelView
from trinity_channels.web.pages.channel_views import ChannelViews
from trinity_channels.web.pages.live import Live
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.recent_line import RecentLine
from trinity_channels.web.pages.settings_form import SettingsForm
from trinity_channels.web.pages.visit import Visit

_PATH = "/agents/{name}/channels/{channel}"


class ChannelPages:
    """`/agents/{name}/channels/{channel}…`."""

    def __init__(
        self, views: ChannelViews, connections: Connections, way_in: OwnersWayIn, recent: RecentMessages, live: Live
    ) -> None:
        self._views = views
        self._connections = connections
        self._way_in = way_in
        self._recent = recent
        self._live = live

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        connected = self._views.connected
        return [
            Page(_PATH, self._look),
            Page(f"/live{_PATH}", self._look_live),
            Page(_PATH, self._connect, "POST"),
            Page(f"{_PATH}/edit", self._edit),
            Page(f"{_PATH}/verify", connected(self._verify), "POST"),
            Page(f"{_PATH}/probe", self._probe, "POST"),
            Page(f"{_PATH}/webhook", connected(self._set_webhook), "POST"),
            Page(f"{_PATH}/rotate", self._ask_to_rotate),
            Page(f"{_PATH}/rotate", connected(self._rotate), "POST"),
            Page(f"{_PATH}/disconnect", self._ask_to_disconnect),
            Page(f"{_PATH}/disconnect", connected(self._disconnect), "POST"),
        ]

    async def _connected(self, visit: Visit) -> ChannelView | Response:
        """The view of what is connected; else the way to the form."""
        view = await self._views.of(visit)
        return view if view.at else visit.redirect(view.path)

    async def _look(self, visit: Visit) -> Response:
        view = await self._views.of(visit)
        return visit.render("channel.html", **await self._section(visit, view)) if view.at else self._form(visit, view)

    async def _look_live(self, visit: Visit) -> Response:
        await self._views.of(visit)  # for those who may see it; everyone else gets a 404, not a stream that ends

        async def part() -> str:
            # Found again each time: what was connected may have been disconnected meanwhile.
            return visit.part("channel_section.html", **await self._section(visit, await self._views.of(visit)))

        return self._live.stream(visit, part)

    async def _section(self, visit: Visit, view: ChannelView) -> dict[str, Any]:
        messages = await self._recent.of(visit.principal, view.agent, view.name)
        return {"view": view, "messages": [RecentLine(view, one) for one in messages]}

    # --- connect and edit ---

    async def _edit(self, visit: Visit) -> Response:
        return self._form(visit, await self._views.of(visit))

    def _form(
        self,
        visit: Visit,
        view: ChannelView,
        status: int = 200,
        *,
        values: dict[str, object] | None = None,
        problems: dict[str, str] | None = None,
        refusal: str = "",
        listens: bool | None = None,
    ) -> Response:
        form = SettingsForm(view.manifest)
        stored = view.at.secrets if view.at else frozenset[str]()
        given = dict(view.status.settings) if values is None else values
        chosen = visit.request.query_params.get("sender", "")
        shown: dict[str, Any] = {
            "view": view,
            "fields": form.fields(given, stored, problems),
            "refusal": refusal,
            "example": form.example(),
            "ways": view.has_ways,
            "listens": view.listens if listens is None else listens,
            "sandbox": view.has_sandbox and (chosen != "production" if chosen or not view.at else view.at.sandbox),
        }
        return visit.render("channel_form.html", status, **shown)

    async def _connect(self, visit: Visit) -> Response:
        view = await self._views.of(visit)
        form = SettingsForm(view.manifest)
        entered = await visit.form()
        given = form.given(entered, view.at.secrets if view.at else ())
        # A channel with one way has no choice in its form.
        listens = {"yes": True, "no": False}.get(entered.text("listens"))
        try:
            await self._connections.enter(visit.principal, view.agent, view.name, given, listens=listens)
        except InvalidSettings as error:
            problems = {one.field: one.words for one in error.problems}
            return self._refused(visit, view, given, error, problems, problems.pop("", ""), listens)
        except (ChannelError, AccountInUse, VaultError) as error:
            field = error.field if isinstance(error, ConfigurationError) else None
            problems = {field: "Check it, and enter it again."} if field else {}
            return self._refused(visit, view, given, error, problems, str(error), listens)
        # What goes wrong here is shown on the page that comes next, with a button that tries again.
        with contextlib.suppress(ChannelError, Refusal, VaultError):
            await self._connections.set_webhook(visit.principal, view.agent, view.name)
        return visit.redirect(view.path, f"{view.title} is {'saved' if view.at else 'connected'}.")

    def _refused(
        self,
        visit: Visit,
        view: ChannelView,
        given: dict[str, object],
        error: Exception,
        problems: dict[str, str],
        refusal: str,
        listens: bool | None,
    ) -> Response:
        told = translate(error)
        values = SettingsForm(view.manifest).plain(given, problems)
        status = told.status if told else 400
        return self._form(visit, view, status, values=values, problems=problems, refusal=refusal, listens=listens)

    # --- what is connected ---

    async def _verify(self, visit: Visit) -> Response:
        view = await self._views.of(visit)
        try:
            found = await self._connections.verify_for(visit.principal, view.agent, view.name)
        except ChannelError:  # kept, and shown with what needs attention
            return visit.redirect(view.path)
        account = found.account.display_name or found.account.sender
        return visit.redirect(view.path, f"The credentials work: {account}.")

    async def _probe(self, visit: Visit) -> Response:
        view = await self._views.of(visit)
        found = await self._way_in.prove(visit.principal, view.agent, view.name)
        return visit.redirect(view.path, "" if found.failure else "The probe arrived, and was stored.")

    async def _set_webhook(self, visit: Visit) -> Response:
        view = await self._views.of(visit)
        replace = (await visit.form()).ticked("replace")
        try:
            await self._connections.set_webhook(visit.principal, view.agent, view.name, replace=replace)
        except WebhookElsewhere as error:
            return visit.render("channel_elsewhere.html", 409, view=view, elsewhere=error.extra["elsewhere"])
        except ChannelError:  # kept, and shown with what needs attention
            return visit.redirect(view.path)
        return visit.redirect(view.path, f"{view.title} posts here now.")

    async def _ask_to_rotate(self, visit: Visit) -> Response:
        view = await self._connected(visit)
        return visit.render("channel_rotate.html", view=view) if isinstance(view, ChannelView) else view

    async def _rotate(self, visit: Visit) -> Response:
        view = await self._views.of(visit)
        await self._connections.rotate(visit.principal, view.agent, view.name)
        return visit.redirect(view.path, "The webhook URL is new.")

    async def _ask_to_disconnect(self, visit: Visit) -> Response:
        view = await self._connected(visit)
        return visit.render("channel_disconnect.html", view=view) if isinstance(view, ChannelView) else view

    async def _disconnect(self, visit: Visit) -> Response:
        view = await self._views.of(visit)
        await self._connections.disconnect(visit.principal, view.agent, view.name)
        return visit.redirect(view.path, f"{view.title} is disconnected.")
