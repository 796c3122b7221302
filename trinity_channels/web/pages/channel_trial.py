"""Sending a test message on a channel, and following what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from trinity_channels.outbound.sent import SentMessages
from trinity_channels.outbound.trial import TEXT, TooManyTests, TrialMessages, TrialRefused
from trinity_channels.store.delivery_log import Sent
from trinity_channels.web.pages import message_words
from trinity_channels.web.pages.channel_view import ChannelView
from trinity_channels.web.pages.channel_views import ChannelViews
from trinity_channels.web.pages.form import row_id
from trinity_channels.web.pages.live import Live
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.visit import Visit

_PATH = "/agents/{name}/channels/{channel}/test"


class ChannelTrialPages:
    """`/agents/{name}/channels/{channel}/test…`."""

    def __init__(self, views: ChannelViews, trials: TrialMessages, sent: SentMessages, live: Live) -> None:
        self._views = views
        self._trials = trials
        self._sent = sent
        self._live = live

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page(_PATH, self._ask),
            Page(_PATH, self._views.connected(self._send), "POST"),
            Page(f"{_PATH}/{{delivery}}", self._follow),
            Page(f"/live{_PATH}/{{delivery}}", self._follow_live),
        ]

    async def _ask(self, visit: Visit) -> Response:
        view = await self._views.of(visit)
        return _form(visit, view) if view.at else visit.redirect(view.path)

    async def _send(self, visit: Visit) -> Response:
        view = await self._views.of(visit)
        form = await visit.form()
        to, text = form.text("to"), form.text("message") or TEXT
        try:
            tried = await self._trials.send(visit.principal, view.agent, view.name, to, text)
        except TrialRefused as refused:
            problems = dict(refused.problems)
            message = problems.pop("message", "")
            address = " ".join(problems.values())
            return _form(visit, view, 422, to=to, text=text, to_problem=address, message_problem=message)
        except TooManyTests as error:
            return _form(visit, view, 429, to=to, text=text, to_problem=error.message)
        return visit.redirect(f"{view.path}/test/{tried.delivery.id}")

    async def _follow(self, visit: Visit) -> Response:
        view = await self._views.of(visit)
        return visit.render("channel_test_sent.html", view=view, **_shown(await self._delivery(visit)))

    async def _follow_live(self, visit: Visit) -> Response:
        view = await self._views.of(visit)
        await self._delivery(visit)  # before the stream begins: an answer that has begun cannot become a 404

        async def part() -> str:
            return visit.part("channel_test_state.html", view=view, **_shown(await self._delivery(visit)))

        return self._live.stream(visit, part)

    async def _delivery(self, visit: Visit) -> Sent:
        params = visit.request.path_params
        delivery = row_id(params["delivery"])
        return await self._sent.one(visit.principal, params["name"], delivery, test_on=params["channel"])


def _form(visit: Visit, view: ChannelView, status: int = 200, **given: str) -> Response:
    values = {"to": "", "text": TEXT, "to_problem": "", "message_problem": "", **given}
    return visit.render("channel_test.html", status, view=view, **values)


def _shown(delivery: Sent) -> dict[str, Any]:
    badge, words = message_words.SENT[delivery.state]
    reason = message_words.reason(delivery.failure, delivery.failure_code)
    return {"delivery": delivery, "badge": badge, "words": words, "reason": reason}
