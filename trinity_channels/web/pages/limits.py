"""The limits of the host, which administrators change while it runs, and every setting with where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from trinity_channels.host_settings import HostSettings, Origin
from trinity_channels.limits import BOUNDS, Limits
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
        problems: Mapping[str, str] | None = None,
    ) -> Response:
        limits = self._limits.settings(visit.principal)
        shown = {one.name: f"{one.value:g}" for one in limits} if given is None else given
        return visit.render(
            "settings_limits_form.html", status, limits=limits, given=shown, problems=problems or {}, **_WORDS
        )

    async def _change(self, visit: Visit) -> Response:
        form = await visit.form()
        given = {name: form.text(name) for name in BOUNDS}
        if problems := {name: _wanted(name) for name, text in given.items() if text and not _fits(name, text)}:
            return self._form(visit, 422, given, problems)
        changes = self._changes(visit, given)
        await self._limits.change(visit.principal, changes)
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
            # What a form shows and sends back is not stored, or it would no longer follow the settings.
            elif (value := _number(text)) != one.value:
                changes[one.name] = int(value) if BOUNDS[one.name].whole and value.is_integer() else value
        return changes

    async def _list(self, visit: Visit) -> Response:
        return visit.render("settings_all.html", every=self._every.of(visit.principal), **_WORDS)


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _fits(name: str, text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and BOUNDS[name].hold(_number(text))


def _wanted(name: str) -> str:
    """What is said at the field of a limit that cannot be what was entered."""
    bounds = BOUNDS[name]
    return f"Enter {bounds.kind} of {bounds.unit}, from {bounds.least:g} to {bounds.most:.0f}."


_WORDS: dict[str, Any] = {"labels": LABELS, "bounds": BOUNDS, "origins": ORIGINS, "measured": measured}
