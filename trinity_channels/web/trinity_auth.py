"""Tokens of the platform, beside our own: they stand for the same principals here as there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import httpx
from pydantic import SecretStr
from starlette.requests import HTTPConnection

from trinity_channels.access.tokens import has_our_shape, token_digest
from trinity_channels.access.trinity_directory import TrinityDirectory
from trinity_channels.agent_settings import check_token
from trinity_channels.agents.kept import Kept
from trinity_channels.agents.platform import Platform
from trinity_channels.agents.trinity_accounts import TrinityAccounts
from trinity_channels.per_loop import PerLoop
from trinity_channels.principal import Principal, Role
from trinity_channels.web.auth import TokenAuthenticator, bearer_token

KEY_PREFIX = "trinity_mcp_"
"""How keys of the platform's MCP server begin; what does not is a token of a session there."""
LONGEST = 4096
AT_ONCE = 8
"""Tokens that the platform is asked about at the same time: wrong ones must not take up its connections."""
_OF_PERSON = ("user", "system")
_OF_AGENT = "agent"


class TrinityAuthenticator:
    """The Authenticator of a host beside Trinity. What the platform says of a token counts for a minute."""

    def __init__(
        self,
        own: TokenAuthenticator,
        http: httpx.AsyncClient,
        platform: Platform,
        directory: TrinityDirectory,
        now: Callable[[], datetime],
    ) -> None:
        self._own = own
        self._http = http
        self._platform = platform
        self._directory = directory
        self._now = now
        self._known: Kept[Principal | None] = Kept(now)
        self._slots = PerLoop(lambda: asyncio.Semaphore(AT_ONCE))

    async def principal(self, request: HTTPConnection) -> Principal | None:
        """As the port.

        Raises:
            PlatformUnavailable: it cannot be asked about a token that is not ours.
        """
        found = await self._own.principal(request)
        token = bearer_token(request)
        if found is not None or token is None or has_our_shape(token) or not _is_possible(token):
            return found
        return await self._known.get(token_digest(token), lambda: self._asked(token))

    def agents_changed(self) -> None:
        """An agent was renamed or deleted there: keys of agents stand for others."""
        self._known.forget_all()

    async def _asked(self, token: str) -> Principal | None:
        accounts = TrinityAccounts(self._http, replace(self._platform, token=SecretStr(token)), self._now)
        async with self._slots.current:
            if token.startswith(KEY_PREFIX):
                key = await accounts.key()
                if key is None:
                    return None
                if key.scope == _OF_AGENT:
                    return Principal(Role.AGENT, key.agent) if key.agent else None
                # The other scopes are for narrow purposes of the platform, and stand for no person.
                if key.scope not in _OF_PERSON:
                    return None
            me = await accounts.me()
        if me is None:
            return None
        if me.is_admin:
            return Principal(Role.ADMIN, me.identity)
        # As the directory names owners: it may know less than the person's own token tells.
        return Principal(Role.USER, await self._directory.identity(me.username))


def _is_possible(token: str) -> bool:
    try:
        check_token(SecretStr(token))
    except ValueError:
        return False
    return len(token) <= LONGEST
