"""The list of conversations; every filtered view of it has an address of its own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from trinity_channels.conversations import words
from trinity_channels.conversations.listing import LONGEST_NAME, ConversationList, Filter, Listing
from trinity_channels.plugins import Plugins
from trinity_channels.store.conversation_list import Listed, Need
from trinity_channels.web.pages.curl import agent_api
from trinity_channels.web.pages.delivery_badges import BADGES
from trinity_channels.web.pages.live import Live
from trinity_channels.web.pages.menu import MenuItem
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.visit import Visit
from trinity_channels.web.pages.words import counted

_COUNT = "/live/conversations/attention"
_NEEDS = {
    Need.ATTENTION: ("attention", "Needs attention"),
    Need.HELD: ("queued", "Waits for access"),
    Need.WORKING: ("working", "Agent is answering"),
}
"""The badge and the words for each, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A link to the list in one state; `number` is how many there are, None if that is not counted."""

    words: str
    query: str
    number: int | None
    current: bool


class ConversationsPages:
    """`/conversations`, with the count in the navigation, and, for one agent, `/agents/{name}/conversations`."""

    def __init__(self, listing: ConversationList, plugins: Plugins, live: Live) -> None:
        self._listing = listing
        self._plugins = plugins
        self._live = live

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page("/conversations", self._list, menu=MenuItem("Conversations", "talks", count=_COUNT)),
            Page("/live/conversations", self._list_live),
            Page(_COUNT, self._attention),
            Page("/agents/{name}/conversations", self._of_agent),
        ]

    async def _of_agent(self, visit: Visit) -> Response:
        query = {**visit.request.query_params, "agent": visit.request.path_params["name"]}
        return visit.redirect(f"/conversations?{urlencode(query)}")

    async def _list(self, visit: Visit) -> Response:
        return visit.render("conversations.html", **await self._values(visit))

    async def _list_live(self, visit: Visit) -> Response:
        await self._values(visit)  # refused before the stream begins, where it is refused

        async def part() -> str:
            return visit.part("conversations_list.html", **await self._values(visit))

        return self._live.stream(visit, part)

    async def _attention(self, visit: Visit) -> Response:
        return visit.render("attention.html", number=await self._listing.attention(visit.principal))

    async def _values(self, visit: Visit) -> dict[str, Any]:
        wanted = _filter(visit)
        found = await self._listing.of(visit.principal, wanted)
        query = _query(wanted)
        return {
            "wanted": wanted,
            "query": f"?{query}" if query else "",
            "found": found,
            "channels": {name: self._plugins.title(name, visit.languages) for name in self._plugins},
            "chips": _chips(wanted, found),
            "rows": [(one, words.title(one), words.last_words(one), badge_of(one)) for one in found.conversations],
            "older": _query(wanted, after=found.next) if found.next else "",
            "newest": _query(wanted, after=""),
            "calls": _calls(visit, wanted, found),
            "state": _state(found),
        }


def badge_of(one: Listed) -> tuple[str, str]:
    """The badge of a conversation: the most urgent of what is left to do, else how far the last message got."""
    for need, badge in _NEEDS.items():
        if need in one.needs:
            return badge
    if one.last and one.last.delivery:
        return BADGES[one.last.delivery], words.SENDING[one.last.delivery]
    told = words.RECEIVED[one.last.state] if one.last else ""
    return ("", told) if told else ("good", "Answered")


def _filter(visit: Visit) -> Filter:
    given = visit.request.query_params
    need = None
    # An address that someone has typed: what is unknown means all.
    with suppress(ValueError):
        need = Need(given.get("state", ""))
    return Filter(
        given.get("agent", ""),
        given.get("channel", "")[:32],
        need,
        given.get("q", "").strip()[:LONGEST_NAME],
        given.get("after", ""),
    )


def _query(wanted: Filter, **changed: str) -> str:
    fields = {
        "agent": wanted.agent,
        "channel": wanted.channel,
        "state": wanted.need or "",
        "q": wanted.name,
        "after": wanted.after,
    } | changed
    return urlencode({name: value for name, value in fields.items() if value})


def _chips(wanted: Filter, found: Listing) -> list[Chip]:
    # What is counted are all conversations, not those that a search leaves.
    def number(need: Need | None) -> int | None:
        if wanted.name:
            return None
        return found.total if need is None else found.counts.get(need, 0)

    states: dict[Need | None, str] = {None: "All", **{need: told for need, (_, told) in _NEEDS.items()}}
    return [
        Chip(told, _query(wanted, state=need or "", after=""), number(need), current=need == wanted.need)
        for need, told in states.items()
    ]


def _calls(visit: Visit, wanted: Filter, found: Listing) -> list[str]:
    """The calls of the API that say the same: one for each agent."""
    fields = {"channel": wanted.channel, "state": wanted.need or "", "q": wanted.name, "after": wanted.after}
    query = urlencode({name: value for name, value in fields.items() if value})
    agents = (wanted.agent,) if wanted.agent else found.agents[:3]
    return [visit.curl("GET", f"{agent_api(one)}/conversations{f'?{query}' if query else ''}") for one in agents]


def _state(found: Listing) -> str:
    """How many there are, and how many need something, in the words of their badges."""
    if not found.total:
        return "No one has written yet."
    many = f"{counted(found.total)} conversation{'' if found.total == 1 else 's'}."
    attention, held = found.counts.get(Need.ATTENTION, 0), found.counts.get(Need.HELD, 0)
    told = [f"{counted(attention)} need{'s' if attention == 1 else ''} attention"] if attention else []
    if held:
        told.append(f"{counted(held)} wait{'s' if held == 1 else ''} for access")
    return f"{many} {' and '.join(told).capitalize() or 'None needs attention'}."
