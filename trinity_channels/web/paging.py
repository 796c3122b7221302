"""Pages of lists whose answer is a plain list, as the platform's is: a header leads to the next one (RFC 8288)."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request, Response


def link_to_next(request: Request, response: Response, after: str) -> None:
    """Point to the same list from `after` on; to nothing if that is empty."""
    if after:
        query = urlencode({**request.query_params, "after": after})
        # Without the host: a request may name any.
        response.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
