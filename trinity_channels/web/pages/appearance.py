"""The colour scheme: that of the system, light or dark."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from trinity_channels.web.pages.cookies import set_theme
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.place import safe_path
from trinity_channels.web.pages.visit import Visit


class AppearancePages:
    """`/appearance`."""

    def pages(self) -> Sequence[Page]:
        """The address."""
        return [Page("/appearance", self._choose, "POST")]

    async def _choose(self, visit: Visit) -> Response:
        form = await visit.form()
        response = visit.redirect(safe_path(visit, form.text("next")))
        set_theme(response, form.text("theme"))
        return response
