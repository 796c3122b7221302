"""What a module of pages gives the site: paths and their handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.responses import Response

from trinity_channels.web.pages.menu import MenuItem
from trinity_channels.web.pages.visit import Visit

Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One address. `public` pages are shown to people who are not signed in, too; `menu` puts a page into the navigation."""

    path: str
    handler: Handler
    method: str = "GET"
    public: bool = False
    menu: MenuItem | None = None

    @property
    def by_itself(self) -> bool:
        """Whether a page that is open asks for it, again and again, without its reader."""
        return self.path.startswith("/live/")

    @property
    def of_agent(self) -> bool:
        """Whether it is of the agent whose `name` is in its address."""
        return "/agents/{name}" in self.path

    @property
    def of_host(self) -> bool:
        """Whether it is of the host itself, and so for administrators."""
        return self.path.startswith(("/settings", "/live/settings"))


class Pages(Protocol):
    """A module's pages, with the services that they call."""

    def pages(self) -> Sequence[Page]:
        """Its addresses."""
