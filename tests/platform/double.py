"""A double of the platform's HTTP API, as far as a host beside it uses that: agents and their runs.

Refuses what the platform refuses, in its shapes; `accounts` has who may do what. A story says with `fails` what goes wrong.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.platform.accounts import Accounts, Key, Refused
from tests.platform.executions import Executions

URL = "http://trinity.example"
TOKEN = "trinity_mcp_fake-key-of-the-host"
Handler = Callable[[Request, Key], Awaitable[Response]]
Failure = Response | Exception
_KNOWN_FIELDS = {
    *("message", "model", "allowed_tools", "system_prompt", "timeout_seconds", "max_turns", "async_mode"),
    *("save_to_session", "user_message", "create_new_session", "chat_session_id", "resume_session_id", "inject_result"),
    *("files", "parent_execution_id"),
}
_MODELS = ("sonnet", "opus", "haiku", "fable")


class Platform:
    """The double.

    Attributes:
        accounts: users, keys, agents and shares.
        executions: the runs.
        calls: method and path of every request, in order.
        receipts: a repeated key is answered with the receipt of a long poll that timed out, instead of 409.
        synchronous: as platforms of 2025: a task is answered when its run has ended, and no key is known.
        lose_answers: how many of the next tasks are begun without an answer, because the connection is cut.
        loaded: no run can be begun.
        sessions: those that can be resumed.
        refuses: the status of every answer to a path.
        tells_sessions: whether executions name theirs.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.accounts = Accounts(now)
        self.accounts.key(TOKEN, "admin")
        self.executions = Executions(now)
        self.calls: list[str] = []
        self.receipts = self.synchronous = False
        self.lose_answers = 0
        self.loaded = self.tells_sessions = False
        self.sessions: set[str] = set()
        self.refuses: dict[str, int] = {}
        self._failures: dict[str, list[Failure]] = {"task": [], "execution": [], "accounts": [], "terminate": []}
        self._claims: dict[tuple[str, str], str] = {}
        self.app = Starlette(
            routes=[
                Route("/api/agents/{name}/task", self._guarded("task", self._task), methods=["POST"]),
                Route("/api/agents/{name}/executions/{run}", self._guarded("execution", self._execution)),
                Route(
                    "/api/agents/{name}/executions/{run}/terminate",
                    self._guarded("terminate", self._terminate),
                    methods=["POST"],
                ),
                *(
                    Route(path, self._guarded("accounts", handler), methods=methods)
                    for path, methods, handler in self.accounts.routes()
                ),
            ]
        )

    def rename(self, name: str, to: str) -> None:
        """Give an agent another name; its runs are found under that."""
        self.accounts.rename(name, to)
        for one in self.executions:
            one.agent = to if one.agent == name else one.agent

    def fails(self, kind: str, *failures: Failure) -> None:
        """Answer the next requests of a kind so."""
        self._failures[kind] += failures

    def asked(self) -> list[dict[str, Any]]:
        """The bodies of all tasks that were run."""
        return [dict(one.body) for one in self.executions]

    def count(self, call: str) -> int:
        """How many requests ended with this path, such as `POST /task`."""
        method, _, path = call.partition(" ")
        return sum(one.startswith(f"{method} ") and one.endswith(path) for one in self.calls)

    def _guarded(self, kind: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            self.calls.append(f"{request.method} {request.url.path}")
            if self._failures.get(kind):
                failure = self._failures[kind].pop(0)
                if isinstance(failure, Exception):
                    raise failure
                return failure
            if status := self.refuses.get(request.url.path):
                return JSONResponse({"detail": "refused"}, status)
            try:
                return await handler(request, self.accounts.caller(request))
            except Refused as refused:
                return JSONResponse({"detail": refused.detail}, refused.status, headers=refused.headers)

        return answer

    async def _task(self, request: Request, key: Key) -> Response:
        name = request.path_params["name"]
        agent = self.accounts.accessible(key, name)
        body = _body(await request.body())
        # X-Source-Agent belongs to keys of agents alone.
        if "x-source-agent" in request.headers:
            raise Refused(403, "X-Source-Agent is not yours to send")
        claim = (name, request.headers.get("idempotency-key", ""))
        if claim[1] and claim in self._claims and not self.synchronous:
            return self._repeated(self._claims[claim])
        if agent.status != "running":
            raise Refused(503, "Agent is not running")
        if self.loaded:
            raise Refused(429, "Agent is at capacity")
        resumed = body.get("resume_session_id")
        if resumed is not None and resumed not in self.sessions:
            raise Refused(404, "Session not found")
        run = self.executions.begin(name, body, f"echo {_said(body)}")
        run.session = resumed or run.session
        self.sessions.add(run.session)
        self._claims[claim] = run.id
        if self.lose_answers:
            self.lose_answers -= 1
            raise httpx.ReadError("cut")
        if self.synchronous:
            return JSONResponse(
                {"response": run.response, "session_id": "s1", "metadata": {}, "task_execution_id": run.id}
            )
        if body.get("async_mode") is not True:
            raise AssertionError("a task that waits for its answer holds the line for up to half an hour")
        status = "queued" if run.status == "queued" else "accepted"
        return JSONResponse(
            {
                "status": status,
                "execution_id": run.id,
                "agent_name": name,
                "message": f"Task {status}",
                "async_mode": True,
            }
        )

    def _repeated(self, run: str) -> Response:
        if self.receipts:
            receipt = {"status": "queued_timeout", "execution_id": run, "async_mode": True}
            return JSONResponse(receipt, headers={"X-Idempotent-Replay": "true"})
        detail = {
            "error": "request_in_progress",
            "message": "A request with this Idempotency-Key is still in progress",
            "execution_id": run,
        }
        return JSONResponse({"detail": detail}, 409)

    async def _execution(self, request: Request, key: Key) -> Response:
        name = request.path_params["name"]
        self.accounts.accessible(key, name)
        found = self.executions.find(name, request.path_params["run"])
        if found is None:
            raise Refused(404, "Execution not found")
        return JSONResponse(found.shown(self.now(), session=self.tells_sessions))

    async def _terminate(self, request: Request, key: Key) -> Response:
        name = request.path_params["name"]
        self.accounts.accessible(key, name)
        found = self.executions.find(name, request.path_params["run"])
        if found is None:
            raise Refused(404, "Execution not found")
        return JSONResponse({"status": self.executions.terminate(found), "execution_id": found.id})


def _body(content: bytes) -> dict[str, Any]:
    """A task's body, validated as the platform does."""
    body: dict[str, Any] = json.loads(content)
    if not isinstance(body.get("message"), str):
        raise Refused(422, [{"type": "missing", "loc": ["body", "message"], "msg": "Field required"}])
    if unknown := set(body) - _KNOWN_FIELDS:
        raise AssertionError(f"fields that the platform does not know: {unknown}")
    if "timeout_seconds" in body:
        raise AssertionError("timeout_seconds is deprecated, and cuts runs short")
    model = body.get("model", "sonnet")
    if model not in _MODELS and not model.startswith(("claude-", "gemini-", "gpt-", "codex")):
        raise Refused(422, f"Unknown model: {model}")
    if not body.get("allowed_tools"):
        raise AssertionError("without allowed_tools a stranger's text runs with all tools of the agent")
    return body


def _said(body: dict[str, Any]) -> str:
    """What the person says in the document of a task."""
    document = json.loads(body["message"].split("\n\n", 1)[1])
    return "\n".join(one["text"] for one in document["messages"])
