"""The envelope around an event: what kind of request this is, and whether it concerns our installation.

https://docs.slack.dev/apis/events-api/ — Slack adds fields without notice, so only what is used is
looked at. The deprecated `token` in it is neither checked nor kept.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from trinity_channels.api import Account, Ignored, MalformedPayload
from trinity_channels_slack.fields import Json, objects_of, text_of
from trinity_channels_slack.signature import SignedBody

_KIND = re.compile("[a-z][a-z0-9_.]{0,63}")
_MAX_CHALLENGE = 1000

OTHER_INSTALLATION = Ignored("other_installation")
"""What became of something for another workspace that has the same app."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One signed request; `challenge` is set in the handshake, `event` in everything that has one."""

    kind: str
    raw: Json
    event: Json
    challenge: str = ""

    @property
    def app_id(self) -> str:
        return text_of(self.raw, "api_app_id")

    def teams(self) -> set[str]:
        """Every workspace whose installation this was sent to, as far as the envelope says: it names one of many."""
        # An event in a shared channel comes once, however many workspaces have the app: `authorizations` shows one of them.
        named = [text_of(self.raw, "team_id"), text_of(self.raw, "context_team_id")]
        named += [text_of(one, "team_id") for one in objects_of(self.raw, "authorizations")]
        return set(named) - {""}

    def concerns(self, account: Account) -> bool:
        """Tell whether the event belongs to the account: one app has one URL for all the workspaces it is in."""
        app_id, team_id = account.facts.get("app_id"), account.facts.get("team_id")
        return not (app_id and self.app_id not in {app_id, ""}) and (not team_id or team_id in self.teams())


def read(body: SignedBody) -> Envelope:
    """Parse a signed body.

    Raises:
        MalformedPayload: it is not a JSON object, or lacks what its type always has.
    """
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedPayload("The request is signed, but holds no JSON.") from None
    if not isinstance(raw, dict):
        raise MalformedPayload("The request is signed, but holds no JSON object.")
    return opened(raw)


def opened(raw: Json) -> Envelope:
    """Take the envelope of what Slack has surely sent.

    Raises:
        MalformedPayload: it lacks what its type always has.
    """
    kind = text_of(raw, "type")
    if kind == "url_verification":
        challenge = text_of(raw, "challenge")
        # The challenge is sent back as it came, so its length is bounded, far above that of Slack's.
        if not challenge or len(challenge) > _MAX_CHALLENGE:
            raise MalformedPayload("The handshake brings no challenge.")
        return Envelope(kind, raw, {}, challenge)
    event = raw.get("event")
    if kind == "event_callback" and not isinstance(event, dict):
        raise MalformedPayload("The request brings no event.")
    return Envelope(kind_of(kind), raw, event if isinstance(event, dict) else {})


def kind_of(name: str) -> str:
    """A name that can be counted: Slack's own word, if it looks like one."""
    return name if _KIND.fullmatch(name) else "unknown"
