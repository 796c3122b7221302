"""What Trinity's HTTP API tells about accounts, agents and shares, in values of ours; nothing is kept here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from trinity_channels.agents.json_api import JsonApi, Reply
from trinity_channels.agents.platform import SECONDS, Platform, document, not_its_own, own_document, parsed, read
from trinity_channels.agents.port import AgentError
from trinity_channels.agents.problem import said_in
from trinity_channels.email_address import normalise_email
from trinity_channels.refusal import Refusal, Unavailable

MAX_LIST_BYTES = 10_000_000
_SHAPE = "The platform's answer has another shape than its API promises."
_JUDGED = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.CONFLICT,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
_NO_ONE = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
# Older platforms have no such list, or hide it from those who may not see it.
_NO_LIST = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
_INVALID = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
# "Cannot share an agent with yourself": https://github.com/Abilityai/trinity, src/backend/routers/sharing.py
_SELF = re.compile(r"\b(yourself|self|owner)\b", re.IGNORECASE)


class PlatformUnavailable(Unavailable):
    """The platform cannot be asked now, or does not take the host's token; nothing is allowed on its account."""

    def __init__(self, why: str) -> None:
        message = f"{why} Until it can be asked about agents and people, nothing is allowed on its account."
        super().__init__("platform_unavailable", message, retry_after=timedelta(seconds=15))


class PlatformRefused(Refusal):
    """The host's token has not the rights for an operation."""

    def __init__(self, what: str, variable: str) -> None:
        """`variable` is what the setting of the token is called."""
        key = "Put the key of an administrator, or of the agent's owner,"
        super().__init__("platform_refused", f"The platform does not let this host {what}. {key} into {variable}.")


def by_name(username: str) -> str:
    """What identifies an account whose e-mail is not known; never an e-mail, though user names may look like one."""
    return f"user:{username}" if "@" in username else username


@dataclass(frozen=True, slots=True)
class Account:
    """Someone with an account. `email` is in lower case, empty if they have none.

    `suspended`: the account is; told to administrators only.
    """

    username: str
    email: str = field(repr=False)
    role: str
    suspended: bool = False

    @property
    def is_admin(self) -> bool:
        """Whether they may do everything."""
        return self.role == "admin"

    @property
    def identity(self) -> str:
        """What identifies them here: the e-mail, or the user name where there is none."""
        return self.email or by_name(self.username)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """What a key of the platform stands for: an agent, or an account where `agent` is empty."""

    scope: str
    agent: str


@dataclass(frozen=True, slots=True)
class PlatformShare:
    """An e-mail that may use an agent; `allow_proactive` is None if the platform does not say it there."""

    email: str = field(repr=False)
    allow_proactive: bool | None
    by: str
    at: datetime


class TrinityAccounts:
    """Asks the platform with one token.

    Raises:
        PlatformUnavailable: by each operation, if it cannot be asked, or answers in another shape.

    Attributes:
        platform: whom it asks.
    """

    def __init__(self, http: httpx.AsyncClient, platform: Platform, now: Callable[[], datetime]) -> None:
        self._api = JsonApi(http, platform.token, SECONDS, now, "platform")
        self.platform = platform
        self._now = now

    async def me(self) -> Account | None:
        """Whose the token is; None if the platform does not take it."""
        reply = await self._ask("GET", f"{self.platform.url}/api/users/me")
        if reply.status in _NO_ONE:
            return None
        account = _account(await document(reply))
        if reply.status != HTTPStatus.OK or account is None:
            raise self._refused(reply)
        return account

    async def key(self) -> KeyHolder | None:
        """What the token stands for, if it is a key that works."""
        reply = await self._ask("POST", f"{self.platform.url}/api/mcp/validate", {})
        found = await document(reply)
        if reply.status in _NO_ONE or found.get("valid", True) is not True:
            return None
        if reply.status != HTTPStatus.OK or "valid" not in found:
            raise self._refused(reply)
        return KeyHolder(_text(found.get("scope")), _text(found.get("agent_name")))

    async def users(self) -> list[Account]:
        """All accounts; empty if the token may not list them: only an administrator's may."""
        reply = await self._ask("GET", f"{self.platform.url}/api/users")
        if reply.status in _NO_LIST:
            return []
        # Any other refusal says nothing about the token's rights, and would let suspended accounts in.
        if reply.status != HTTPStatus.OK:
            raise self._refused(reply)
        return await read(reply, self._accounts)

    async def agents(self) -> dict[str, str]:
        """The agents that the token reaches by name, with the user names of their owners."""
        reply = await self._ask("GET", f"{self.platform.url}/api/agents")
        if reply.status != HTTPStatus.OK:
            raise self._refused(reply)
        return await read(reply, self._owners)

    async def shares(self, agent: str) -> list[PlatformShare]:
        """Whom an agent is shared with.

        Raises:
            PlatformRefused: the token may not see that.
        """
        reply = await self._ask("GET", self.platform.agent(agent, "/shares"))
        self._require(reply, f"see whom {agent} is shared with")
        found = await read(reply, self._listed)
        if all(one.allow_proactive is not None for one in found):
            return found
        # Older platforms tell it apart from the share.
        allowed = await self._consents(agent)
        return [PlatformShare(one.email, one.email in allowed, one.by, one.at) for one in found]

    async def has_run(self, agent: str, run: str) -> bool:
        """Whether a run is the agent's."""
        reply = await self._ask("GET", self.platform.agent(agent, f"/executions/{quote(run, safe='')}"))
        return reply.status == HTTPStatus.OK and (await document(reply)).get("id") == run

    async def share(self, agent: str, email: str) -> bool:
        """Share an agent; False if it was shared already.

        Raises:
            PlatformRefused: the token may not do that.
            Refusal: `self_share`, or `invalid_input` in the platform's words.
        """
        reply = await self._ask("POST", self.platform.agent(agent, "/share"), {"email": email})
        if reply.status == HTTPStatus.CONFLICT:
            return False
        if reply.status in _INVALID:
            raise await self._invalid(reply)
        self._require(reply, f"share {agent}")
        return True

    async def unshare(self, agent: str, email: str) -> bool:
        """Take a share away; False if the platform finds none, or does not let the token."""
        reply = await self._ask("DELETE", self.platform.agent(agent, f"/share/{quote(email, safe='')}"))
        return self._found(reply, f"take a share of {agent} away")

    async def consent(self, agent: str, email: str, *, allow: bool) -> bool:
        """Allow or forbid proactive messages to a share; False as `unshare`."""
        body = {"email": email, "allow_proactive": allow}
        reply = await self._ask("PUT", self.platform.agent(agent, "/shares/proactive"), body)
        return self._found(reply, f"change the shares of {agent}")

    async def _consents(self, agent: str) -> set[str]:
        reply = await self._ask("GET", self.platform.agent(agent, "/shares/proactive"))
        emails = (await document(reply)).get("emails") if reply.status == HTTPStatus.OK else None
        return {_email(one) for one in emails} if isinstance(emails, list) else set()

    def _listed(self, reply: Reply) -> list[PlatformShare]:
        return [self._share(one) for one in self._entries(reply, "shares") if _email(one.get("shared_with_email"))]

    def _share(self, entry: Mapping[Any, Any]) -> PlatformShare:
        allowed = entry.get("allow_proactive")
        return PlatformShare(
            email=_email(entry.get("shared_with_email")),
            allow_proactive=allowed if isinstance(allowed, bool) else None,
            by=_text(entry.get("shared_by_email")) or "platform",
            at=_moment(entry.get("created_at")) or self._now(),
        )

    async def _invalid(self, reply: Reply) -> Refusal:
        words = self._api.detail(said_in(await document(reply)).text)
        if _SELF.search(words):
            return Refusal("self_share", "The owner has access already.", field="email")
        why = words or f"its API answered {reply.status}"
        return Refusal("invalid_input", f"The platform does not share the agent with this e-mail: {why}", field="email")

    def _found(self, reply: Reply, what: str) -> bool:
        if reply.status == HTTPStatus.NOT_FOUND:
            return False
        self._require(reply, what)
        return True

    async def _ask(self, method: str, url: str, body: Mapping[str, object] | None = None) -> Reply:
        try:
            reply = await self._api.call(method, url, body, judged=_JUDGED, most=MAX_LIST_BYTES)
        except AgentError as error:
            raise PlatformUnavailable(str(error)) from None
        if reply.status in _JUDGED and await own_document(reply) is None:
            raise PlatformUnavailable(f"{not_its_own(reply.status)} Check {self.platform.url_variable}.")
        return reply

    def _require(self, reply: Reply, what: str) -> None:
        if reply.status == HTTPStatus.UNAUTHORIZED:
            raise self._refused(reply)
        if reply.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
            raise PlatformRefused(what, self.platform.token_variable)
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise PlatformUnavailable(f"The platform's API answered {reply.status}.")

    def _refused(self, reply: Reply) -> PlatformUnavailable:
        url, token = self.platform.url_variable, self.platform.token_variable
        if reply.status == HTTPStatus.UNAUTHORIZED:
            return PlatformUnavailable(f"The platform does not take {token} (401). Put a valid key there.")
        if reply.status == HTTPStatus.OK:
            return PlatformUnavailable(f"{_SHAPE} Check {url}.")
        return PlatformUnavailable(f"The platform's API answered {reply.status}. Check {url} and {token}.")

    def _entries(self, reply: Reply, name: str) -> list[Mapping[Any, Any]]:
        """The objects in a list, or in the list of this name."""
        found = parsed(reply)
        if isinstance(found, dict):
            found = found.get(name)
        if not isinstance(found, list):
            raise PlatformUnavailable(f"{_SHAPE} Check {self.platform.url_variable}.")
        return [one for one in found if isinstance(one, dict)]

    def _accounts(self, reply: Reply) -> list[Account]:
        return [one for entry in self._entries(reply, "users") if (one := _account(entry))]

    def _owners(self, reply: Reply) -> dict[str, str]:
        found = ((_text(one.get("name")), _text(one.get("owner"))) for one in self._entries(reply, "agents"))
        return {name: owner for name, owner in found if name}


def _account(found: Mapping[Any, Any]) -> Account | None:
    username = _text(found.get("username"))
    email, role, suspended = _email(found.get("email")), _text(found.get("role")), bool(found.get("suspended_at"))
    return Account(username, email, role, suspended) if username else None


def _email(value: object) -> str:
    """An e-mail in its usual spelling; empty if it is not one."""
    try:
        return normalise_email(_text(value))
    except ValueError:
        return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
