"""Posts a simulator's webhooks to the host, and remembers the latest ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import httpx

REMEMBERED = 2000


def recent() -> deque[Any]:
    """An empty log of calls that forgets the oldest ones."""
    return deque(maxlen=REMEMBERED)


async def post_webhook(
    http: httpx.AsyncClient,
    url: str,
    content: bytes | str,
    headers: Mapping[str, str],
    patience: httpx.Timeout,
    *,
    method: str = "POST",
) -> httpx.Response:
    """Send one request as a provider would; a redirect is an answer like others.

    Raises:
        httpx.TransportError: the host did not answer.
    """
    # Not `build_request`: the client's own default headers and cookies are the host's business, not the provider's.
    extensions = {"timeout": patience.as_dict()}
    request = httpx.Request(method, url, content=content, headers=dict(headers), extensions=extensions)
    return await http.send(request, follow_redirects=False)
