"""What needs attention, as a list of sentences with one button each: first what keeps an agent from being reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from trinity_channels.access.overview import ATTENTION, Overview
from trinity_channels.web.pages.visit import Visit
from trinity_channels.web.pages.words import counted


@dataclass(frozen=True, slots=True)
class Issue:
    """One entry. `grave`: people get no answer because of it. `path` is the page that helps, `button` what it says."""

    title: str
    detail: str | Markup
    path: str
    button: str
    grave: bool = False


_TROUBLE = "{agent} has trouble on {channel}"
_UNREACHABLE = "{agent} cannot be reached on {channel}"
_TITLES = {
    "agent": "{agent} fails to answer on {channel}",
    "credentials": _UNREACHABLE,
    "public_chat_url": _UNREACHABLE,
    "webhook_path": _UNREACHABLE,
    "signature": _UNREACHABLE,
    "outbound": "Messages from {agent} are not sent on {channel}",
    "mail": "People cannot sign in to {agent} on {channel}",
    "parked": "{agent} has left questions for you on {channel}",
}
"""By the code of the worst check."""
WORKS = frozenset({"parked", "host_messages", "escalation"})
"""Codes with which people are answered all the same."""


def issues_of(visit: Visit, overviews: Sequence[Overview]) -> list[Issue]:
    """Everything that needs attention, the gravest first, otherwise by agent."""
    # Stable: among equals the order of the agents stays.
    return sorted((one for agent in overviews for one in _of(visit, agent)), key=lambda one: not one.grave)


def _of(visit: Visit, agent: Overview) -> Iterator[Issue]:
    path = f"/agents/{quote(agent.name, safe='')}"
    for at in agent.channels:
        if at.state == ATTENTION:
            title = _TITLES.get(at.code, _TROUBLE).format(agent=agent.name, channel=at.title)
            yield Issue(
                title, visit.within(at.cause), f"{path}#{at.channel}", f"Open {at.title}", grave=at.code not in WORKS
            )
    waiting = agent.waiting
    if waiting.requests:
        asks = "person asks" if waiting.requests == 1 else "people ask"
        detail: str | Markup = ""
        if waiting.oldest_request is not None:
            who = "They" if waiting.requests == 1 else "The first one"
            detail = Markup("{} asked {}.").format(who, visit.ago(waiting.oldest_request))
        title = f"{counted(waiting.requests)} {asks} to talk with {agent.name}"
        yield Issue(title, detail, f"{path}#requests", "Review requests")
    talks = f"/conversations?agent={quote(agent.name, safe='')}&state=attention"
    if agent.turns:
        questions = "question has" if agent.turns == 1 else "questions have"
        detail = "No attempt to answer succeeded, or the question came too late to be answered without asking you."
        yield Issue(f"{counted(agent.turns)} {questions} no answer from {agent.name}", detail, talks, "See what failed")
    if waiting.deliveries:
        messages = "message" if waiting.deliveries == 1 else "messages"
        title = f"{counted(waiting.deliveries)} {messages} from {agent.name} may not have arrived"
        yield Issue(
            title,
            "In the last seven days. The conversation says what the person has received.",
            talks,
            "See what failed",
        )
