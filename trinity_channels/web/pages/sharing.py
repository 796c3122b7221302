"""An agent's first page: who may chat with it, who asks to, who has access, who has written, and on which channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup
from starlette.responses import Response

from trinity_channels.access.actors import Actors
from trinity_channels.access.gate import GroupPolicy, Policy
from trinity_channels.access.pending_requests import Decided, PendingRequests
from trinity_channels.access.policy_effects import PolicyEffects
from trinity_channels.access.sharing import Sharing
from trinity_channels.email_address import normalise_email, shown_email
from trinity_channels.people.contacts import Contacts
from trinity_channels.plugins import Plugins
from trinity_channels.refusal import Refusal
from trinity_channels.web.pages.channel_view import ChannelView
from trinity_channels.web.pages.channel_views import ChannelViews
from trinity_channels.web.pages.form import row_id
from trinity_channels.web.pages.human_contact import HumanContactPages
from trinity_channels.web.pages.live import Live
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.sharing_view import ClientView, RequestView, ShareView, by, choices
from trinity_channels.web.pages.visit import Visit
from trinity_channels.web.pages.words import counted

_PATH = "/agents/{name}"
CLIENTS = 25
"""Clients on a page."""
REQUESTS = 25
"""Requests on a page."""
PEOPLE = 25
"""People with access on a page."""
_LAST = 2**63 - 1
_PLACES = ("requests", "people", "clients", "q")
"""What an address says about the place in each list."""


@dataclass(frozen=True, slots=True)
class SharingServices:
    """What the page shows and changes."""

    sharing: Sharing
    pending: PendingRequests
    effects: PolicyEffects
    contacts: Contacts
    actors: Actors


class SharingPages:
    """`/agents/{name}` and what its forms send."""

    def __init__(
        self,
        services: SharingServices,
        views: ChannelViews,
        human: HumanContactPages,
        plugins: Plugins,
        live: Live,
    ) -> None:
        self._services = services
        self._human = human
        self._views = views
        self._plugins = plugins
        self._live = live

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page(_PATH, self._look),
            Page("/live/agents/{name}", self._look_live),
            Page(f"{_PATH}/policy", self._set_policy, "POST"),
            Page(f"{_PATH}/requests", self._decide, "POST"),
            Page(f"{_PATH}/people", self._add, "POST"),
            Page(f"{_PATH}/people/remove", self._remove, "POST"),
            Page(f"{_PATH}/people/write-first", self._consent, "POST"),
        ]

    # --- the page ---

    async def _look(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def _page(self, visit: Visit, status: int = 200, **problem: Any) -> Response:
        agent, who = visit.request.path_params["name"], visit.principal
        effects = await self._services.effects.of(who, agent)
        policy, groups = await self._services.sharing.policies(who, agent)
        changed = await self._services.sharing.policies_changed(who, agent)
        views = await self._views.every(visit, agent)
        values: dict[str, Any] = {
            "choices": choices(effects, policy),
            "groups": groups,
            "changed": changed and (by(changed[0], visit, await self._services.actors.called(changed[:1])), changed[1]),
            "has_groups": any(view.manifest.capabilities.groups for view in views),
            "views": views,
            "state": _state(views),
            **await self._lists(visit, agent, **problem),
            **await self._human.values(visit, agent),
        }
        return visit.render("sharing.html", status, **values)

    async def _lists(self, visit: Visit, agent: str, **problem: Any) -> dict[str, Any]:
        """What follows by itself, besides the channels."""
        return {
            "agent": agent,
            "api": f"/api/agents/{quote(agent, safe='')}",
            # The same places in the lists.
            "live": f"/live{_path(agent)}{_query(**{one: visit.request.query_params.get(one, '') for one in _PLACES})}",
            "add": {"value": "", "problem": "", **problem},
            **await self._requests(visit, agent),
            **await self._people(visit, agent),
            **await self._clients(visit, agent),
        }

    async def _requests(self, visit: Visit, agent: str) -> dict[str, Any]:
        before = row_id(visit.request.query_params.get("requests", ""))
        found = await self._services.pending.of(visit.principal, agent, before=before or _LAST, most=REQUESTS + 1)
        shown = [RequestView(one, self._plugins, visit) for one in found.requests[:REQUESTS]]
        more = len(found.requests) > REQUESTS
        return {
            "requests": shown,
            "waiting": found.number,
            "older_requests": f"?requests={shown[-1].id}#requests" if more else "",
            "newer_requests": bool(before),
        }

    async def _look_live(self, visit: Visit) -> Response:
        agent = visit.request.path_params["name"]

        async def part() -> str:
            views = await self._views.every(visit, agent)
            return visit.part("sharing_live.html", views=views, **await self._lists(visit, agent))

        await part()  # refused before the stream begins, where it is refused
        return self._live.stream(visit, part)

    async def _people(self, visit: Visit, agent: str) -> dict[str, Any]:
        after = visit.request.query_params.get("people", "")
        found = await self._services.sharing.share_page(visit.principal, agent, after=after, most=PEOPLE)
        called = await self._services.actors.called(one.created_by for one in found.shares)
        return {
            "people": [ShareView(one, visit, called) for one in found.shares],
            "people_number": found.number,
            "more_people": f"{_query(people=found.next)}#people" if found.next else "",
            "first_people": bool(after),
        }

    async def _clients(self, visit: Visit, agent: str) -> dict[str, Any]:
        asked = visit.request.query_params
        after, words = asked.get("clients", ""), asked.get("q", "").strip()[:100]
        try:
            found = await self._services.contacts.of(visit.principal, agent, after=after, most=CLIENTS, words=words)
        except Refusal as refusal:  # an address that was cut off, or typed: the list begins at its beginning
            if refusal.field != "after":
                raise
            after = ""
            found = await self._services.contacts.of(visit.principal, agent, most=CLIENTS, words=words)
        return {
            "clients": [ClientView(one, self._plugins, visit) for one in found.contacts],
            "words": words,
            "clients_query": _query(q=words, clients=after),
            "older_clients": f"{_query(q=words, clients=found.next)}#clients" if found.next else "",
            "newest_clients": bool(after),
        }

    # --- policy ---

    async def _set_policy(self, visit: Visit) -> Response:
        agent, form = visit.request.path_params["name"], await visit.form()
        policy = _one_of(Policy, form.text("policy"))
        groups = _one_of(GroupPolicy, form.text("groups")) if form.text("groups") else None
        await self._services.sharing.set_policies(visit.principal, agent, lambda before: (policy, groups or before[1]))
        return visit.redirect(_back(agent, "policy"), "The policy is saved.")

    # --- requests ---

    async def _decide(self, visit: Visit) -> Response:
        agent, form = visit.request.path_params["name"], await visit.form()
        approve = form.ticked("approve")
        which = form.text("approve" if approve else "decline")
        chosen = form.every("request") if which == "selected" else [which]
        numbers = [number for one in chosen if (number := row_id(one))]
        if not numbers:
            return visit.redirect(_back(agent, "requests"), "Choose at least one request first.")
        decided = await self._services.pending.decide(visit.principal, agent, numbers, approve=approve)
        return visit.redirect(_back(agent, "requests"), _decision_sentence(decided, approve=approve))

    # --- people with access ---

    async def _add(self, visit: Visit) -> Response:
        agent, form = visit.request.path_params["name"], await visit.form()
        given = form.text("email")
        try:
            email = normalise_email(given)
        except ValueError:
            problem = "Enter an e-mail address such as zoe@example.org."
            return await self._page(visit, 422, value=given[:254], problem=problem)
        try:
            await self._services.sharing.share(visit.principal, agent, email)
        except Refusal as refusal:
            if refusal.field != "email":
                raise
            return await self._page(visit, 422, value=given, problem=refusal.message)
        return visit.redirect(_back(agent, "people"), f"{shown_email(email)} has access now.")

    async def _remove(self, visit: Visit) -> Response:
        agent, email = visit.request.path_params["name"], (await visit.form()).text("email")
        await self._services.sharing.unshare(visit.principal, agent, email)
        return visit.redirect(_back(agent, "people"), f"{shown_email(email)} has no access any more.")

    async def _consent(self, visit: Visit) -> Response:
        agent, form = visit.request.path_params["name"], await visit.form()
        email, allow = form.text("email"), form.text("allow") == "yes"
        await self._services.sharing.consent(visit.principal, agent, email, allow=allow)
        said = "may write first to" if allow else "no longer writes first to"
        return visit.redirect(_back(agent, "people"), f"The agent {said} {shown_email(email)}.")


def _query(**fields: str) -> str:
    """A query of the fields that have a value."""
    query = urlencode({name: value for name, value in fields.items() if value})
    return f"?{query}" if query else ""


def _back(agent: str, section: str) -> str:
    return f"{_path(agent)}#{section}"


def _path(agent: str) -> str:
    return f"/agents/{quote(agent, safe='')}"


def _one_of(kind: Any, value: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise Refusal("invalid_input", "Choose one of the policies.") from None


def _decision_sentence(decided: Decided, *, approve: bool) -> str:
    """What became of the requests, in a sentence or two."""
    verb = "approved" if approve else "declined"
    number = len(decided.requests)
    if number == 1:
        told = [f"{shown_email(decided.requests[0].email)} is {verb}."]
    else:
        told = [f"{counted(number)} requests are {verb}."] if number else []
    told += dict.fromkeys(refusal.message for refusal in decided.refused.values())
    return " ".join(told)


def _state(views: Sequence[ChannelView]) -> str | Markup:
    """Where people reach the agent, as a sentence."""
    titles = [view.title for view in views if view.at]
    if not titles:
        return Markup('It is not connected to a messenger yet. <a href="#channels">Connect a channel</a>.')
    listed = " and ".join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)
    return f"People reach it on {listed}."
