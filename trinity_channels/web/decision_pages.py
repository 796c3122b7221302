"""The page behind a link in an owner's mail: who asks for access, and two buttons.

GET changes nothing, for mail programs and virus scanners open every link. The buttons post to the same address, whose token
is all the proof there is; the page is therefore kept out of caches, frames and `Referer` headers. It loads nothing: a tunnel
may pass on no other path. The script of the other pages, which tells times in the reader's zone, stands in the page itself.
"""
# ruff: noqa: PLC0415 - start-up: what only these pages need is imported with the first of them

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from trinity_channels.access.decision_links import SEGMENT, InvalidLink
from trinity_channels.access.mailed_decisions import ExpiredLink, MailedDecisions, UsedLink
from trinity_channels.email_address import shown_email
from trinity_channels.observability.log import get_logger
from trinity_channels.plugins import Plugins
from trinity_channels.refusal import Refusal
from trinity_channels.store.access import AccessRequest
from trinity_channels.web.errors import STATUSES

if TYPE_CHECKING:
    from markupsafe import Markup

log = get_logger(__name__)

LARGEST_BODY = 256
"""Bytes; a form with one of the two buttons has 16."""
_TITLES = {"invalid_link": "This link is not valid", "expired_link": "This link has expired"}
_CHOICES = {"approve": True, "decline": False}
# The colours are those of `assets/channels.css`.
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:.9375rem/1.5 ui-sans-serif,system-ui,sans-serif;max-width:34rem;margin:0 auto;padding:18vh 1rem 2rem;"
    "overflow-wrap:anywhere;text-wrap:pretty;color:light-dark(#191d1f,#e9edee);background:light-dark(#f7f7f4,#0f1315)}"
    "time{white-space:nowrap}"
    ".brand{margin:0;font-weight:600}"
    "h1{font-size:1.625rem;line-height:1.25;margin:.5rem 0 1rem}"
    "button{font:inherit;font-weight:600;color:inherit;padding:.5rem 1rem;margin:.25rem .75rem 0 0;cursor:pointer;"
    "border:1px solid light-dark(#868b8c,#76828a);border-radius:.5rem;background:light-dark(#fff,#161b1e)}"
    "button[value=approve]{border-color:transparent;color:light-dark(#fff,#04252b);background:light-dark(#0b5f6e,#72cad6)}"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{style}</style>
<script type="module">{script}</script>
</head>
<body>
<main>
<p class="brand">Trinity Channels</p>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""
_FORM = (
    '<form method="post">'
    '<button name="decision" value="approve">Approve</button>'
    '<button name="decision" value="decline">Decline</button>'
    "</form>"
)
_HEADERS = {
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
            return _question(asked, self._plugins.title(asked.channel))
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
        channel = self._plugins.title(decided.channel)
        if choice:
            told = f"{email} may now talk to “{decided.agent}”, and is notified on {channel}."
            return _page(HTTPStatus.OK, "Approved", told)
        told = f"{email} is notified on {channel}, and can ask again after 24 hours."
        return _page(HTTPStatus.OK, "Declined", told)


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
    told = "{} asked through {} on {} to talk to your agent “{}”.{}"
    text = _marked(told, shown_email(asked.email), channel, _exact(asked.requested_at), asked.agent, foreign)
    return _page(HTTPStatus.OK, f"Access to “{asked.agent}”", text, _FORM)


def _exact(at: datetime) -> Markup:
    from trinity_channels.web.pages.times import exact

    return exact(at)


def _marked(text: str, *values: str) -> Markup:
    from markupsafe import Markup

    return Markup(text).format(*values)  # noqa: S704  the sentences of this module; what is put into them is escaped


def _used(used: UsedLink) -> Response:
    asked = used.request
    when = _marked(" on {}", _exact(asked.decided_at)) if asked.decided_at else ""
    told = "The request of {} for “{}” was {}{}. {}"
    text = _marked(told, shown_email(asked.email), asked.agent, asked.outcome, when, used.message)
    return _refused(used, "This request is decided", text)


def _refused(refusal: Refusal, title: str, text: str) -> Response:
    return _page(HTTPStatus(STATUSES[refusal.code]), title, text)


def _page(status: HTTPStatus, title: str, text: str, form: str = "") -> Response:
    from markupsafe import escape

    content = f"<p>{escape(text)}</p>\n{form}".rstrip()
    # Escaped here, in one place: an agent's name and an address are other people's words.
    html = _PAGE.format(title=escape(title), style=_STYLE, script=_script(), content=content)
    return HTMLResponse(html, status, headers=_HEADERS | {"Content-Security-Policy": _policy()})


@cache
def _script() -> str:
    from trinity_channels.assets import asset

    return asset("channels.js").content.decode()


@cache
def _policy() -> str:
    style, script = (base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in (_STYLE, _script()))
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
