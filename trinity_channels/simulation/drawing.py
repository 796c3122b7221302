"""The page as HTML, and its parts again whenever one of them changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup
from starlette.requests import Request

from trinity_channels.simulation.console import ConsolePage
from trinity_channels.simulation.mailbox import Mail, beside, code_of, mails
from trinity_channels.simulation.page import P, Person, PhonePage
from trinity_channels.simulation.rendering import environment, icons, loaded
from trinity_channels.simulation.screen import Screen, Switch

PARTS = ("contact", "ping", "talk", "actions", "mailbox", "console", "switches", "clock")


@dataclass(frozen=True, slots=True)
class View:
    """What the templates draw.

    `root` is where the simulator is served, with a slash at its end; `mails` is None where there is no mailbox.
    """

    root: str
    network: str
    person: Person | None
    screen: Screen | None
    mails: Sequence[Mail] | None
    switches: Sequence[Switch]
    console: Sequence[ConsolePage]
    console_title: str
    now: datetime

    def at(self, path: str) -> str:
        """An address of this person's phone."""
        return f"{self.root}phones/{self._name}/{path}"

    @property
    def page(self) -> str:
        """The page that shows this person's phone."""
        return f"{self.root}?as={self._name}"

    @property
    def _name(self) -> str:
        return quote(self.person.name, safe="") if self.person else ""

    @property
    def code(self) -> str:
        """The code in the newest mail that this person had sent from this network, unless they have sent it already."""
        newest = next((one for one in self.mails or () if self._asked_for(one)), None)
        return self.offered(newest) if newest else ""

    def offered(self, mail: Mail) -> str:
        """The code in a mail, for this person to send; empty if another asked for it, or it was sent."""
        code = code_of(mail)
        # Offered once: a code that was sent has served.
        return "" if not self._asked_for(mail) or any(code in text for text in self._said()) else code

    def _asked_for(self, mail: Mail) -> bool:
        """Whether this person had a mail sent from this network; a code is accepted only from there."""
        asked = any(mail.to.casefold() in text for text in self._said())
        return asked and self.network in f"{mail.subject} {mail.text}"

    def _said(self) -> list[str]:
        return [one.text.casefold() for one in self.screen.bubbles if one.mine] if self.screen else []


async def drawn(page: PhonePage[P], request: Request, person: P | None, refused: Mapping[str, str]) -> str:
    """The whole page, with one person's phone; `refused` is why, by the page of the console, empty for the phone."""
    view = await _view(page, request, person)
    thread = request.query_params.get("thread")
    bubbles = view.screen.bubbles if view.screen and thread else ()
    others = await beside(request.scope, stream=False)
    return (
        _environment()
        .get_template("phone.html")
        .render(
            **_common(view, refused),
            people=list(page.people()),
            others=[Markup(html) for html in others.values()],  # noqa: S704  the program's own templates made them
            thread=next((one for one in bubbles if one.thread == thread), None),
            destinations=page.destinations(),
            attachments=page.attachments(),
            origin=f"{request.url.scheme}://{request.url.netloc}",
            framed=request.headers.get("sec-fetch-dest") == "iframe",
            back=f"{root.rpartition('/')[0]}/" if (root := request.scope.get("root_path", "")) else "",
            **_loaded(page, request, view.root),
        )
    )


def _loaded(page: PhonePage[P], request: Request, root: str) -> dict[str, Any]:
    """What the head of the page names: the shared files, ours, and those that the channel has."""
    own = [one for one in ("channel.css", "icon.svg") if page.folder and (page.folder / one).exists()]
    found = loaded(request, root)
    return found | {
        "sheets": [*found["sheets"], f"{root}page/phone.css", *(f"{root}page/{one}" for one in own if "css" in one)],
        "icon": f"{root}page/icon.svg" if "icon.svg" in own else "",
    }


async def parts(page: PhonePage[P], request: Request, person: P) -> dict[str, str]:
    """The parts of the page that change, by name, each to replace its predecessor."""
    view = await _view(page, request, person)
    macros: Any = _environment().get_template("parts.html").make_module(_common(view))
    own = {name: str(getattr(macros, name)(view, oob=True)) for name in PARTS}
    return own | dict(await beside(request.scope, stream=True))


async def _view(page: PhonePage[P], request: Request, person: P | None) -> View:
    screen = await page.screen(person) if person else None
    root = f"{request.scope.get('root_path', '')}/"
    return View(
        root=root,
        network=page.network,
        person=person,
        screen=screen,
        mails=mails(request.scope),
        switches=page.switches,
        console=page.console(),
        console_title=page.console_title,
        now=page.clock(),
    )


def _common(view: View, refused: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {"view": view, "icons": icons(view.root), "refused": refused or {}}


def _local(at: datetime) -> datetime:
    """In the zone of this machine, which is the reader's: simulators serve the machine that they run on."""
    return at.astimezone()


def _day(at: datetime) -> str:
    local = _local(at)
    return f"{local:%A}, {local.day} {local:%B}"


def _exact(at: datetime) -> str:
    local = _local(at)
    return f"{local:%A}, {local.day} {local:%B %Y, %H:%M %Z}"


def _quoted(text: str) -> str:
    return quote(text, safe="")


@cache
def _environment() -> Environment:
    made = environment()
    made.globals |= {"day": _day, "exact": _exact, "local": _local, "quoted": _quoted}
    return made
