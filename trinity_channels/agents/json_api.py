"""One request to a JSON API that runs agents, with every way it can fail turned into an `AgentError`.

The text of an error never quotes what the API said, for it is logged: that may hold secrets, or what a person wrote.
The API's own words are in `AgentError.detail`, shortened and masked.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import httpx
from pydantic import SecretStr

from trinity_channels.agents.port import AgentError, AgentFailed, AgentTimeout, AgentUnavailable
from trinity_channels.agents.problem import Problem, said_in
from trinity_channels.api import retry_after
from trinity_channels.observability.masking import HIDDEN, mask_text
from trinity_channels.visible import cleaned

MAX_ANSWER_BYTES = 1_000_000
# Seconds. A person waits for the answer, so a longer pause is not obeyed.
MAX_RETRY_AFTER = 300.0
LONGEST_DETAIL = 300
# A model may think for minutes; a server that is there accepts a connection at once.
_CONNECT_SECONDS = 5.0
_MOST_OF_A_REFUSAL = 100_000


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer of an API that took the request, or whose `status` the caller wants to judge."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    status: int = 200

    def text(self) -> str:
        """The body as text, without a byte order mark; what is not UTF-8 is replaced."""
        return self.body.decode("utf-8-sig", "replace")


class JsonApi:
    """Sends JSON with a bearer token and a time-out for the whole exchange, in seconds."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        token: SecretStr | None,
        timeout_seconds: float,
        now: Callable[[], datetime],
        who: str = "agent",
    ) -> None:
        """`who` answers, in the words of errors."""
        self._http = http
        self._token = token
        self._seconds = timeout_seconds
        self._now = now
        self._who = who

    async def post(self, url: str, body: Mapping[str, object], *, key: str) -> Reply:
        """Post `body` with `key` as Idempotency-Key.

        Raises:
            AgentUnavailable: no connection, a cut one, 408, 409, 425, 429 or 5xx, unless the reason is an empty account.
            AgentTimeout: no complete answer in time.
            AgentFailed: any other status, or an answer beyond a megabyte.
        """
        return await self.call("POST", url, body, key=key)

    async def call(
        self,
        method: str,
        url: str,
        body: Mapping[str, object] | None = None,
        *,
        key: str = "",
        judged: Collection[int] = (),
        most: int = MAX_ANSWER_BYTES,
    ) -> Reply:
        """Send any request; an answer with a `judged` status is returned, too, and one of more than `most` bytes refused.

        Raises:
            AgentError: as `post`.
        """
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            # ASCII, so that text with half a surrogate pair arrives instead of failing in the encoder.
            content = json.dumps(body).encode("ascii")
        timeout = httpx.Timeout(self._seconds, connect=min(self._seconds, _CONNECT_SECONDS))
        request = self._http.build_request(method, url, content=content, headers=headers, timeout=timeout)
        try:
            # httpx's time-outs start again with every chunk; a server that trickles would never end.
            async with asyncio.timeout(self._seconds):
                return await self._exchange(request, judged, most)
        except TimeoutError:
            raise AgentTimeout(f"The {self._who} gave no answer within {self._seconds:g} seconds.") from None

    def failure(
        self, message: str, problem: Problem, headers: Mapping[str, str], status: int | None = None
    ) -> AgentError:
        """The error for a problem that an answer describes; `message` is logged, the problem's text is not."""
        detail = self.detail(problem.text)
        if not problem.is_transient(status):
            return AgentFailed(message, detail=detail)
        pause = retry_after(headers, self._now())
        if pause is None:
            pause = retry_after(problem.hints, self._now())
        return AgentUnavailable(
            message, retry_after=None if pause is None else min(pause, MAX_RETRY_AFTER), detail=detail
        )

    async def _exchange(self, request: httpx.Request, judged: Collection[int], most: int) -> Reply:
        try:
            # A redirect would take the token and the conversation to another host, so it is not followed.
            response = await self._http.send(request, stream=True, follow_redirects=False)
            async with contextlib.aclosing(response):
                if not response.is_success and response.status_code not in judged:
                    raise await self._refusal(response)
                return Reply(await _read(response, most), response.headers, response.status_code)
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            raise TimeoutError from None
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.DecodingError) as error:
            raise AgentFailed(f"The {self._who} cannot be asked ({type(error).__name__}).") from None
        except httpx.TransportError as error:
            raise AgentUnavailable(f"The {self._who} cannot be reached ({type(error).__name__}).") from None

    @property
    def _headers(self) -> dict[str, str]:
        # Compressed answers could be far larger than the bytes we count.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return headers

    async def _refusal(self, response: httpx.Response) -> AgentError:
        status = response.status_code
        problem = said_in(await _document(response))
        return self.failure(f"The {self._who}'s API answered {status}.", problem, response.headers, status)

    def detail(self, text: str) -> str:
        """What an API said, fit for `AgentError.detail`."""
        if self._token is not None and (secret := self._token.get_secret_value()):
            # Some servers repeat the key that they refuse.
            text = text.replace(secret, HIDDEN)
        return mask_text(" ".join(cleaned(text[:_MOST_OF_A_REFUSAL]).split()))[:LONGEST_DETAIL]


async def _read(response: httpx.Response, most: int) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        # Counted while reading: a Content-Length may be missing or wrong.
        if len(data) > most:
            raise AgentFailed(f"The agent's answer is longer than {most} bytes.")
    return bytes(data)


async def _document(response: httpx.Response) -> object:
    """What a refusal says: JSON, else its text unless that is a page for a browser; nothing if it cannot be read."""
    data = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            data += chunk
            if len(data) > _MOST_OF_A_REFUSAL:
                break
    except (httpx.TransportError, httpx.DecodingError):  # the status says enough
        return None
    text = data.decode("utf-8-sig", "replace").strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None if text.startswith("<") else text
