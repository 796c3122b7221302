"""The buttons of a conversation: send again what failed, ask the agent again, give a question up, decide about access."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from starlette.responses import Response

from trinity_channels.access.sharing import RequestNotFound, Sharing
from trinity_channels.inbound.parked_turns import OwnersParkedTurns, TurnNotFound, TurnSettled
from trinity_channels.outbound.resend import DeliveryNotFound
from trinity_channels.outbound.sent import SentMessages
from trinity_channels.refusal import Refusal
from trinity_channels.web.errors import translate
from trinity_channels.web.pages.conversation import PATH, ConversationViews, show
from trinity_channels.web.pages.form import Form, row_id
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.visit import Visit


class RemedyPages:
    """`/agents/{name}/conversations/{id}/…`, except for reading."""

    def __init__(
        self, views: ConversationViews, sent: SentMessages, turns: OwnersParkedTurns, sharing: Sharing
    ) -> None:
        self._views = views
        self._sent = sent
        self._turns = turns
        self._sharing = sharing

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page(f"{PATH}/resend", self._resend, "POST"),
            Page(f"{PATH}/resubmit", self._resubmit, "POST"),
            Page(f"{PATH}/forget/{{turn}}", self._ask_to_forget),
            Page(f"{PATH}/forget/{{turn}}", self._forget, "POST"),
            Page(f"{PATH}/decide", self._decide, "POST"),
        ]

    async def _resend(self, visit: Visit) -> Response:
        form = await visit.form()
        delivery = row_id(form.text("delivery"))
        done = self._sent.resend(visit.principal, _agent(visit), delivery, _conversation(visit))
        return await self._done(visit, form, done, "It is queued again. Its state is shown with the message.")

    async def _resubmit(self, visit: Visit) -> Response:
        form = await visit.form()
        turn = row_id(form.text("turn"))
        done = self._turns.resubmit_for(visit.principal, _agent(visit), turn, _conversation(visit))
        return await self._done(visit, form, done, "The agent is asked again.")

    async def _ask_to_forget(self, visit: Visit) -> Response:
        view, turn = await self._views.of(visit), row_id(visit.request.path_params["turn"])
        try:
            await self._turns.one(visit.principal, _agent(visit), turn, view.heading.id)
        except TurnSettled:  # the conversation says how
            return visit.redirect(_path(visit, 0))
        return visit.render("conversation_forget.html", view=view, turn=turn)

    async def _forget(self, visit: Visit) -> Response:
        form, turn = await visit.form(), row_id(visit.request.path_params["turn"])
        done = self._turns.forget_for(visit.principal, _agent(visit), turn, _conversation(visit))
        return await self._done(visit, form, done, "It is closed without an answer.")

    async def _decide(self, visit: Visit) -> Response:
        form = await visit.form()
        approve, request = form.text("decision") == "approve", row_id(form.text("request"))
        done = self._sharing.decide(
            visit.principal, _agent(visit), request, approve=approve, conversation=_conversation(visit)
        )
        return await self._done(visit, form, done, "Access is granted." if approve else "Access is declined.")

    async def _done(self, visit: Visit, form: Form, action: Awaitable[object], said: str) -> Response:
        """Do something, and lead back to the message; what is refused is said on top of the conversation, as it stands."""
        message = row_id(form.text("message"))
        try:
            await action
        except TurnSettled:  # pressed twice, or in two tabs: the conversation says what became of it
            return visit.redirect(_path(visit, message))
        except (DeliveryNotFound, TurnNotFound, RequestNotFound):
            raise  # what this conversation does not have is not told apart from what does not exist
        except Refusal as refused:
            told = translate(refused)
            view = await self._views.of(visit)
            return show(visit, view, told.status if told else 400, refused.message)
        return visit.redirect(_path(visit, message), said)


def _agent(visit: Visit) -> str:
    return str(visit.request.path_params["name"])


def _conversation(visit: Visit) -> int:
    return row_id(visit.request.path_params["conversation"])


def _path(visit: Visit, message: int) -> str:
    agent, conversation = _agent(visit), visit.request.path_params["conversation"]
    before = row_id(visit.request.query_params.get("before", ""))
    place = f"{f'?before={before}' if before else ''}{f'#message-{message}' if message else ''}"
    return visit.agent_path(agent, f"/conversations/{conversation}{place}")
