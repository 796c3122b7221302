"""The provider's console as far as an owner needs it: what they copy from it, and the webhook URL that they enter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from trinity_channels.simulation.posted import Refused

LONGEST_URL = 2_000


@dataclass(frozen=True, slots=True)
class WebhookField:
    """Where the owner enters the webhook URL. `label` is what the provider calls it, `enter` may raise `Refused`."""

    label: str
    url: str
    enter: Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ConsoleAction:
    """Something else that the owner can do there, such as having a token replaced."""

    title: str
    do: Callable[[], None]


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """One page of the console.

    Attributes:
        name: its word in the API, one path segment.
        title: what it is about.
        path: the way through the menus of the real console.
        values: what can be copied, by the provider's word for it.
        webhook: None where there is no such field.
        actions: by their words in the API.
    """

    name: str
    title: str
    path: Sequence[str] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    webhook: WebhookField | None = None
    actions: Mapping[str, ConsoleAction] = field(default_factory=dict)

    @property
    def json(self) -> dict[str, Any]:
        """As the simulator's API returns it."""
        return {
            "name": self.name,
            "title": self.title,
            "values": dict(self.values),
            "webhook_url": self.webhook.url if self.webhook else None,
            "actions": {name: action.title for name, action in self.actions.items()},
        }

    async def change(self, given: Mapping[str, Any]) -> None:
        """Do what was posted: an action, or a new webhook URL, where an empty one removes it.

        Raises:
            Refused: the page offers neither, or the URL is none.
        """
        if name := given.get("action"):
            action = self.actions.get(name) if isinstance(name, str) else None
            if action is None:
                raise Refused("There is no such action on this page.")
            action.do()
        elif self.webhook is None:
            raise Refused("No webhook URL is entered on this page.")
        else:
            await self.webhook.enter(_webhook_url(given.get("url")))


def _webhook_url(given: object) -> str:
    url = given.strip() if isinstance(given, str) else None
    if url is None:
        raise Refused("url must be text.")
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if url and (not is_usable or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url):
        raise Refused("Enter the whole webhook URL; it begins with https:// or http://.")
    return url
