"""The main navigation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An entry of the main navigation: its words, its icon, and whether only administrators have it.

    `count` is the path of a part that shows how many things there need attention; empty for none. It is fetched again when a
    live part of the page has changed: a stream of its own would be one connection more for each tab.
    """

    label: str
    icon: str
    admin: bool = False
    count: str = ""


class Listed(Protocol):
    """A page that may be in the navigation."""

    @property
    def path(self) -> str:
        """Its address."""

    @property
    def menu(self) -> MenuItem | None:
        """Its entry; None if it has none."""
