"""Accounts on the double of the platform: users, keys, agents, shares, and the routes that tell of them and change them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refused(Exception):
    """The platform refuses a request with a status and a detail."""

    def __init__(self, status: int, detail: object, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


@dataclass
class User:
    """Someone with an account; administrators of a default installation have no e-mail."""

    username: str
    email: str | None = None
    role: str = "user"
    suspended_at: str | None = None


@dataclass
class Key:
    """A token: a JWT (`scope` None) or a key of the MCP server with its scope; `agent` is the one that it belongs to."""

    user: User
    scope: str | None = "user"
    agent: str | None = None
    name: str = "a key"


@dataclass
class Share:
    """An e-mail that may use an agent."""

    id: int
    email: str
    by: User
    at: datetime
    allow_proactive: bool = False


@dataclass
class Agent:
    """An agent, with the settings for people from outside."""

    name: str
    owner: User
    status: str = "running"
    shares: dict[str, Share] = field(default_factory=dict)
    prompt: str = ""
    model: str | None = None


Handler = Callable[[Request, Key], Awaitable[Response]]


class Accounts:
    """Who there is, and who may do what.

    Attributes:
        tells_consent: whether shares say if proactive messages are allowed, as newer platforms do.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.users: dict[str, User] = {}
        self.agents: dict[str, Agent] = {}
        self.keys: dict[str, Key] = {}
        self.tells_consent = True
        self._shares = 0
        self.user("admin", None, "admin")
        self.agent("support", self.user("olga", "owner@example.org"))

    def user(self, username: str, email: str | None, role: str = "user") -> User:
        """Add an account."""
        self.users[username] = User(username, email, role)
        return self.users[username]

    def agent(self, name: str, owner: User) -> Agent:
        """Add an agent."""
        self.agents[name] = Agent(name, owner)
        return self.agents[name]

    def rename(self, name: str, to: str) -> None:
        """Give an agent another name; its shares stay."""
        agent = self.agents[to] = self.agents.pop(name)
        agent.name = to

    def key(self, token: str, username: str, scope: str | None = "user", agent: str | None = None) -> None:
        """Make a token."""
        self.keys[token] = Key(self.users[username], scope, agent)

    def share(self, name: str, email: str, *, allow_proactive: bool = False) -> None:
        """Share an agent, by the platform's own pages."""
        agent = self.agents[name]
        self._shares += 1
        agent.shares[email] = Share(self._shares, email, agent.owner, self._now(), allow_proactive)

    # --- who may do what ---

    def caller(self, request: Request) -> Key:
        """Who asks.

        Raises:
            Refused: the token is unknown.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        found = self.keys.get(token)
        if scheme != "Bearer" or found is None:
            if request.url.path == "/api/mcp/validate":
                raise Refused(401, "Invalid or inactive API key")
            raise Refused(401, "Could not validate credentials", **{"WWW-Authenticate": "Bearer"})
        return found

    def accessible(self, key: Key, name: str) -> Agent:
        """An agent that a caller may use: the owner's, an administrator's, or shared with them. Otherwise 404."""
        agent = self.agents.get(name)
        if agent and (self._owns(key, agent) or key.user.email in agent.shares):
            return agent
        raise Refused(404, "Agent not found")

    def owned(self, key: Key, name: str) -> Agent:
        """An agent that a caller may manage. Otherwise 404, for missing and foreign ones alike."""
        agent = self.agents.get(name)
        if agent and self._owns(key, agent):
            return agent
        raise Refused(404, "Agent not found")

    @staticmethod
    def _owns(key: Key, agent: Agent) -> bool:
        return key.user.role == "admin" or key.user is agent.owner

    # --- routes ---

    def routes(self) -> Iterator[tuple[str, list[str], Handler]]:
        """Path, methods and handler of each."""
        yield "/api/users/me", ["GET"], self._me
        yield "/api/users", ["GET"], self._users
        yield "/api/mcp/validate", ["POST"], self._validate
        yield "/api/agents", ["GET"], self._agents
        yield "/api/agents/{name}/shares", ["GET"], self._list_shares
        yield "/api/agents/{name}/share", ["POST"], self._share
        yield "/api/agents/{name}/share/{email}", ["DELETE"], self._unshare
        yield "/api/agents/{name}/shares/proactive", ["GET"], self._consents
        yield "/api/agents/{name}/shares/proactive", ["PUT"], self._consent
        yield "/api/agents/{name}/public-prompt", ["GET"], self._prompt
        yield "/api/agents/{name}/public-channel-model", ["GET"], self._model
        yield "/api/agents/{name}", ["GET"], self._agent

    async def _me(self, _: Request, key: Key) -> Response:
        user = key.user
        named = {"username": user.username, "email": user.email, "name": None, "picture": None}
        return JSONResponse({**named, "role": user.role})

    async def _users(self, _: Request, key: Key) -> Response:
        if key.user.role != "admin":
            raise Refused(403, "Admin access required")
        return JSONResponse([{"id": at, **vars(one)} for at, one in self._numbered()])

    def _numbered(self) -> Iterator[tuple[int, User]]:
        return iter(enumerate(self.users.values(), 1))

    async def _validate(self, _: Request, key: Key) -> Response:
        if key.scope is None:  # a JWT is no key
            raise Refused(401, "Invalid or inactive API key")
        return JSONResponse(
            {
                "valid": True,
                "key_id": "k1",
                "user_id": key.user.username,
                "user_email": key.user.email,
                "key_name": key.name,
                "agent_name": key.agent,
                "scope": key.scope,
            }
        )

    def _shown(self, key: Key, agent: Agent) -> dict[str, Any]:
        mine = key.user is agent.owner
        return {
            "name": agent.name,
            "type": "business-assistant",
            "status": agent.status,
            "owner": agent.owner.username,
            "is_owner": mine,
            "is_shared": not mine and key.user.role != "admin",
            "is_system": False,
        }

    async def _agents(self, _: Request, key: Key) -> Response:
        every = self.agents.values()
        reachable = [one for one in every if self._owns(key, one) or key.user.email in one.shares]
        return JSONResponse([self._shown(key, one) for one in reachable])

    async def _agent(self, request: Request, key: Key) -> Response:
        return JSONResponse(self._shown(key, self.accessible(key, request.path_params["name"])))

    def _entry(self, agent: Agent, share: Share) -> dict[str, Any]:
        told = {"allow_proactive": share.allow_proactive} if self.tells_consent else {}
        return {
            "id": share.id,
            "agent_name": agent.name,
            "shared_with_email": share.email,
            "shared_by_id": 1,
            "shared_by_email": share.by.email,
            "created_at": share.at.isoformat(),
            **told,
        }

    async def _list_shares(self, request: Request, key: Key) -> Response:
        agent = self.owned(key, request.path_params["name"])
        newest = sorted(agent.shares.values(), key=lambda one: -one.id)
        return JSONResponse([self._entry(agent, one) for one in newest])

    async def _share(self, request: Request, key: Key) -> Response:
        if key.scope == "agent":
            raise Refused(403, {"code": "person_required", "message": "An agent's key may not share"})
        agent = self.owned(key, request.path_params["name"])
        email = json.loads(await request.body())["email"].strip().lower()
        if email == agent.owner.email:
            raise Refused(400, "Cannot share an agent with yourself")
        if email in agent.shares:
            raise Refused(409, f"Agent is already shared with {email}")
        self.share(agent.name, email)
        return JSONResponse(self._entry(agent, agent.shares[email]))

    async def _unshare(self, request: Request, key: Key) -> Response:
        agent = self.owned(key, request.path_params["name"])
        if agent.shares.pop(request.path_params["email"], None) is None:
            raise Refused(404, "Share not found")
        return JSONResponse({"message": "Sharing removed"})

    async def _consents(self, request: Request, key: Key) -> Response:
        agent = self.owned(key, request.path_params["name"])
        emails = [one.email for one in agent.shares.values() if one.allow_proactive]
        return JSONResponse({"agent_name": agent.name, "emails": emails})

    async def _consent(self, request: Request, key: Key) -> Response:
        agent = self.owned(key, request.path_params["name"])
        body = json.loads(await request.body())
        if body["email"] not in agent.shares:
            raise Refused(404, "Share not found")
        agent.shares[body["email"]].allow_proactive = body["allow_proactive"]
        return JSONResponse({"success": True, "agent_name": agent.name, **body})

    async def _prompt(self, request: Request, key: Key) -> Response:
        agent = self.owned(key, request.path_params["name"])
        return JSONResponse({"agent_name": agent.name, "public_channel_system_prompt": agent.prompt or None})

    async def _model(self, request: Request, key: Key) -> Response:
        agent = self.owned(key, request.path_params["name"])
        return JSONResponse(
            {
                "agent_name": agent.name,
                "public_channel_model": agent.model,
                "available_models": ["sonnet", "opus"],
                "platform_default": "sonnet",
                "is_overridden": agent.model is not None,
            }
        )
