"""The settings of the host, for administrators: its public address, what is kept, tokens, plugins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from starlette.responses import Response

from trinity_channels.access.tokens import Tokens
from trinity_channels.bindings.address_change import AddressChange, UnusableAddress
from trinity_channels.inbound.way_in import OwnersWayIn
from trinity_channels.web.pages.address_check import AddressCheck
from trinity_channels.web.pages.menu import MenuItem
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.visit import Visit

_PATH = "/settings"


class Section(Protocol):
    """A part of the page that has pages of its own."""

    async def values(self, visit: Visit) -> dict[str, Any]:
        """What its template shows."""


class SettingsPages:
    """`/settings…`. `tokens` is None within another application, which has tokens of its own."""

    def __init__(
        self,
        change: AddressChange,
        way_in: OwnersWayIn,
        tokens: Tokens | None,
        set_up: Section,
        sections: Sequence[Section],
    ) -> None:
        self._change = change
        self._way_in = way_in
        self._tokens = tokens
        self._set_up = set_up
        self._sections = (set_up, *sections)

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page(_PATH, self._look, menu=MenuItem("Settings", "settings", admin=True)),
            Page(f"{_PATH}/public-chat-url", self._to_address),
            Page(f"{_PATH}/public-chat-url", self._set_address, "POST"),
            Page(f"{_PATH}/public-chat-url/probe", self._to_address),
            Page(f"{_PATH}/public-chat-url/probe", self._probe, "POST"),
        ]

    async def _look(self, visit: Visit) -> Response:
        return await self._show(visit)

    async def _show(
        self, visit: Visit, status: int = 200, *, entered: str | None = None, problem: str = ""
    ) -> Response:
        address = self._change.setting(visit.principal)
        return visit.render(
            "settings.html",
            status,
            address=address,
            entered=(address.value or "") if entered is None else entered,
            address_problem=problem,
            check=AddressCheck(self._way_in.newest(visit.principal)),
            tokens=await self._tokens.every(visit.principal) if self._tokens else None,
            **{name: value for one in self._sections for name, value in (await one.values(visit)).items()},
        )

    # --- the public address ---

    async def _to_address(self, visit: Visit) -> Response:
        """For someone who loads the address of a form again."""
        return visit.redirect(f"{_PATH}#url")

    async def _set_address(self, visit: Visit) -> Response:
        form = await visit.form()
        entered = form.text("value")
        stored = self._change.setting(visit.principal).value
        if stored and not entered and not form.ticked("remove"):
            return visit.render("settings_address_remove.html", address=stored)
        try:
            changed = await self._change.to(visit.principal, entered)
        except UnusableAddress as error:
            return await self._show(visit, 422, entered=entered, problem=f"The Public Chat URL {error.why}.")
        if changed.value is None:
            return visit.redirect(f"{_PATH}#url", "The Public Chat URL is removed. There are no webhook URLs now.")
        return visit.redirect(f"{_PATH}#url", "Public Chat URL saved. Webhook URLs begin with it now.")

    async def _probe(self, visit: Visit) -> Response:
        found = await self._way_in.prove_all(visit.principal)
        if visit.is_part:
            values = await self._set_up.values(visit)
            return visit.render("settings_checked.html", check=AddressCheck(found), **values)
        return visit.redirect(f"{_PATH}#url")
