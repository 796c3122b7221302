"""The limits of the host, which administrators change while it runs, and every setting with where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from trinity_channels.host_settings import HostSettings, Origin
from trinity_channels.limits import BOUNDS, LimitRefused, Limits
from trinity_channels.web.limit_words import LABELS, measured
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.visit import Visit

_PATH = "/settings/limits"
_NUMBER = re.compile(r"[0-9]{1,7}(?:[.,][0-9]{1,6})?")
ORIGINS = {
    Origin.STORED: "Changed here",
    Origin.ENVIRONMENT: "Environment",
    Origin.FILE: "Settings file",
    Origin.APPLICATION: "Application",
    Origin.DEFAULT: "Default",
}
"""Where a value comes from, in words."""


class LimitPages:
    """`/settings/limits` and `/settings/all`."""

    def __init__(self, limits: Limits, every: HostSettings) -> None:
        self._limits = limits
        self._every = every

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page(_PATH, self._ask),
            Page(_PATH, self._change, "POST"),
            Page("/settings/all", self._list),
        ]

    async def values(self, visit: Visit) -> dict[str, Any]:
        """What the page of the settings shows of it."""
        origins = {one.name.rpartition("TRINITY_CHANNELS_")[2].lower(): one for one in self._every.of(visit.principal)}
        return {"limits": self._limits.settings(visit.principal), "limit_origins": origins, **_WORDS}

    async def _ask(self, visit: Visit) -> Response:
        return self._form(visit)

    def _form(
        self,
        visit: Visit,
        status: int = 200,
        given: Mapping[str, str] | None = None,
        problem: LimitRefused | None = None,
    ) -> Response:
        limits = self._limits.settings(visit.principal)
        shown = {one.name: f"{one.value:g}" for one in limits} if given is None else given
        problems = {problem.field: problem.message} if problem else {}
        return visit.render(
            "settings_limits_form.html", status, limits=limits, given=shown, problems=problems, **_WORDS
        )

    async def _change(self, visit: Visit) -> Response:
        form = await visit.form()
        given = {name: form.text(name) for name in BOUNDS}
        try:
            changes = self._changes(visit, given)
            await self._limits.change(visit.principal, changes)
        except LimitRefused as refused:
            return self._form(visit, 422, given, refused)
        said = "Saved. The limits count from now on." if changes else "Nothing was changed."
        return visit.redirect("/settings#limits", said)

    def _changes(self, visit: Visit, given: Mapping[str, str]) -> dict[str, float | None]:
        """What differs from what counts; an empty field means that the settings are to count again."""
        changes: dict[str, float | None] = {}
        for one in self._limits.settings(visit.principal):
            text = given[one.name]
            if not text:
                if one.stored:
                    changes[one.name] = None
            elif not _NUMBER.fullmatch(text):
                raise LimitRefused(one.name)
            # What a form shows and sends back is not stored, or it would no longer follow the settings.
            elif (value := float(text.replace(",", "."))) != one.value:
                changes[one.name] = int(value) if BOUNDS[one.name].whole and value.is_integer() else value
        return changes

    async def _list(self, visit: Visit) -> Response:
        return visit.render("settings_all.html", every=self._every.of(visit.principal), **_WORDS)


_WORDS: dict[str, Any] = {"labels": LABELS, "bounds": BOUNDS, "origins": ORIGINS, "measured": measured}
