"""Carries the calls of Twilio's client over the host's pooled HTTP client.

The transports that come with twilio 9.13 cannot be used: the asynchronous one ignores its time-out and posts again
after a 5xx (https://github.com/twilio/twilio-python/issues/925), both drop Retry-After and log numbers. This one has a
deadline, tries once, logs nothing, and sends credentials only to Twilio or the configured stand-in.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]  # twilio ships no types
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]  # twilio ships no types
from twilio.http.response import Response  # type: ignore[import-untyped]  # twilio ships no types

from trinity_channels.api import Context, http

JSON = "application/json"
# The base class demands a logger; nothing is written to it.
_SILENT = logging.getLogger("trinity_channels_whatsapp.transport")


class Transport(AsyncHttpClient):  # type: ignore[misc]  # the base is untyped
    """One per call.

    While a token is rotated, a request that the first one does not open is made with the `spare` one: when the second
    is promoted, the first ends at once (https://www.twilio.com/docs/iam/api/authtoken).
    """

    def __init__(self, ctx: Context, *, deadline: float, spare: str | None = None) -> None:
        super().__init__(_SILENT, is_async=True)
        self._ctx = ctx
        self._deadline = deadline
        self._spare = spare

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the base class's signature; the deadline is ours
        allow_redirects: bool = False,  # noqa: ARG002 - Twilio's API never answers with a redirect
    ) -> Response:
        """Send one request and give the answer back as twilio wants it."""
        # As in twilio's own transports: the type decides how the fields are written.
        as_json = headers is not None and headers.get("Content-Type") == JSON
        send = partial(
            http.ask,
            self._ctx,
            method,
            _address(uri, self._ctx.api_base_url),
            params=params,
            data=None if as_json else data,
            json=data if as_json else None,
            headers=headers,
            deadline=self._deadline,
        )
        answer = await send(auth=auth)
        # 401 comes before anything is done, so a message cannot be sent twice by this.
        if answer.status == HTTPStatus.UNAUTHORIZED and auth and self._spare:
            answer = await send(auth=(auth[0], self._spare))
        # JSON is UTF-8 (https://www.rfc-editor.org/rfc/rfc8259#section-8.1); nothing else is read.
        return Response(answer.status, answer.content.decode(errors="replace"), answer.headers)


def _address(uri: str, base: str | None) -> str:
    """Move a call to the stand-in, and refuse an address (of a next page, say) that is neither there nor at Twilio."""
    if base is not None and uri.startswith(base.rstrip("/") + "/"):
        return uri
    parts = urlsplit(uri)
    if parts.scheme != "https" or not (parts.hostname or "").endswith(".twilio.com"):
        raise TwilioException("The answer names an address outside Twilio.")
    if base is None:
        return uri
    query = f"?{parts.query}" if parts.query else ""
    return base.rstrip("/") + parts.path + query
