"""The owner's session in the browser that shows the demo: its page opens signed in to the pages of the host."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from trinity_channels.access.sessions import Sessions
from trinity_channels.principal import Principal, Role

COOKIE = "trinity_channels"
"""The host's session cookie on plain HTTP. Cookies know no ports, so that the demo's own server can set it."""


class SignedIn:
    """Signs in the browser that opens the demo's page, as the owner of the agent.

    Args:
        sessions: of the host.
        owner: the owner's e-mail.
        host: the host's address.
    """

    def __init__(self, sessions: Sessions, owner: str, host: str) -> None:
        self._sessions = sessions
        self._principal = Principal(Role.USER, owner)
        self._port = urlsplit(host).port

    def origin(self, request: Request) -> str:
        """The host's address under the name that the browser uses for this machine: cookies belong to a name."""
        return f"http://{request.url.hostname}:{self._port}"

    async def keep(self, request: Request, response: Response) -> None:
        """Let the browser keep a session, unless it has one."""
        known = request.cookies.get(COOKIE)
        if known and await self._sessions.find(known):
            return
        opened = await self._sessions.open(self._principal, via="demo")
        response.set_cookie(COOKIE, opened, path="/", httponly=True, samesite="lax")
