"""Who asks, what they ask for, and how Slack answers: HTTP 200, whatever happened.

https://docs.slack.dev/apis/web-api/ — some methods take JSON, the others only forms and queries; what comes in
the wrong way is not read, and then missing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels_slack.simulator.rates import too_many
from trinity_channels_slack.simulator.workspace import Workspace

Arguments = dict[str, Any]


class Refusal(Exception):
    """`ok: false`, by Slack's code."""

    def __init__(self, code: str, **fields: str) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the Web API; `scope` is what the token must have, `takes_json` whether a JSON body is read."""

    name: str
    answer: Callable[[Arguments], Awaitable[Response | Arguments]]
    scope: str = ""
    takes_json: bool = False


def endpoint(workspace: Workspace, method: Method) -> Route:
    """Serve one method."""

    async def call(request: Request) -> Response:
        try:
            _check_token(workspace, request, method.scope)
            # Only calls with a good token count: the others are no use of the method.
            workspace.calls[method.name] += 1
            if wait := _wait(workspace, method.name):
                return too_many(wait)
            answer = await method.answer(await _arguments(request, takes_json=method.takes_json))
        except Refusal as refusal:
            answer = {"ok": False, "error": refusal.code, **refusal.fields}
        response = answer if isinstance(answer, Response) else JSONResponse({"ok": True} | answer)
        # Also on failures, as Slack does.
        response.headers["X-OAuth-Scopes"] = ",".join(workspace.app.scopes)
        return response

    return Route(f"/api/{method.name}", call, methods=["GET", "POST"])


def _wait(workspace: Workspace, name: str) -> float:
    behaviour = workspace.behaviour
    return workspace.rates.method(name, commercial=behaviour.commercial) if behaviour.rate_limits else 0.0


def unknown(prefix: str = "/api/") -> Route:
    """Refuse a method that Slack does not have, or that this simulator does not know; serve it last."""

    async def call(request: Request) -> Response:
        name = request.path_params["method"]
        return JSONResponse({"ok": False, "error": "unknown_method", "req_method": name})

    return Route(prefix + "{method:path}", call, methods=["GET", "POST"])


def _check_token(workspace: Workspace, request: Request, scope: str) -> None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Refusal("not_authed")
    if token != workspace.app.token:
        raise Refusal("invalid_auth")
    # Told apart from a wrong token: the app was removed, and its token with it.
    if not workspace.app.installed:
        raise Refusal("account_inactive")
    if scope and scope not in workspace.app.scopes:
        raise Refusal("missing_scope", needed=scope, provided=",".join(workspace.app.scopes))


async def _arguments(request: Request, *, takes_json: bool) -> Arguments:
    given: Arguments = dict(request.query_params)
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        # As Slack: what comes in the wrong way is not read, and then missing.
        if not takes_json:
            return given
        try:
            read = json.loads(body)
        except ValueError:
            raise Refusal("invalid_json") from None
        if not isinstance(read, dict):
            raise Refusal("json_not_object")
        return given | read
    return given | dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def text(given: Arguments, name: str) -> str:
    """One argument, empty if it was not given."""
    value = given.get(name)
    return value if isinstance(value, str) else ""


def flag(given: Arguments, name: str) -> bool:
    """One yes or no, as JSON or as a form says it."""
    return given.get(name) in {True, "true", "True", "1"}
