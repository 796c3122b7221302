"""What the page of a simulator shows: a person's screen, and the switches of the simulated provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from trinity_channels.api.simulator import Fault
from trinity_channels.simulation.faults import Faults

SHOWN = 200
"""How many messages of a chat a page shows."""


@dataclass(frozen=True, slots=True)
class File:
    """A file in a message. `content` is empty where the simulator only knows of the file, `url` where it can be opened."""

    content_type: str
    name: str = ""
    content: bytes = b""
    url: str = ""

    @property
    def kind(self) -> str:
        """How it is shown: `photo`, `voice` or `file`."""
        return {"image": "photo", "audio": "voice"}.get(self.content_type.partition("/")[0], "file")


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on a screen.

    Attributes:
        id: unique on this screen.
        mine: the person whose screen this is wrote it.
        text: as it was sent.
        html: the text as the channel's own app draws it.
        at: when it was sent.
        ticks: 0 on its way, 1 sent, 2 delivered, 3 read, -1 not delivered; None where the channel has no such signs.
        by: who wrote it, where that is not one of two.
        where: the conversation it stands in, where a screen shows several.
        thread: what a reply to it names; empty where the channel has no threads.
        reply: it stands in a thread below another message.
        place: the place that it shares, in words.
        buttons: titles of what can be tapped.
        reactions: as they are drawn.
        failure: why it was not delivered.
    """

    id: str
    mine: bool
    text: str
    html: Markup
    at: datetime
    ticks: int | None = None
    by: str = ""
    where: str = ""
    thread: str = ""
    reply: bool = False
    file: File | None = None
    place: str = ""
    buttons: Sequence[str] = ()
    reactions: Sequence[str] = ()
    failure: str = ""

    @property
    def json(self) -> dict[str, Any]:
        """As the simulator's API returns it."""
        return {
            "id": self.id,
            "mine": self.mine,
            "text": self.text,
            "at": self.at.isoformat(),
            "ticks": self.ticks,
            "by": self.by,
            "where": self.where,
            "thread": self.thread,
            "reply": self.reply,
            "file": self.file.content_type if self.file else None,
            "place": self.place,
            "buttons": list(self.buttons),
            "reactions": list(self.reactions),
            "failure": self.failure,
        }


@dataclass(frozen=True, slots=True)
class Screen:
    """What a person sees now.

    Attributes:
        name: whom they talk to.
        address: the number or name of that.
        bubbles: oldest first.
        typing: the other side is seen writing.
        state: what holds for this chat, such as the membership in a sandbox.
        window: how long free text may still be sent to this person; empty where nothing closes.
        actions: what else the person can do: words for the API and the title of a button.
    """

    name: str
    address: str
    bubbles: Sequence[Bubble]
    typing: bool = False
    state: str = ""
    window: str = ""
    actions: Mapping[str, str] | None = None

    @property
    def json(self) -> dict[str, Any]:
        """As the simulator's API returns it."""
        return {
            "with": {"name": self.name, "address": self.address},
            "typing": self.typing,
            "state": self.state,
            "window": self.window,
            "actions": dict(self.actions or {}),
            "messages": [one.json for one in self.bubbles],
        }


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that goes wrong while it is on. `name` is its word in the API, `text` a sentence of explanation."""

    name: str
    title: str
    text: str
    is_on: Callable[[], bool]
    turn: Callable[[bool], None]

    @property
    def json(self) -> dict[str, Any]:
        """As the simulator's API returns it."""
        return {"name": self.name, "title": self.title, "text": self.text, "on": self.is_on()}


def send_faults(faults: Faults, provider: str) -> list[Switch]:
    """The switches of what can happen to a send: while one is on, it strikes every second send."""
    texts = {
        Fault.RATE_LIMITED: ("Too many requests", f"{provider} answers every second send with 429."),
        Fault.SERVER_ERROR: ("Server error", f"{provider} answers every second send with a 5xx and does not take it."),
        Fault.CUT_BEFORE: ("Cut before", f"At every second send the connection breaks before {provider} takes it."),
        Fault.CUT_AFTER: ("Cut after", f"{provider} takes every second send, but the answer never arrives."),
    }
    return [_fault(faults, fault, *words) for fault, words in texts.items()]


def _fault(faults: Faults, fault: Fault, title: str, text: str) -> Switch:
    def turn(on: bool) -> None:
        faults.stand(fault, on=on)

    return Switch(fault.value, title, text, lambda: faults.stands(fault), turn)


def behaviours(name: str, title: str, text: str, behaviour: object, attributes: Iterable[str]) -> Switch:
    """A switch for truth values of a simulator's `behaviour`, all turned together."""
    names = tuple(attributes)

    def turn(on: bool) -> None:
        for attribute in names:
            setattr(behaviour, attribute, on)

    return Switch(name, title, text, lambda: all(getattr(behaviour, one) for one in names), turn)
