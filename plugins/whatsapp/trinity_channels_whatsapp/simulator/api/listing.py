"""Pages of lists, in the two shapes that Twilio has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from trinity_channels_whatsapp.simulator.problems import Problem

# https://www.twilio.com/docs/usage/twilios-response#pagination
MAX_PAGE = 1000


def rfc2822(at: datetime | None) -> str | None:
    """A date as the 2010 API writes it."""
    return format_datetime(at) if at else None


def iso8601(at: datetime) -> str:
    """A date as every newer API writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rendered items, and the token of the next if there is one."""

    items: Sequence[Mapping[str, Any]]
    number: int
    size: int
    next_token: str | None


def cut(request: Request, found: Iterable[tuple[str, Any]], default_size: int = 50) -> Page:
    """Take the page that a request asks for out of (identifier, item) pairs.

    The token names the last item already seen, so that new messages do not shift a listing that is under way.
    """
    size, number = _number(request, "PageSize", default_size), _number(request, "Page", 0)
    if (token := request.query_params.get("PageToken")) is not None:
        found = _after(token.removeprefix("PA"), found)
    if size > MAX_PAGE:
        raise Problem(20007)
    # One more than fits tells whether there is a next page, without counting everything.
    ahead = list(islice(found, size + 1))
    page, rest = ahead[:size], ahead[size:]
    return Page([item for _, item in page], number, size, f"PA{page[-1][0]}" if rest else None)


def classic(request: Request, page: Page, key: str, base: str) -> dict[str, Any]:
    """The 2010 API's shape: addresses relative to the host. `base` is the resource's path."""
    following = _query(request, page)
    return {
        key: list(page.items),
        "page": page.number,
        "page_size": page.size,
        "start": page.number * page.size,
        "end": page.number * page.size + max(len(page.items) - 1, 0),
        "uri": f"{base}?{request.url.query}" if request.url.query else base,
        "first_page_uri": f"{base}?{urlencode([*_filters(request), ('PageSize', page.size), ('Page', 0)])}",
        "previous_page_uri": None,
        "next_page_uri": f"{base}?{following}" if following else None,
    }


def modern(request: Request, page: Page, key: str, base: str) -> dict[str, Any]:
    """Every other API's shape: a `meta` block with whole addresses."""
    following = _query(request, page)
    return {
        key: list(page.items),
        "meta": {
            "key": key,
            "page": page.number,
            "page_size": page.size,
            "url": f"{base}?{request.url.query}",
            "first_page_url": f"{base}?{urlencode([*_filters(request), ('PageSize', page.size), ('Page', 0)])}",
            "previous_page_url": None,
            "next_page_url": f"{base}?{following}" if following else None,
        },
    }


def _filters(request: Request) -> list[tuple[str, str]]:
    # Filters go on to the next page, which would otherwise list everything.
    paging = {"Page", "PageSize", "PageToken"}
    return [(name, value) for name, value in request.query_params.multi_items() if name not in paging]


def _query(request: Request, page: Page) -> str:
    if page.next_token is None:
        return ""
    paging = {"PageSize": str(page.size), "Page": str(page.number + 1), "PageToken": page.next_token}
    return urlencode([*_filters(request), *paging.items()])


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name, str(default))
    if not (value.isascii() and value.isdigit()) or (name == "PageSize" and int(value) == 0):
        raise Problem(20001, name)
    return int(value)


def _after(sid: str, found: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, Any]]:
    rest = iter(found)
    for one, _ in rest:
        if one == sid:
            break
    return rest
