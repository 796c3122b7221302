"""A session in the browser that shows the demo: its page opens signed in to the pages of the host."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from trinity_channels.access.sessions import Sessions
from trinity_channels.principal import Principal, Role

COOKIE = "trinity_channels"
"""The host's session cookie on plain HTTP. Cookies know no ports, so that the demo's own server can set it."""


class SignedIn:
    """Signs in the browser that opens the demo's page, as the owner of the agent and as administrator.

    One person is both, as on a small host: the guide leads from the agent's pages to Settings and back. The session is
    that of an administrator's token labelled with the owner's address.

    Args:
        sessions: of the host.
        owner: the owner's e-mail.
        host: the host's address.
    """

    def __init__(self, sessions: Sessions, owner: str, host: str) -> None:
        self._sessions = sessions
        self._principal = Principal(Role.ADMIN, owner)
        self._port = urlsplit(host).port

    def origin(self, request: Request) -> str:
        """The host's address under the name that the browser uses for this machine: cookies belong to a name."""
        # One of two, whatever the request holds: a Host that cannot be parsed has no name.
        name = "localhost" if request.url.hostname == "localhost" else "127.0.0.1"
        return f"http://{name}:{self._port}"

    async def keep(self, request: Request, response: Response) -> None:
        """Let the browser keep a session, unless it has one."""
        known = request.cookies.get(COOKIE)
        if known and await self._sessions.find(known):
            return
        opened = await self._sessions.open(self._principal, via="demo")
        response.set_cookie(COOKIE, opened, path="/", httponly=True, samesite="lax")
