"""The cookies of the pages: the session, the colour scheme, and one sentence for the next page."""

from __future__ import annotations

import base64
import binascii
import hmac

from starlette.requests import Request
from starlette.responses import Response

from trinity_channels.access.sessions import LASTS
from trinity_channels.crypto.vault import Vault
from trinity_channels.web.pages.https import Https

THEME = "trinity_channels_theme"
THEMES = ("light", "dark")
SAID = "trinity_channels_said"
_SAID_PURPOSE = "sentence of a page"
_LONGEST = 300
"""Characters of a sentence. Browsers drop a cookie of more than 4096 bytes, proxies refuse such an answer."""
_YEAR = 365 * 24 * 3600
_MINUTE = 60


class SessionCookie:
    """Reads and sets it. On https it has the prefix `__Host-`, with which no other host of the domain can set it."""

    def __init__(self, https: Https) -> None:
        self._https = https

    def read(self, request: Request) -> str | None:
        """The cookie of a request."""
        return request.cookies.get(self._name(request))

    def set(self, request: Request, response: Response, value: str) -> None:
        """Let a browser keep a session."""
        response.set_cookie(
            self._name(request),
            value,
            max_age=int(LASTS.total_seconds()),
            path="/",
            secure=self._https.used(request),
            httponly=True,
            samesite="lax",
        )

    def drop(self, request: Request, response: Response) -> None:
        """Let a browser forget it."""
        response.delete_cookie(
            self._name(request), path="/", secure=self._https.used(request), httponly=True, samesite="lax"
        )

    def _name(self, request: Request) -> str:
        # Browsers refuse the prefix on http, as a host on one's own machine has it.
        return "__Host-trinity_channels" if self._https.used(request) else "trinity_channels"


class Said:
    """One sentence that the next page shows, such as "Saved." after a form; signed, so that only we put words there."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def set(self, response: Response, sentence: str) -> None:
        """Let the next page show a sentence."""
        shown = f"{sentence[:_LONGEST]}…" if len(sentence) > _LONGEST else sentence
        text = base64.urlsafe_b64encode(shown.encode()).decode()
        value = f"{text}.{self._vault.digest(text, purpose=_SAID_PURPOSE)}"
        response.set_cookie(SAID, value, max_age=_MINUTE, path="/", httponly=True, samesite="strict")

    def read(self, request: Request) -> str:
        """The sentence, empty if there is none."""
        text, _, signature = request.cookies.get(SAID, "").partition(".")
        if not text or not any(
            hmac.compare_digest(one.encode(), signature.encode())
            # Under every key that is known: the encryption key may have been changed a minute ago.
            for one in self._vault.digests(text, purpose=_SAID_PURPOSE)
        ):
            return ""
        try:
            return base64.urlsafe_b64decode(text).decode()
        except (binascii.Error, ValueError):  # ours, so this does not happen
            return ""


def theme_of(request: Request) -> str:
    """The colour scheme that a browser asks for, empty for that of its system."""
    chosen = request.cookies.get(THEME, "")
    return chosen if chosen in THEMES else ""


def set_theme(response: Response, theme: str) -> None:
    """Let a browser keep the choice; anything but a known scheme forgets it."""
    if theme in THEMES:
        response.set_cookie(THEME, theme, max_age=_YEAR, path="/", httponly=True, samesite="lax")
    else:
        response.delete_cookie(THEME, path="/", httponly=True, samesite="lax")
