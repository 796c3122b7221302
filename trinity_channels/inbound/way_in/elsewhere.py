"""Where a probe went that did not arrive at its route, told from what came back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import SplitResult, urljoin, urlsplit

from trinity_channels.inbound.way_in.probe import Probe
from trinity_channels.visible import cleaned_name

LONGEST = 200
"""Characters that are shown of what others wrote."""
_BARRED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` may be cut."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        """The JSON object of its body, empty if it holds none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def arrived_elsewhere(probe: Probe, answer: Answer, acknowledgement: bytes) -> tuple[str, str]:
    """Where a request went that did not arrive at its route, and the fix."""
    route = f"/api/{probe.channel}/webhook/"
    if probe.strayed:
        return _strayed(probe)
    code = str(answer.json.get("code", ""))
    if location := answer.headers.get("location", ""):
        return _redirected(probe, answer.status, location)
    # Another host does not know the key, and answers as this one would answer strangers.
    if (acknowledgement and answer.body == acknowledgement) or code in ("not_found", "webhook_retired"):
        message = (
            "Another trinity_channels host answers at the public address: it does not know what this host has sent."
        )
        return message, "Let the proxy or tunnel point to this host, or stop the other one."
    server = cleaned_name(answer.headers.get("server", ""))[:LONGEST]
    by = f"{answer.status} by {server}" if server else str(answer.status)
    if answer.status == HTTPStatus.NOT_FOUND:
        name = f" ({server})" if server else ""
        message = f"Something in front of this host{name} answers 404 for {route}*."
        return message, f"Let the proxy or tunnel pass {route}* on to this host (in Cloudflare Tunnel an ingress rule)."
    if answer.status in _BARRED:
        message = f"Something in front of this host asks for a sign-in ({by}), which providers do not have."
        return (
            message,
            f"Exempt {route}* from the access rule there; every request to it is authenticated by this host.",
        )
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        message = f"The proxy or tunnel is there, but does not reach this host ({by})."
        return message, "Correct the address that it passes requests on to: the one that `serve` prints when it starts."
    return f"Something else answers at the public address ({by}).", f"Let it pass {route}* on to this host."


def _strayed(probe: Probe) -> tuple[str, str]:
    method, _, path = probe.strayed.partition(" ")
    sent = urlsplit(probe.base).path
    route = f"/api/{probe.channel}/webhook/"
    shown, arrived = sent.removesuffix(probe.key), path.replace(probe.key, "")
    if method != "POST":
        return f"A proxy changed the method from POST to {method}.", "Let it pass requests on without redirecting them."
    if path != sent and path.casefold() == sent.casefold():
        message = "A proxy changed capital letters of the path, which names the agent by a key that has both kinds."
        return message, f"Let the proxy pass {route}* on with its path unchanged."
    message = f"A proxy changed the path: {shown}… was sent, {arrived[:LONGEST]}… arrived."
    prefix = shown.removesuffix(route)
    if path == sent and prefix:
        message = f"The path arrives with {prefix} in front of it, where this host has no routes."
        return message, f"Let the proxy strip {prefix}, or take it off public_chat_url."
    return message, f"Let the proxy pass {route}* on with its path unchanged."


def _redirected(probe: Probe, status: int, location: str) -> tuple[str, str]:
    ours, theirs = urlsplit(probe.url), _target(probe.url, location)
    if theirs is None:
        return f"The public address answers with a redirect ({status}).", "Let it answer requests itself."
    parts = [
        name
        for name, one, other in (
            ("scheme", ours.scheme, theirs.scheme),
            ("host", ours.netloc, theirs.netloc),
            ("path", ours.path, theirs.path),
            ("query", ours.query, theirs.query),
        )
        if one != other
    ]
    named = cleaned_name(f"{theirs.scheme}://{theirs.netloc}")[:LONGEST]
    message = (
        f"The public address redirects ({status}) to {named}, with another {', '.join(parts) or 'spelling'}; providers do "
        "not follow redirects, or sign another address then."
    )
    fix = "Remove the redirect for webhooks"
    return message, f"{fix}, or set public_chat_url to the address that it leads to." if parts else f"{fix}."


def _target(url: str, location: str) -> SplitResult | None:
    try:
        return urlsplit(urljoin(url, location))
    except ValueError:
        return None
