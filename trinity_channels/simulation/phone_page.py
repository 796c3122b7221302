"""The page of a channel used on phones: it looks like one, and its time can be moved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from string import Template
from typing import Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels.simulation.background import Background
from trinity_channels.simulation.clock import Clock
from trinity_channels.simulation.page import ASSETS, Page, Person, Refused, posted, route


class Phone(Person, Protocol):
    """What a person does on the page."""

    async def says(self, text: str) -> None:
        """Write."""

    async def taps(self, title: str) -> None:
        """Tap a button called `title`."""

    def offer(self, title: str) -> object | None:
        """What has a button called `title`."""


P = TypeVar("P", bound=Phone)


class PhonePage(Page[P]):
    """A `Page` that looks like a phone.

    `seen` has `with` (`name` and `address` of the other side), `now`, `typing`, and `messages` with `mine`, `at`, `ticks`,
    `buttons` and whatever the channel's script makes of them.

    Args:
        folder: `channel.css` with the colours, `channel.js` which opens the phone (see `phone.js`), `icon.svg`.
        network: what this is not, for the notice.
        later: what happens at the provider within 25 hours.
    """

    def __init__(self, folder: Path, network: str, later: str, clock: Clock, background: Background) -> None:
        html = Template((ASSETS / "phone.html").read_text(encoding="utf-8"))
        super().__init__(html.substitute(network=network, later=later), folder)
        self._clock = clock
        self._background = background

    def routes(self) -> list[Route]:
        return [*super().routes(), route("POST", "/advance", self._advance)]

    async def say(self, person: P, said: dict[str, Any]) -> None:
        text, button = str(said.get("text", "")).strip(), str(said.get("button", ""))
        if not text and person.offer(button) is None:
            raise Refused("There is no text, and no such button.")
        # Not awaited: a webhook may take seconds, and the page polls for what came of it.
        self._background.start(person.taps(button) if button else person.says(text))

    def advance(self, by: timedelta) -> None:
        """Move the provider's clock forward."""
        self._clock.advance(by)

    async def _advance(self, request: Request) -> Response:
        hours = (await posted(request)).get("hours")
        if not isinstance(hours, int) or hours < 0:
            raise Refused("Time moves forward by whole hours.")
        self.advance(timedelta(hours=hours))
        return JSONResponse({"now": self._clock().isoformat()})
