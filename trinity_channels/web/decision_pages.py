"""The page behind a link in an owner's mail: who asks for access, and two buttons.

GET changes nothing, for mail programs and virus scanners open every link. The buttons post to the same address, whose token
is all the proof there is; the page is therefore kept out of caches, frames and `Referer` headers. It has no script.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from html import escape
from http import HTTPStatus
from urllib.parse import parse_qs

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from trinity_channels.access.decision_links import SEGMENT, InvalidLink
from trinity_channels.access.mailed_decisions import ExpiredLink, MailedDecisions, UsedLink
from trinity_channels.email_address import shown_email
from trinity_channels.plugins import Plugins
from trinity_channels.refusal import Refusal
from trinity_channels.store.access import AccessRequest
from trinity_channels.web.errors import STATUSES

log = structlog.get_logger(__name__)

LARGEST_BODY = 256
"""Bytes; a form with one of the two buttons has 16."""
_TITLES = {"invalid_link": "This link is not valid", "expired_link": "This link has expired"}
_CHOICES = {"approve": True, "decline": False}
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}"
    "button{font:inherit;padding:.5rem 1.25rem;margin-right:.75rem}"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{content}
</body>
</html>
"""
_FORM = (
    '<form method="post">'
    '<button name="decision" value="approve">Approve</button>'
    '<button name="decision" value="decline">Decline</button>'
    "</form>"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


class DecisionPages:
    """Answers `GET|POST /api/<channel>/webhook/decide/<token>` of every installed channel."""

    def __init__(self, decisions: MailedDecisions, plugins: Plugins) -> None:
        self._decisions = decisions
        self._plugins = plugins

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            # Below the webhooks' path: often all that a tunnel passes on.
            Route(f"/api/{channel}/webhook/{SEGMENT}/{{token}}", self._answer, methods=["GET", "POST"])
            for channel in self._plugins
        ]

    async def _answer(self, request: Request) -> Response:
        token = request.path_params["token"]
        try:
            if request.method == "POST":
                return await self._decide(request, token)
            asked = await self._decisions.look(token)
            return _question(asked, self._title(asked.channel))
        # Not an error to the owner: they see what was decided, perhaps by themselves on another device.
        except UsedLink as used:
            return _used(used)
        except (InvalidLink, ExpiredLink) as refused:
            return _refused(refused, _TITLES[refused.code], refused.message)
        except ClientDisconnect:
            return _page(HTTPStatus.BAD_REQUEST, "The request was cut off", "Please try again.")
        except Exception as error:  # the owner's directory or the database; nothing was decided
            log.exception("decision failed", error=type(error).__name__)
            return _page(HTTPStatus.SERVICE_UNAVAILABLE, "This does not work at the moment", "Please try again later.")

    async def _decide(self, request: Request, token: str) -> Response:
        await self._decisions.look(token)  # nothing of the body is read for a link that decides nothing
        choice = await _choice(request)
        if choice is None:
            return _page(
                HTTPStatus.BAD_REQUEST, "Nothing was decided", "Open the link again and use one of its buttons."
            )
        decided = await self._decisions.decide(token, approve=choice)
        email = shown_email(decided.email)
        told = f"{email} is notified on {self._title(decided.channel)}."
        if choice:
            return _page(HTTPStatus.OK, "Approved", f"{email} may now talk to “{decided.agent}”. {told}")
        return _page(HTTPStatus.OK, "Declined", f"{told} They can ask again after 24 hours.")

    def _title(self, channel: str) -> str:
        # The plugin of the request's channel may have been removed since.
        return self._plugins[channel].manifest.title if channel in self._plugins else channel


async def _choice(request: Request) -> bool | None:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            return None
    # latin-1 takes every byte; the two values that count are ASCII.
    form = parse_qs(body.decode("latin-1"))
    # Both buttons in one request cannot come from the page, so neither counts.
    given = form.get("decision", [])
    return _CHOICES.get(given[0]) if len(given) == 1 else None


def _question(asked: AccessRequest, channel: str) -> Response:
    foreign = "" if asked.email.isascii() else " Mind that this address has letters beyond a to z."
    text = (
        f"{shown_email(asked.email)} asked through {channel} on {_exact(asked.requested_at)} "
        f"to talk to your agent “{asked.agent}”.{foreign}"
    )
    return _page(HTTPStatus.OK, f"Access to “{asked.agent}”", text, _FORM)


def _exact(at: datetime) -> str:
    # The page has no script that knows the reader's zone, so the zone's name is told.
    return f"{at.day} {at:%b %Y} at {at:%H:%M} {at.tzname()}"


def _used(used: UsedLink) -> Response:
    asked = used.request
    when = f" on {_exact(asked.decided_at)}" if asked.decided_at else ""
    told = f"The request of {shown_email(asked.email)} for “{asked.agent}” was {asked.status}{when}. {used.message}"
    return _refused(used, "This request is decided", told)


def _refused(refusal: Refusal, title: str, text: str) -> Response:
    return _page(HTTPStatus(STATUSES[refusal.code]), title, text)


def _page(status: HTTPStatus, title: str, text: str, form: str = "") -> Response:
    content = f"<p>{escape(text)}</p>\n{form}".rstrip()
    # Escaped here, in one place: an agent's name and an address are other people's words.
    html = _PAGE.format(title=escape(title), style=_STYLE, content=content)
    return HTMLResponse(html, status, headers=_HEADERS)
