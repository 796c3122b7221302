"""One POST to a JSON API that runs agents, with every way it can fail turned into an `AgentError`.

No error quotes what the API said: that may hold secrets, or what a person wrote.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from trinity_channels.agents.port import AgentFailed, AgentTimeout, AgentUnavailable

MAX_ANSWER_BYTES = 1_000_000
MAX_RETRY_AFTER = 300.0
_CONNECT_SECONDS = 5.0
# A conflict means that the same Idempotency-Key is being worked on: an earlier attempt of this turn still runs there.
_TRANSIENT = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}

Answer = TypeVar("Answer", bound=BaseModel)


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

    async def post(self, url: str, body: Mapping[str, object], *, key: str, answer: type[Answer]) -> Answer:
        """Post `body` with `key` as Idempotency-Key and read the answer into a model.

        Raises:
            AgentUnavailable: no connection, a cut one, 408, 409, 425, 429 or 5xx.
            AgentTimeout: no complete answer in time.
            AgentFailed: any other status, an answer beyond a megabyte or of another shape.
        """
        try:
            async with asyncio.timeout(self._seconds):
                data = await self._exchange(url, body, key)
        except TimeoutError:
            raise AgentTimeout(f"The agent gave no answer within {self._seconds:g} seconds.") from None
        try:
            return answer.model_validate_json(data)
        except ValidationError:
            raise AgentFailed("The agent's answer does not have the shape that its API promises.") from None

    async def _exchange(self, url: str, body: Mapping[str, object], key: str) -> bytes:
        timeout = httpx.Timeout(self._seconds, connect=min(self._seconds, _CONNECT_SECONDS))
        # ASCII, so that text with half a surrogate pair arrives instead of failing in the encoder.
        content = json.dumps(body).encode("ascii")
        try:
            async with self._http.stream(
                "POST", url, content=content, headers=self._headers(key), timeout=timeout, follow_redirects=False
            ) as response:
                self._check(response)
                return await _read(response)
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            raise TimeoutError from None
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.DecodingError) as error:
            raise AgentFailed(f"The agent cannot be asked ({type(error).__name__}).") from None
        except httpx.TransportError as error:
            raise AgentUnavailable(f"The agent cannot be reached ({type(error).__name__}).") from None

    def _headers(self, key: str) -> dict[str, str]:
        # Compressed answers could be far larger than the bytes we count.
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", "Idempotency-Key": key}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return headers

    def _check(self, response: httpx.Response) -> None:
        if response.is_success:
            return
        message = f"The agent's API answered {response.status_code}."
        if response.status_code in _TRANSIENT or response.is_server_error:
            raise AgentUnavailable(message, retry_after=retry_after(response.headers.get("Retry-After"), self._now()))
        raise AgentFailed(message)


async def _read(response: httpx.Response) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > MAX_ANSWER_BYTES:
            raise AgentFailed(f"The agent's answer is longer than {MAX_ANSWER_BYTES} bytes.")
    return bytes(data)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Read a Retry-After header (seconds or an HTTP date) as seconds from `now`, 0 to 300; None if it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER)
