"""Who is asking: bearer tokens become principals, and one guard decides what they may do with an agent."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import SecretStr
from starlette.requests import HTTPConnection

from trinity_channels.access.directory import Directory
from trinity_channels.store import Store, Tx, settings, tokens
from trinity_channels.web.errors import ApiError, agent_key_not_allowed, not_found

_ADMIN_DIGEST = "admin_token_digest"
LOCAL_COMMAND = "local command"
"""How the audit log labels the administrator who runs a command on the host's own machine."""


class Role(StrEnum):
    """The kinds of principal."""

    ADMIN = "admin"
    USER = "user"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who may ask. `subject` is a user's e-mail, an agent's name, or empty or a label for an administrator."""

    role: Role
    subject: str = ""

    @property
    def actor(self) -> str:
        """How the audit log names them."""
        return f"{self.role}:{self.subject}" if self.subject else str(self.role)


class Authenticator(Protocol):
    """What the host asks the surrounding application about a request."""

    async def principal(self, request: HTTPConnection) -> Principal | None:
        """Who sent the request; None if nobody we know."""


class TokenAuthenticator:
    """Our own tokens: the Authenticator of a host that runs alone. Tokens are kept as hashes.

    Attributes:
        local: an administrator's token for this run only; commands on this machine get it from `serve`.
    """

    def __init__(self, store: Store, admin_token: SecretStr | None) -> None:
        self._store = store
        self.local = _fresh_token()
        self._local_digest = token_digest(self.local)
        self._admin_digest = token_digest(admin_token.get_secret_value()) if admin_token else None

    async def first_admin_token(self) -> str | None:
        """Where the settings name no admin's token, know the one of the first start by its hash, or make it.

        Returns:
            The token if it was made now, to be shown this once.
        """
        if self._admin_digest is not None:
            return None
        fresh = _fresh_token()

        def first(tx: Tx) -> str | None:
            known = settings.get(tx, _ADMIN_DIGEST)
            if known is None:
                settings.put(tx, _ADMIN_DIGEST, token_digest(fresh))
            return known

        known = await self._store.write(first)
        self._admin_digest = known or token_digest(fresh)
        return None if known else fresh

    async def principal(self, request: HTTPConnection) -> Principal | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        digest = token_digest(token.strip())
        if self._admin_digest is not None and hmac.compare_digest(digest.encode(), self._admin_digest.encode()):
            return Principal(Role.ADMIN)
        if hmac.compare_digest(digest.encode(), self._local_digest.encode()):
            return Principal(Role.ADMIN, LOCAL_COMMAND)
        found = await self._store.read(lambda tx: tokens.find(tx, digest))
        return None if found is None else Principal(Role(found.role), found.subject)


def token_digest(token: str) -> str:
    """What a token is stored as; tokens are random and long, so a plain hash hides them."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def new_token(tx: Tx, role: Role, subject: str, now: datetime) -> str:
    """Make and store a token; it is shown this once."""
    token = _fresh_token()
    tokens.add(tx, token_digest(token), role, subject, now)
    return token


def _fresh_token() -> str:
    return f"tc_{secrets.token_urlsafe(32)}"


def unauthorized(message: str) -> ApiError:
    """The answer to a request without a valid token."""
    error = ApiError(401, "unauthorized", message)
    error.headers = {"WWW-Authenticate": "Bearer"}
    return error


class Guard:
    """Decides what a principal may do with an agent. Missing and foreign agents give one and the same answer."""

    def __init__(self, authenticator: Authenticator, directory: Directory) -> None:
        self._authenticator = authenticator
        self._directory = directory

    async def principal(self, request: HTTPConnection) -> Principal:
        """Who is asking; 401 if nobody we know. Looked up once a request."""
        found: Principal | None = getattr(request.state, "principal", None)
        if found is None:
            found = request.state.principal = await self._authenticator.principal(request)
        if found is None:
            raise unauthorized("Send a valid token: Authorization: Bearer <token>.")
        return found

    async def admin(self, request: HTTPConnection) -> Principal:
        """Only an administrator."""
        principal = await self.principal(request)
        if principal.role is not Role.ADMIN:
            raise ApiError(403, "forbidden", "Only an administrator may do this.")
        return principal

    async def owner(self, request: HTTPConnection, agent: str) -> Principal:
        """The agent's owner or an admin; never the agent's own key."""
        principal = await self.member(request, agent)
        if principal.role is Role.AGENT:
            raise agent_key_not_allowed()
        return principal

    async def member(self, request: HTTPConnection, agent: str) -> Principal:
        """The agent's owner, an admin, or the agent itself."""
        principal = await self.principal(request)
        if not await self.manages(principal, agent):
            raise not_found()
        return principal

    async def manages(self, principal: Principal, agent: str) -> bool:
        """Whether this principal may know and use the agent."""
        owner = await self._directory.owner(agent)
        if owner is None:
            return False
        match principal.role:
            case Role.ADMIN:
                return True
            case Role.USER:
                return principal.subject == owner
            case Role.AGENT:
                return principal.subject == agent
