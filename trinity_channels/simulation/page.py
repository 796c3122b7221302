"""The page on which people try a channel without an account anywhere; what is the channel's own about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from trinity_channels.simulation.clock import Clock
from trinity_channels.simulation.console import ConsolePage
from trinity_channels.simulation.samples import Sample
from trinity_channels.simulation.screen import Screen, Switch

NOTHING: Mapping[str, str] = {}


class Person(Protocol):
    """A person with a phone."""

    name: str
    address: str


P = TypeVar("P", bound=Person)


class PhonePage(ABC, Generic[P]):
    """The page at `/` of a simulator, with a phone for each person, and the API that it uses; `page_routes` serves it.

    Args:
        network: what is simulated, as people call it.
        folder: the channel's own look, `channel.css` and `icon.svg`; None for the look of the toolkit.
        clock: the provider's.
        switches: what can be made to go wrong.

    Attributes:
        console_title: what the provider calls its console.
    """

    console_title = "Console"

    def __init__(self, network: str, folder: Path | None, clock: Clock, switches: Sequence[Switch]) -> None:
        self.network = network
        self.folder = folder
        self.clock = clock
        self.switches = switches

    @abstractmethod
    def people(self) -> Iterable[P]:
        """All people."""

    @abstractmethod
    def add(self, name: str) -> P:
        """A person, new or existing."""

    @abstractmethod
    async def screen(self, person: P) -> Screen:
        """What a person sees now."""

    @abstractmethod
    async def say(self, person: P, text: str, where: str, thread: str) -> None:
        """Write to one of `destinations`, or in a thread; raises `Refused`."""

    async def tap(self, person: P, title: str) -> None:
        """Tap the button with this title; the screen has one."""

    def attachments(self) -> Mapping[str, str]:
        """What can be sent besides text, with the words for it: `photo`, `voice`, `file`, `place`."""
        return NOTHING

    async def send(self, person: P, sample: Sample) -> None:
        """Send a sample of one of `attachments`."""

    async def act(self, person: P, action: str) -> None:
        """Do one of the screen's `actions`."""

    def destinations(self) -> Mapping[str, str]:
        """Where people can write, by the API's word for it; empty where there is one chat."""
        return NOTHING

    def console(self) -> Sequence[ConsolePage]:
        """The pages of the provider's console that an owner needs; made again for each look."""
        return ()

    def advance(self, by: timedelta) -> None:
        """Move the provider's clock forward."""
        self.clock.advance(by)
