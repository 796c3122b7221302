"""Where links lead: back to a page of ours after signing in, and from a mail to the page that signs in."""

from __future__ import annotations

from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.web.local import is_local
from trinity_channels.web.pages.visit import Visit


class LinkPlace:
    """The address of the pages for links in mails.

    It never comes from the Host header of a request from outside, whose sender could have an owner's link lead elsewhere.
    """

    def __init__(self, address: PublicAddress, pages_url: str | None) -> None:
        self._address = address
        self._pages_url = pages_url

    def base(self, visit: Visit) -> str | None:
        """Where pages are, without the path of a page; None while no address is known."""
        if self._pages_url is not None:
            return self._pages_url
        # Only here the Host header is trusted: its sender and the mail's reader share this machine.
        if is_local(visit.request):
            url = visit.request.url
            return f"{url.scheme}://{url.netloc}{visit.url('')}"
        return None if self._address.value is None else f"{self._address.value}{visit.url('')}"


def safe_path(visit: Visit, wanted: str) -> str:
    """The path of a page that someone wanted to see, below the place of the pages; the first page if it is not ours."""
    below = visit.url("/")
    path = wanted.removeprefix(below)
    # `//host` and `/\host` lead to another host in browsers.
    ours = wanted.startswith(below) and wanted.isprintable() and not path.startswith(("/", "\\"))
    return f"/{path}" if ours else "/agents"
