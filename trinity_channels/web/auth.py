"""Who sends a request: bearer tokens become principals, which `authorisation.py` decides about."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import SecretStr
from starlette.requests import HTTPConnection

from trinity_channels.access.tokens import fresh_token, has_our_shape, new_token, token_digest
from trinity_channels.authorisation import Authorisation, administrator
from trinity_channels.principal import COMMAND_LINE, Principal, Role
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, StoreError, tokens
from trinity_channels.store.tokens import USE_NOTED, StoredToken
from trinity_channels.web.failed_auth import FailedAuth

__all__ = ["Authenticator", "Guard", "Principal", "Role", "TokenAuthenticator", "new_token", "unauthorized"]


class Authenticator(Protocol):
    """What the host asks the surrounding application about a request."""

    async def principal(self, request: HTTPConnection) -> Principal | None:
        """Who sent the request; None if unknown."""


class TokenAuthenticator:
    """Our own tokens: the Authenticator of a host that runs alone. Tokens are kept as hashes.

    Attributes:
        local: an administrator's token for this run only; commands on this machine get it from `serve`.
    """

    def __init__(self, store: Store, admin_token: SecretStr | None, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self.local = fresh_token()
        # Hashes here too, so that every token is compared in the same way.
        self._known = {token_digest(self.local): COMMAND_LINE}
        if admin_token is not None:
            self._known[token_digest(admin_token.get_secret_value())] = Principal(Role.ADMIN)
        self._use_noted: dict[int, datetime] = {}

    async def principal(self, request: HTTPConnection) -> Principal | None:
        token = bearer_token(request)
        if token is None:
            return None
        digest = token_digest(token)
        known = self._configured(digest)
        # What cannot be one of ours costs no query, however often it is tried.
        if known is not None or not has_our_shape(token):
            return known
        found = await self._store.read(lambda tx: tokens.find(tx, digest))
        if found is None:
            return None
        now = self._now()
        if found.expired(now):
            # Told apart from an unknown token, so that a person knows what to do; the digest has proved that they had it.
            request.state.refusal = "expired"
            return None
        await self._note_use(found, now)
        return _holder(found)

    async def holder(self, digest: str) -> Principal | None:
        """Who holds the token with this digest; None if there is none, or if it has expired."""
        known = self._configured(digest)
        if known is not None:
            return known
        found = await self._store.read(lambda tx: tokens.find(tx, digest))
        return None if found is None or found.expired(self._now()) else _holder(found)

    def _configured(self, digest: str) -> Principal | None:
        for known, principal in self._known.items():
            if hmac.compare_digest(digest.encode(), known.encode()):
                return principal
        return None

    async def _note_use(self, token: StoredToken, now: datetime) -> None:
        """Write down that a token is used, once a minute at most; a database that cannot be written to does not matter."""
        # The row as well as our own memory: the write may be under way, or may have failed.
        for noted in (token.last_used_at, self._use_noted.get(token.id)):
            if noted is not None and now - USE_NOTED < noted <= now:
                return
        self._use_noted[token.id] = now
        with contextlib.suppress(StoreError):
            await self._store.write(lambda tx: tokens.used(tx, token.id, now))


def _holder(token: StoredToken) -> Principal:
    return Principal(Role(token.role), token.subject or token.label)


def bearer_token(request: HTTPConnection) -> str | None:
    """The token that a request carries."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def unauthorized(message: str) -> Refusal:
    """The answer to a request without a valid token."""
    return Refusal("unauthorized", message)


class Guard:
    """Authenticates requests, and has their principals authorised by `may`."""

    def __init__(self, authenticator: Authenticator, may: Authorisation, failed: FailedAuth) -> None:
        self.authenticator = authenticator
        self.may = may
        self.failed = failed

    async def principal(self, request: HTTPConnection) -> Principal:
        """Who is asking. Looked up once a request.

        Raises:
            Refusal: `unauthorized` without a valid token, `too_many_wrong_tokens` after many wrong ones from the same
                source. A valid token is accepted nevertheless.
        """
        # The route has asked before its handler does.
        found: Principal | None = getattr(request.state, "principal", None)
        if found is None:
            found = request.state.principal = await self.authenticator.principal(request)
        if found is None:
            raise self._refused(request)
        return found

    def _refused(self, request: HTTPConnection) -> Refusal:
        if "authorization" not in request.headers:  # a request without a token tries none
            return unauthorized("Send a valid token: Authorization: Bearer <token>.")
        reason: str = getattr(request.state, "refusal", "unknown")
        # After the look-up: a right token must work however many wrong ones come from the same proxy.
        wait = self.failed.note(request, reason)
        if wait is not None:
            return Refusal(
                "too_many_wrong_tokens",
                "Too many requests with wrong tokens come from your address. Send a valid one; it works at once.",
                retry_after=timedelta(seconds=wait),
            )
        if reason == "expired":
            return unauthorized("This token has expired. Ask an administrator for a new one.")
        return unauthorized("Send a valid token: Authorization: Bearer <token>.")

    async def admin(self, request: HTTPConnection) -> Principal:
        """Only an administrator."""
        principal = await self.principal(request)
        administrator(principal)
        return principal

    async def owner(self, request: HTTPConnection, agent: str) -> Principal:
        """The agent's owner or an admin; never the agent's own key."""
        principal = await self.principal(request)
        await self.may.owner(principal, agent)
        return principal

    async def member(self, request: HTTPConnection, agent: str) -> Principal:
        """The agent's owner, an admin, or the agent itself."""
        principal = await self.principal(request)
        await self.may.member(principal, agent)
        return principal
