"""The button for each action that a finding names; for what cannot be done on a page there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from trinity_channels.api import FixAction


@dataclass(frozen=True, slots=True)
class Button:
    """A POST has a form of its own; `href` is below the pages."""

    label: str
    href: str
    post: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where the buttons lead: an agent, one of its channels, and whether an administrator looks."""

    agent: str
    channel: str
    is_admin: bool

    @property
    def agent_path(self) -> str:
        """The agent's own page."""
        return f"/agents/{quote(self.agent, safe='')}"

    @property
    def channel_path(self) -> str:
        """The page of the channel; everything that can be done there lies below."""
        return f"{self.agent_path}/channels/{quote(self.channel, safe='')}"

    @property
    def failed_path(self) -> str:
        """The conversations in which something failed."""
        asked = {"agent": self.agent, "channel": self.channel, "state": "attention"}
        return f"/conversations?{urlencode(asked)}"


def buttons(actions: Iterable[FixAction], place: Place) -> list[Button]:
    """The buttons in the order of the actions; two that lead to the same place are one."""
    return list({one.href: one for one in _buttons(actions, place)}.values())


def _buttons(actions: Iterable[FixAction], place: Place) -> Iterator[Button]:
    channel, agent = place.channel_path, place.agent_path
    every = {
        FixAction.EDIT: Button("Edit the settings", f"{channel}/edit"),
        FixAction.VERIFY: Button("Verify", f"{channel}/verify", post=True),
        FixAction.SET_WEBHOOK: Button("Set the webhook", f"{channel}/webhook", post=True),
        FixAction.SEE_WEBHOOK: Button("See the webhook URL", f"{channel}#webhook"),
        FixAction.PROBE: Button("Check again", f"{channel}/probe", post=True),
        FixAction.TEST_MESSAGE: Button("Send a test message", f"{channel}/test"),
        FixAction.SEE_FAILED_TURNS: Button("See what failed", place.failed_path),
        FixAction.RESEND: Button("See what failed", place.failed_path),
        FixAction.SEE_CLIENTS: Button("See the clients", f"{agent}#clients"),
        FixAction.SET_POLICY: Button("Change the policy", f"{agent}#policy"),
        FixAction.SET_ESCALATION: Button("Enter a contact", f"{agent}#human"),
        # Of the whole host; owners are told in words whom to ask.
        **({FixAction.SET_PUBLIC_URL: Button("Set the Public Chat URL", "/settings#url")} if place.is_admin else {}),
    }
    for action in actions:
        if action in every:
            yield every[action]
