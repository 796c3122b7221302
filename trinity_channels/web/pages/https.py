"""Whether a browser uses https; behind a proxy that ends TLS, only headers and settings tell."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from trinity_channels import forwarded
from trinity_channels.bindings.public_address import PublicAddress


class Https:
    """Knows it from the request, or because the settings name its host with https.

    A header that a sender invents makes only their own cookie stricter.
    """

    def __init__(self, address: PublicAddress, pages_url: str | None) -> None:
        self._address = address
        self._pages_url = pages_url

    def used(self, request: Request) -> bool:
        """Whether the browser that sends a request uses https."""
        if "https" in (request.url.scheme, forwarded.scheme(request)):
            return True
        hosts = {request.headers.get("host", "").lower(), forwarded.host(request)}
        # The public address can change while the host runs.
        known = [urlsplit(url) for url in (self._pages_url, self._address.value) if url]
        return any(one.scheme == "https" and one.netloc in hosts for one in known)
