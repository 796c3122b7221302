"""The host as a provider sees it: a webhook that keeps every raw request and answers what the plugin says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from trinity_channels.api import ChannelError, Inbound, Request, Response, SignatureError

HOST = "host.contract.example"
PUBLIC_URL = f"https://{HOST}"


class Host:
    """Everything that was posted to us.

    Attributes:
        online: a host that is down answers 503 and keeps nothing.
        requests: the raw requests, oldest first.
    """

    def __init__(self, read: Callable[[Request], object], now: Callable[[], datetime]) -> None:
        self.online = True
        self.requests: list[Request] = []
        self._read = read
        self._now = now

    def since(self, count: int) -> Sequence[Request]:
        """What came after the first `count` requests."""
        return tuple(self.requests[count:])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        answer = Response(HTTPStatus.SERVICE_UNAVAILABLE)
        if self.online:
            request = Request(
                method=scope["method"],
                url=_public_url(scope),
                headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
                body=body,
                received_at=self._now(),
            )
            self.requests.append(request)
            answer = self._answer(request)
        headers = [(b"content-type", answer.media_type.encode()), (b"content-length", b"%d" % len(answer.body))]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, request: Request) -> Response:
        try:
            inbound = self._read(request)
        # The host's own table of answers: 403, 400, and never the plugin's exception.
        except SignatureError:
            return Response(HTTPStatus.FORBIDDEN)
        except ChannelError:
            return Response(HTTPStatus.BAD_REQUEST)
        except Exception:  # noqa: BLE001  the check that reads the request itself says what is wrong
            return Response(HTTPStatus.INTERNAL_SERVER_ERROR)
        return inbound.response if isinstance(inbound, Inbound) else Response(HTTPStatus.INTERNAL_SERVER_ERROR)


def _public_url(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{PUBLIC_URL}{scope['raw_path'].decode('latin-1')}{f'?{query}' if query else ''}"
