"""The audit log: of the whole host for administrators, of one agent for its owner. Its filters are its address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.responses import Response

from trinity_channels.access.audit_log import AuditLog, Narrowed
from trinity_channels.plugins import Plugins
from trinity_channels.store.audit import ACTIONS
from trinity_channels.store.audit_names import Told
from trinity_channels.web.audit_sentences import AuditLine, line
from trinity_channels.web.audit_words import did, who
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.visit import Visit

MOST = 50
"""Entries on a page."""
FEW = 5
"""Entries on the page of the settings."""
_HIGHEST = 2**63 - 1


class AuditPages:
    """`/settings/audit` and `/agents/{name}/audit`."""

    def __init__(self, log: AuditLog, plugins: Plugins) -> None:
        self._log = log
        self._plugins = plugins

    async def values(self, visit: Visit) -> dict[str, Any]:
        """What the page of the settings shows of it."""
        found = await self._log.entries(visit.principal, None, most=FEW)
        return {
            "lines": self._lines(visit, found),
            "query": lambda **changed: _query(Narrowed(**changed)),
        }

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [Page("/settings/audit", self._of_host), Page("/agents/{name}/audit", self._of_agent)]

    async def _of_host(self, visit: Visit) -> Response:
        return await self._show(visit, None)

    async def _of_agent(self, visit: Visit) -> Response:
        return await self._show(visit, visit.request.path_params["name"])

    async def _show(self, visit: Visit, agent: str | None) -> Response:
        given = visit.request.query_params
        narrowed = _narrowed(given, whole=agent is None)
        # One more than are shown tells whether there are older ones.
        found = await self._log.entries(visit.principal, agent, narrowed, MOST + 1)
        shown = found[:MOST]
        lines = self._lines(visit, shown)
        return visit.render(
            "audit.html",
            agent=agent,
            lines=lines,
            narrowed=narrowed,
            since=f"{narrowed.since:%Y-%m-%d}" if narrowed.since else "",
            # An entry knows the name of a contact, which the address does not.
            actor=next((one.who for one in lines), who(narrowed.actor)) if narrowed.actor else "",
            actions=sorted(((name, did(name)) for name in ACTIONS), key=lambda one: one[1]),
            older=_query(narrowed, before=shown[-1].entry.id) if len(found) > MOST else "",
            newest=_query(narrowed) if narrowed.before else "",
            query=lambda **changed: _query(replace(narrowed, before=None, **changed)),
        )

    def _lines(self, visit: Visit, found: Sequence[Told]) -> list[AuditLine]:
        title = partial(self._plugins.title, languages=visit.languages)
        return [line(one, title) for one in found]


def _narrowed(given: QueryParams, *, whole: bool) -> Narrowed:
    """What an address asks for; what cannot be meant is left out, so that an old link still leads to a list."""
    action, before = given.get("action", ""), given.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < len(str(_HIGHEST)) else 0
    return Narrowed(
        action=action if action in ACTIONS else "",
        actor=given.get("actor", "").strip(),
        about=given.get("agent", "").strip() if whole else "",
        since=_day(given.get("since", "")),
        before=number or None,
    )


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date(), time(), UTC)
    except ValueError:
        return None


def _query(narrowed: Narrowed, before: int | None = None) -> str:
    """The query of an address for a list."""
    since = f"{narrowed.since:%Y-%m-%d}" if narrowed.since else ""
    given = {"action": narrowed.action, "agent": narrowed.about, "actor": narrowed.actor, "since": since}
    return urlencode({name: value for name, value in {**given, "before": before or ""}.items() if value})
