"""Whether a form was sent by a page of this host, and not by another site in the signed-in person's browser.

Every current browser tells with `Sec-Fetch-Site`; one that does not still sends the `Origin` of a form. A request with
neither comes from no browser page, and programs have the API. https://words.filippo.io/csrf/
"""

from __future__ import annotations

from starlette.requests import Request

from trinity_channels import forwarded

SAFE_METHODS = frozenset({"GET", "HEAD"})
"""Pages change nothing on these."""


def is_cross_origin(request: Request) -> bool:
    """Whether a request that changes something must be refused."""
    if request.method in SAFE_METHODS:
        return False
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        # Not "same-site": other hosts of the domain may belong to other people.
        return site not in ("same-origin", "none")
    # The scheme is left out: behind a proxy that ends TLS, this host sees http. Compared as text, because what programs
    # send may be no URL at all.
    _, _, origin = request.headers.get("origin", "").partition("://")
    # A browser lets no other site set X-Forwarded-Host; a proxy that hides our name from us puts it there.
    return not origin or origin.lower() not in (request.headers.get("host", "").lower(), forwarded.host(request))
