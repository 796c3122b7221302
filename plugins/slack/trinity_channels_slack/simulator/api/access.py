"""Who asks, what they ask for, and how Slack answers: HTTP 200, whatever happened.

https://docs.slack.dev/apis/web-api/ — some methods take JSON, the others only forms and queries; what comes in
the wrong way is not read, and then missing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels.simulation import Arguments, NotAnObject, arguments
from trinity_channels_slack.simulator.rates import too_many
from trinity_channels_slack.simulator.refusal import Refusal
from trinity_channels_slack.simulator.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the Web API.

    `scope` is what the token must have, `takes_json` whether a JSON body is read, `app_level` that it wants the app's own
    token, and not that of an installation.
    """

    name: str
    answer: Callable[[Arguments], Awaitable[Response | Arguments]]
    scope: str = ""
    takes_json: bool = False
    app_level: bool = False


def endpoint(workspace: Workspace, method: Method) -> Route:
    """Serve one method."""

    async def call(request: Request) -> Response:
        try:
            _check_token(workspace, request, method)
            # Only calls with a good token count: other calls do not use the method.
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


def _check_token(workspace: Workspace, request: Request, method: Method) -> None:
    app = workspace.app
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Refusal("not_authed")
    wanted, other = (app.app_token, app.token) if method.app_level else (app.token, app.app_token)
    if token == other:
        raise Refusal("not_allowed_token_type")
    if token != wanted:
        raise Refusal("invalid_auth")
    # Told apart from a wrong token: the app was removed, and its token with it. The app's own token stays.
    if not (app.installed or method.app_level):
        raise Refusal("account_inactive")
    scopes = app.app_scopes if method.app_level else app.scopes
    if method.scope and method.scope not in scopes:
        raise Refusal("missing_scope", needed=method.scope, provided=",".join(scopes))


async def _arguments(request: Request, *, takes_json: bool) -> Arguments:
    """As Slack: what comes in the wrong way is not read, and then missing."""
    try:
        return await arguments(request, takes_json=takes_json)
    except NotAnObject as wrong:
        raise Refusal("json_not_object" if wrong.is_json else "invalid_json") from None
