"""One POST to a JSON API that runs agents, with every way it can fail turned into an `AgentError`.

The text of an error never quotes what the API said, for it is logged: that may hold secrets, or what a person wrote.
The API's own words are in `AgentError.detail`, shortened and masked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
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
    """The answer of an API that took the request."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def text(self) -> str:
        """The body as text, without a byte order mark; what is not UTF-8 is replaced."""
        return self.body.decode("utf-8-sig", "replace")


class JsonApi:
    """Posts JSON with a bearer token and a time-out for the whole exchange, in seconds."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        token: SecretStr | None,
        timeout_seconds: float,
        now: Callable[[], datetime],
    ) -> None:
        self._http = http
        self._token = token
        self._seconds = timeout_seconds
        self._now = now

    async def post(self, url: str, body: Mapping[str, object], *, key: str) -> Reply:
        """Post `body` with `key` as Idempotency-Key.

        Raises:
            AgentUnavailable: no connection, a cut one, 408, 409, 425, 429 or 5xx, unless the reason is an empty account.
            AgentTimeout: no complete answer in time.
            AgentFailed: any other status, or an answer beyond a megabyte.
        """
        try:
            # httpx's time-outs start again with every chunk; a server that trickles would never end.
            async with asyncio.timeout(self._seconds):
                return await self._exchange(url, body, key)
        except TimeoutError:
            raise AgentTimeout(f"The agent gave no answer within {self._seconds:g} seconds.") from None

    def failure(
        self, message: str, problem: Problem, headers: Mapping[str, str], status: int | None = None
    ) -> AgentError:
        """The error for a problem that an answer describes; `message` is logged, the problem's text is not."""
        detail = self._detail(problem.text)
        if not problem.is_transient(status):
            return AgentFailed(message, detail=detail)
        pause = retry_after(headers, self._now())
        if pause is None:
            pause = retry_after(problem.hints, self._now())
        return AgentUnavailable(
            message, retry_after=None if pause is None else min(pause, MAX_RETRY_AFTER), detail=detail
        )

    async def _exchange(self, url: str, body: Mapping[str, object], key: str) -> Reply:
        timeout = httpx.Timeout(self._seconds, connect=min(self._seconds, _CONNECT_SECONDS))
        # ASCII, so that text with half a surrogate pair arrives instead of failing in the encoder.
        content = json.dumps(body).encode("ascii")
        try:
            # A redirect would take the token and the conversation to another host, so it is not followed.
            async with self._http.stream(
                "POST", url, content=content, headers=self._headers(key), timeout=timeout, follow_redirects=False
            ) as response:
                if not response.is_success:
                    raise await self._refusal(response)
                return Reply(await _read(response), response.headers)
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            raise TimeoutError from None
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.DecodingError) as error:
            raise AgentFailed(f"The agent cannot be asked ({type(error).__name__}).") from None
        except httpx.TransportError as error:
            raise AgentUnavailable(f"The agent cannot be reached ({type(error).__name__}).") from None

    def _headers(self, key: str) -> dict[str, str]:
        # Compressed answers could be far larger than the bytes we count.
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Idempotency-Key": key,
        }
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return headers

    async def _refusal(self, response: httpx.Response) -> AgentError:
        status = response.status_code
        problem = said_in(await _document(response))
        return self.failure(f"The agent's API answered {status}.", problem, response.headers, status)

    def _detail(self, text: str) -> str:
        if self._token is not None and (secret := self._token.get_secret_value()):
            # Some servers repeat the key that they refuse.
            text = text.replace(secret, HIDDEN)
        return mask_text(" ".join(cleaned(text[:_MOST_OF_A_REFUSAL]).split()))[:LONGEST_DETAIL]


async def _read(response: httpx.Response) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        # Counted while reading: a Content-Length may be missing or wrong.
        if len(data) > MAX_ANSWER_BYTES:
            raise AgentFailed(f"The agent's answer is longer than {MAX_ANSWER_BYTES} bytes.")
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
