"""Brings signed events to the host, with Slack's retries; in Socket Mode over the app's connections.

https://docs.slack.dev/apis/events-api/ — at once, after a minute, after five; then, if the app has Delayed Events
switched on, every hour for a day. Retries that are not due yet wait for the simulated clock and never for a real one.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from trinity_channels.simulation import post_webhook, recent
from trinity_channels_slack.simulator.signing import sign
from trinity_channels_slack.simulator.sockets import Sockets
from trinity_channels_slack.simulator.workspace import Workspace

RETRIES = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
DELAYED = tuple(timedelta(hours=hour) for hour in range(1, 25))
PATIENCE = 3.0
"""Seconds that the host has to answer."""


class RequestUrlRefused(Exception):
    """What the app's settings page shows in red: the URL did not answer the handshake."""


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One request and how the host answered: `status` is 0 when it never did. `retry` counts from 0.

    An event in Socket Mode counts as answered with 200 if it was acknowledged; `text` is what came with that.
    """

    body: Mapping[str, Any]
    retry: int
    status: int
    text: str = ""
    no_retry: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event whose next retry is due at some time."""

    at: datetime
    retry: int
    reason: str
    body: Mapping[str, Any]
    first: datetime


class Webhooks:
    """The sending side of the Events API."""

    def __init__(self, workspace: Workspace, http: httpx.AsyncClient, sockets: Sockets) -> None:
        self.calls: deque[WebhookCall] = recent()
        self._workspace = workspace
        self._sockets = sockets
        self._http = http
        self._waiting: list[_Waiting] = []
        self._entered = ""

    def enter(self, url: str) -> None:
        """Type a request URL into the app's settings; it counts once `ready` has verified it."""
        self._entered = url

    @property
    def request_url(self) -> str:
        """As the settings page shows it, verified or not yet."""
        return self._entered or self._workspace.app.request_url

    async def ready(self) -> None:
        """Do the handshake that is still to do.

        Raises:
            RequestUrlRefused: the host did not give the challenge back.
        """
        # In Socket Mode the settings have no such field.
        if self._workspace.app.socket_mode:
            return
        url, self._entered = self._entered, ""
        if not url:
            return
        challenge = "simulated-challenge-0123456789"
        body = {"token": "simulated-verification-token", "challenge": challenge, "type": "url_verification"}
        call = await self._post(url, body, 0, "")
        if not (200 <= call.status < 300 and challenge in call.text):  # noqa: PLR2004 - what HTTP calls success
            raise RequestUrlRefused(
                f"Your URL did not respond with the value of the challenge parameter (HTTP {call.status or 'nothing'})."
            )
        self._workspace.app.request_url = url

    async def deliver(self, body: Mapping[str, Any]) -> WebhookCall | None:
        """Send an event, again at once if that fails, and plan the later retries; None while there is no URL."""
        await self.ready()
        app = self._workspace.app
        # What happens without an address is lost: Slack keeps no events for later.
        if not (app.request_url or app.socket_mode) or not app.installed:
            return None
        call = await self._attempt(_Waiting(self._workspace.clock(), 0, "", body, self._workspace.clock()))
        if self._workspace.behaviour.duplicate_events:
            await self.repeat(body)
        return call

    async def repeat(self, body: Mapping[str, Any]) -> WebhookCall:
        """Send an event once more, as if its answer had been lost."""
        return await self._event(body, 1, "http_timeout")

    async def interact(self, payload: Mapping[str, Any]) -> WebhookCall | None:
        """Send an interaction, once; None while the app has no interactivity URL."""
        content = urlencode({"payload": json.dumps(payload, ensure_ascii=False)}).encode()
        return await self._once("interactive", payload, content)

    async def command(self, form: Mapping[str, str]) -> WebhookCall | None:
        """Send a slash command, once; here its URL is that of interactions."""
        return await self._once("slash_commands", form, urlencode(form).encode())

    async def _once(self, kind: str, payload: Mapping[str, Any], content: bytes) -> WebhookCall | None:
        app = self._workspace.app
        if app.socket_mode and app.installed:
            return await self._over_socket(kind, payload, 0)
        if not app.interactivity_url or not app.installed:
            return None
        return await self._send(app.interactivity_url, payload, content, "application/x-www-form-urlencoded", {})

    async def retry_due(self) -> bool:
        """Send again what is due by now; returns whether anything was."""
        now = self._workspace.clock()
        due = [one for one in self._waiting if one.at <= now]
        # Taken out first, for an attempt that fails plans the next one.
        self._waiting = [one for one in self._waiting if one.at > now]
        for one in due:
            await self._attempt(one)
        return bool(due)

    async def _attempt(self, one: _Waiting) -> WebhookCall:
        call = await self._event(one.body, one.retry, one.reason)
        schedule = RETRIES + (DELAYED if self._workspace.behaviour.delayed_events else ())
        # `X-Slack-No-Retry: 1` on a failure ends the retries.
        if 200 <= call.status < 300 or call.no_retry or one.retry >= len(schedule):  # noqa: PLR2004 - see above
            return call
        reason = "http_error" if call.status else "connection_failed"
        # Counted from the first attempt, not from the last.
        again = _Waiting(one.first + schedule[one.retry], one.retry + 1, reason, one.body, one.first)
        # A retry that is due at once is made here; the others wait for the simulated clock.
        if schedule[one.retry]:
            self._waiting.append(again)
            return call
        return await self._attempt(again)

    async def _event(self, body: Mapping[str, Any], retry: int, reason: str) -> WebhookCall:
        app = self._workspace.app
        if app.socket_mode:
            return await self._over_socket("events_api", body, retry)
        return await self._post(app.request_url, body, retry, reason)

    async def _over_socket(self, kind: str, payload: Mapping[str, Any], retry: int) -> WebhookCall:
        answer = await self._sockets.hand_over(kind, payload, retry)
        call = WebhookCall(payload, retry, 0 if answer is None else 200, json.dumps((answer or {}).get("payload")))
        self.calls.append(call)
        return call

    async def _post(self, url: str, body: Mapping[str, Any], retry: int, reason: str) -> WebhookCall:
        content = json.dumps(body, ensure_ascii=False).encode()
        repeated = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason} if retry else {}
        return await self._send(url, body, content, "application/json", repeated, retry)

    async def _send(
        self,
        url: str,
        body: Mapping[str, Any],
        content: bytes,
        media_type: str,
        extra: Mapping[str, str],
        retry: int = 0,
    ) -> WebhookCall:
        # Every attempt is signed again: with its first timestamp, the third would come too late.
        timestamp = int((self._workspace.clock.real() - self._workspace.behaviour.signed_ago).timestamp())
        headers = {
            "Content-Type": media_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": str(timestamp),
            "X-Slack-Signature": sign(self._workspace.app.signing_secret, timestamp, content),
            **extra,
        }
        try:
            answer = await post_webhook(self._http, url, content, headers, httpx.Timeout(PATIENCE))
        except httpx.TransportError:
            call = WebhookCall(body, retry, 0)
        else:
            no_retry = answer.headers.get("x-slack-no-retry") == "1"
            call = WebhookCall(body, retry, answer.status_code, answer.text, no_retry)
        self.calls.append(call)
        return call
