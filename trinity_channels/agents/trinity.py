"""An agent on the Trinity platform, over the platform's HTTP API: a run is begun as a task, and followed until it ends.

A task without `allowed_tools` would run with all tools of the agent, on a stranger's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from trinity_channels.agent_settings import TrinityAgent
from trinity_channels.agents import task_text
from trinity_channels.agents.json_api import MAX_ANSWER_BYTES, JsonApi, Reply
from trinity_channels.agents.platform import (
    Platform,
    PublicSettings,
    PublicSettingsReader,
    document,
    not_its_own,
    own_document,
)
from trinity_channels.agents.port import AgentFailed, AgentTimeout, AgentTurn, AgentUnavailable, Working
from trinity_channels.agents.problem import said_in
from trinity_channels.agents.trinity_sessions import Sessions

# https://github.com/Abilityai/trinity, docs/user-docs/api-reference/chat-api.md: queued, pending_retry and running go on.
_ENDED = {
    "failed": "The agent's run failed.",
    "cancelled": "The agent's run was cancelled on the platform.",
    "skipped": "The platform skipped the agent's run.",
}
_SUCCESS = "success"
_NO_ANSWER = "The agent's run ended without an answer."
_SHAPE = "The agent's answer does not have the shape that its API promises."
MAX_EXECUTION_BYTES = 8_000_000
"""An execution is told with the prompt and all calls of tools; of these the answer may have `MAX_ANSWER_BYTES`."""
MOST_TIMED_OUT = 1000
"""Turns whose time-out is remembered: some are never tried again, because the person is suspended or the agent deleted."""
_ID = re.compile(r"[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,199}")
# The platform does not know the session: https://github.com/Abilityai/trinity, docs/user-docs/api-reference/chat-api.md
_NO_SESSION = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST})
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_SAYS_NOTHING = frozenset(range(300, 500)) - {HTTPStatus.NOT_FOUND, *_REFUSED}
"""What says nothing about a run that was begun, such as the redirect of a proxy; its answer can still be had."""


class TrinityRuntime:
    """Runs turns of one agent by `POST /api/agents/{name}/task`, and asks `GET …/executions/{id}` what became of them."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        platform: Platform,
        agent: TrinityAgent,
        public: PublicSettingsReader,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._api = JsonApi(http, platform.token, agent.timeout_seconds, now)
        self._platform = platform
        self._agent = agent
        self._public = public
        self._sessions = Sessions()
        self._timed_out: dict[str, None] = {}  # by age

    async def run(self, turn: AgentTurn) -> str | Working:
        """Begin the agent's run, or ask for the one that was begun.

        Returns:
            The agent's response; `Working` with the id of the platform's execution while that goes on.

        Raises:
            AgentUnavailable: as `JsonApi.post`, and after a time-out: whether the run was begun is found out with its key.
                While a run is followed also if the token is refused, the answer has another shape or is a redirect.
            AgentTimeout: the second time-out to begin it; a platform that knows no keys would begin one run after another.
            AgentFailed: as `JsonApi.post`; the run ended without an answer; to begin one, an answer of another shape.
        """
        try:
            answer = await (self._followed(turn) if turn.run else self._begun(turn))
        except AgentTimeout as error:
            # No run is limited by this time: it only bounds one request.
            if not turn.run and self._second_time_out(turn.id):
                raise
            raise AgentUnavailable(str(error)) from None
        except AgentFailed:
            self._timed_out.pop(turn.id, None)
            raise
        self._timed_out.pop(turn.id, None)
        return answer

    async def abandon(self, turn: AgentTurn) -> None:
        """End a run whose answer is not wanted any more.

        Raises:
            AgentError: as `JsonApi.post`. The run goes on until it ends by itself.
        """
        url = self._platform.agent(turn.agent, f"/executions/{quote(turn.run, safe='')}/terminate")
        reply = await self._call("POST", url, {}, judged={HTTPStatus.CONFLICT})
        if reply.status in _REFUSED:
            raise AgentUnavailable(f"The platform does not take the token to end the agent's run ({reply.status}).")

    def _second_time_out(self, turn: str) -> bool:
        if turn in self._timed_out:
            del self._timed_out[turn]
            return True
        if len(self._timed_out) >= MOST_TIMED_OUT:
            del self._timed_out[next(iter(self._timed_out))]
        self._timed_out[turn] = None
        return False

    async def _begun(self, turn: AgentTurn) -> str | Working:
        public = await self._public_settings(turn)
        session = self._sessions.of(turn) if self._agent.resume_sessions else ""
        reply = await self._asked(turn, self._body(turn, public, session), _NO_SESSION if session else ())
        # Its container is another one by now: the history tells what was said.
        if session and reply.status in _NO_SESSION:
            self._sessions.forget(turn)
            reply = await self._asked(turn, self._body(turn, public, ""))
        found = await document(reply)
        response = found.get("response")
        # Platforms without async_mode run the task before they answer.
        if isinstance(response, str):
            self._sessions.answered(turn, found)
            return response
        if run := _execution(found):
            return Working(run)
        if reply.status >= HTTPStatus.BAD_REQUEST:
            message = f"The agent's API answered {reply.status}."
            raise self._api.failure(message, said_in(found), reply.headers, reply.status)
        raise AgentFailed(_SHAPE)

    async def _asked(self, turn: AgentTurn, body: Mapping[str, object], more: Collection[int] = ()) -> Reply:
        # The same key in every attempt: the platform answers a known one with the execution that it belongs to.
        url = self._platform.agent(turn.agent, "/task")
        return await self._call("POST", url, body, key=turn.id, judged={HTTPStatus.CONFLICT, *more})

    async def _call(self, method: str, url: str, body: Mapping[str, object] | None = None, **options: Any) -> Reply:
        """As `JsonApi.call`, with 401, 403 and 404 `judged`: only the platform's own say what it knows and allows."""
        own = {HTTPStatus.NOT_FOUND, *_REFUSED}
        reply = await self._api.call(method, url, body, judged=own | {*options.pop("judged", ())}, **options)
        if reply.status in own and await own_document(reply) is None:
            raise AgentUnavailable(not_its_own(reply.status))
        return reply

    async def _public_settings(self, turn: AgentTurn) -> PublicSettings:
        """The owner's, for people from outside: what is stored here, otherwise what the platform has."""
        if turn.public_prompt and turn.model:
            return PublicSettings(turn.public_prompt, turn.model)
        theirs = await self._public.of(turn.agent)
        return PublicSettings(turn.public_prompt or theirs.prompt, turn.model or theirs.model)

    def _body(self, turn: AgentTurn, public: PublicSettings, session: str) -> Mapping[str, object]:
        if turn.allowed_tools == ():
            # There, an empty list means all tools.
            raise AgentFailed("the platform runs no task without tools; allow at least one")
        body: dict[str, object] = {
            # What was said before, the session holds already.
            "message": task_text.message(replace(turn, history=()) if session else turn),
            "async_mode": True,
            "system_prompt": task_text.system_prompt(turn, public.prompt),
            "allowed_tools": list(turn.allowed_tools or self._agent.allowed_tools),
        }
        if public.model:
            body["model"] = public.model
        if session:
            body["resume_session_id"] = session
        return body

    async def _followed(self, turn: AgentTurn) -> str | Working:
        url = self._platform.agent(turn.agent, f"/executions/{quote(turn.run, safe='')}")
        reply = await self._call("GET", url, most=MAX_EXECUTION_BYTES, judged=_SAYS_NOTHING)
        if reply.status == HTTPStatus.NOT_FOUND:
            raise AgentFailed("The platform does not know the agent's run any more.")
        if reply.status in _REFUSED:
            # Not final: with another token the operator can still get the answer.
            raise AgentUnavailable(f"The platform does not take the token to read the agent's run ({reply.status}).")
        found = await document(reply)
        if reply.status in _SAYS_NOTHING:
            error = self._api.failure(
                f"The agent's API answered {reply.status}.", said_in(found), reply.headers, reply.status
            )
            raise error if isinstance(error, AgentUnavailable) else AgentUnavailable(str(error), detail=error.detail)
        status = found.get("status")
        # Another run's answer would be another person's.
        if not isinstance(status, str) or found.get("id", turn.run) != turn.run:
            raise AgentUnavailable(_SHAPE)
        if why := _ENDED.get(status):
            raise AgentFailed(why, detail=self._api.detail(_text(found.get("error"))))
        # A state that later platforms may have is an end if it has a time.
        if status == _SUCCESS or found.get("completed_at"):
            self._sessions.answered(turn, found)
            return _answer(found)
        return Working(turn.run)


def _answer(execution: Mapping[Any, Any]) -> str:
    response = execution.get("response")
    if not isinstance(response, str):
        raise AgentFailed(_NO_ANSWER)
    if len(response) > MAX_ANSWER_BYTES:
        raise AgentFailed(f"The agent's answer is longer than {MAX_ANSWER_BYTES} characters.")
    return response


def _execution(found: Mapping[Any, Any]) -> str:
    """The id of the execution that an answer names, also within the `detail` of a refusal; empty if it names none."""
    detail = found.get("detail")
    places = (found, detail if isinstance(detail, dict) else {})
    named = (str(place.get(name, "")) for place in places for name in ("execution_id", "task_execution_id"))
    return next((one for one in named if _ID.fullmatch(one)), "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
