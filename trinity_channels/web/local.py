"""Who may look at monitoring and the API's description without a token: by default, programs on this machine."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from trinity_channels.public_url import is_loopback
from trinity_channels.refusal import Refusal
from trinity_channels.store import StoreError
from trinity_channels.web.auth import Guard, unauthorized
from trinity_channels.web.errors import respond, translate

# Headers that a proxy adds. One on this machine makes every request come from loopback.
_FORWARDED = frozenset(
    {
        b"forwarded",
        b"via",
        b"x-real-ip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-original-host",
        b"x-original-uri",
        b"x-original-url",
        b"x-envoy-external-address",
        b"true-client-ip",
        b"cf-connecting-ip",
        b"cf-ray",
        b"fastly-client-ip",
    }
)
_AUTHORITY = re.compile(r"(?:\[([^\]]*)\]|([^:\[\]]*))(?::[0-9]*)?")


def is_local(request: HTTPConnection) -> bool:
    """Whether a request was made on this machine, as far as that can be seen.

    The peer and every Host must be loopback. Requests with a header of a proxy are foreign, and so is HTTP/1.0: nginx
    speaks it to the servers behind it, by default with their loopback address as Host and without any other sign. A
    proxy that leaves no sign at all cannot be recognised; the settings `open_…` can be "none" behind such a one.
    """
    client = request.client
    if client is None or not is_loopback(client.host) or request.scope.get("http_version") == "1.0":
        return False
    hosts = []
    for name, value in request.scope["headers"]:
        if name in _FORWARDED or name.startswith(b"x-forwarded"):
            return False
        if name == b"host":
            hosts.append(value.decode("latin-1"))
    # All of them: a request may carry several, of which a proxy looks at another one than we do.
    return bool(hosts) and all(is_loopback(_without_port(host)) for host in hosts)


def came_through_a_proxy(request: HTTPConnection) -> bool:
    """Whether a request has a header that proxies add; its sender may have added it."""
    names = (name for name, _ in request.scope["headers"])
    return any(name in _FORWARDED or name.startswith(b"x-forwarded") for name in names)


def _without_port(host: str) -> str:
    """The name or address; empty if there is more than a port behind it, as in "127.0.0.1:80@evil.example"."""
    found = _AUTHORITY.fullmatch(host)
    return (found[1] or found[2]) if found else ""


class Entrance:
    """Lets requests in without a token where a setting allows it, and an administrator's token from everywhere.

    `open_to` is the setting's value, "loopback", "all" or "none", and `setting` its name.
    """

    def __init__(self, guard: Guard, open_to: str, setting: str) -> None:
        self._guard = guard
        self._open_to = open_to
        self._setting = setting

    async def admit(self, request: Request) -> None:
        """Check one request.

        Raises:
            Refusal: it needs a token and has none, or the token is not an administrator's.
            StoreError: the token cannot be looked up.
        """
        if self._open_to == "all" or (self._open_to == "loopback" and is_local(request)):
            return
        # In words of its own: someone who opens the page in a browser has no token yet.
        if "authorization" not in request.headers:
            raise unauthorized(
                f"Send an administrator's token, or ask from the host's own machine. {self._setting} changes this."
            )
        await self._guard.admin(request)

    async def admits(self, request: Request) -> bool:
        """The same as an answer; a token that cannot be looked up does not count."""
        try:
            await self.admit(request)
        except (Refusal, StoreError):
            return False
        return True

    def guarded(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that only answers admitted requests."""

        async def answer(request: Request) -> Response:
            try:
                await self.admit(request)
            except (Refusal, StoreError) as error:
                refused = translate(error)
                assert refused is not None  # noqa: S101  all are in the table
                return respond(refused)
            return await endpoint(request)

        return answer
