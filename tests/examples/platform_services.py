"""Doubles of the services inside Trinity's backend, with the names, answers and refusals that those have.

Shapes: https://github.com/Abilityai/trinity, `src/backend`: `db/agents.py`, `db/users.py`, `db/agent_settings/sharing.py`,
`services/task_execution_service.py`, `services/email_service.py`, `services/settings_service.py`, `dependencies.py`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import wraps
from typing import Any, TypeVar, cast

from fastapi import HTTPException
from starlette.requests import HTTPConnection

Method = TypeVar("Method", bound=Callable[..., Any])
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class AgentShare:
    """A row of `agent_sharing`."""

    id: int
    agent_name: str
    shared_with_email: str
    shared_by_id: int
    shared_by_email: str
    created_at: datetime
    allow_proactive: bool = False


@dataclass
class User:
    """Who sends a request; `agent_name` only for an agent's own key, `mcp_scope` only for keys."""

    id: int
    username: str
    role: str
    email: str | None
    agent_name: str | None = None
    mcp_scope: str | None = None


class TaskExecutionErrorCode(str, Enum):  # noqa: UP042  as it is there
    """Some of the reasons why a run ended without an answer."""

    TIMEOUT = "timeout"
    CAPACITY = "capacity"
    AUTH = "auth"
    AGENT_ERROR = "agent_error"
    NETWORK = "network"
    CIRCUIT_OPEN = "circuit_open"


@dataclass
class TaskExecutionResult:
    """How a run ended."""

    execution_id: str
    status: str
    response: str
    cost: float | None = None
    error: str | None = None
    error_code: TaskExecutionErrorCode | None = None
    session_id: str | None = None


def blocking(method: Method) -> Method:
    """A method that waits for the database; it is noted where it would hold up all requests."""

    @wraps(method)
    def call(self: Database, *args: Any, **kwargs: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            self.asked_on_the_loop.add(method.__name__)
        return method(self, *args, **kwargs)

    return cast("Method", call)


@dataclass
class Database:
    """`database.db`: most methods block.

    Attributes:
        users: by username.
        owners: the username, by agent.
        deleted: agents that are in the bin, from which an administrator can take them for 180 days.
        shares: by agent and e-mail.
        prompts: the owner's instructions for people from outside, by agent.
        models: the model for them, by agent.
        asked_on_the_loop: methods that were called where they would hold up all requests.
    """

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    shares: dict[tuple[str, str], AgentShare] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    asked_on_the_loop: set[str] = field(default_factory=set)

    def add_user(self, username: str, email: str | None, role: str = "user", name: str | None = None) -> None:
        """Make an account."""
        self.users[username] = {
            "id": len(self.users) + 1,
            "username": username,
            "password": None,
            "role": role,
            "name": name,
            "email": email,
            "suspended_at": None,
        }

    @blocking
    def get_user_by_username(self, username: str) -> dict[str, Any] | None:
        user = self.users.get(username)
        return dict(user) if user else None

    @blocking
    def get_user_by_email(self, email: str) -> dict[str, Any] | None:
        wanted = (email or "").strip().lower()
        return next(
            (dict(one) for one in self.users.values() if wanted and (one["email"] or "").lower() == wanted), None
        )

    @blocking
    def is_email_account_suspended(self, email: str) -> bool:
        user = self.get_user_by_email(email)
        return bool(user and user.get("suspended_at"))

    @blocking
    def get_agent_owner(self, agent_name: str) -> dict[str, Any] | None:
        username = self.owners.get(agent_name)
        if username not in self.users or agent_name in self.deleted:
            return None
        owner_id = self.users[username]["id"]
        row = {"id": 1, "agent_name": agent_name, "owner_id": owner_id, "owner_username": username}
        return {**row, "created_at": START.isoformat(), "is_system": False}

    @blocking
    def get_agents_by_owner(self, owner_username: str) -> list[str]:
        return [name for name, one in self.owners.items() if one == owner_username and name not in self.deleted]

    @blocking
    def get_accessible_agent_names(self, user_email: str, is_admin: bool = False) -> list[str]:
        names = (name for name in self.owners if name not in self.deleted)
        return [name for name in names if is_admin or self.email_has_agent_access(name, user_email)]

    @blocking
    def email_has_agent_access(self, agent_name: str, email: str) -> bool:
        user = self.get_user_by_email(email)
        if user and user["suspended_at"]:
            return False
        owner = self.get_agent_owner(agent_name)
        if user and (user["role"] == "admin" or (owner and owner["owner_username"] == user["username"])):
            return True
        return (agent_name, email.strip().lower()) in self.shares

    def can_user_share_agent(self, username: str, agent_name: str) -> bool:
        user, owner = self.users.get(username), self.get_agent_owner(agent_name)
        return bool(user and (user["role"] == "admin" or (owner and owner["owner_username"] == username)))

    @blocking
    def share_agent(self, agent_name: str, owner_username: str, share_with_email: str) -> AgentShare | None:
        email = (share_with_email or "").strip().lower()
        owner = self.users.get(owner_username)
        if not owner or not self.can_user_share_agent(owner_username, agent_name):
            return None
        if not email or email == (owner["email"] or "").lower() or (agent_name, email) in self.shares:
            return None
        by = owner["email"] or owner_username
        share = AgentShare(len(self.shares) + 1, agent_name, email, owner["id"], by, START)
        self.shares[agent_name, email] = share
        return share

    @blocking
    def unshare_agent(self, agent_name: str, owner_username: str, share_with_email: str) -> bool:
        allowed = self.can_user_share_agent(owner_username, agent_name)
        return allowed and self.shares.pop((agent_name, share_with_email.lower()), None) is not None

    @blocking
    def get_agent_shares(self, agent_name: str) -> list[AgentShare]:
        return [one for (name, _), one in reversed(self.shares.items()) if name == agent_name]

    @blocking
    def set_allow_proactive(self, agent_name: str, email: str, allow: bool, setter_username: str) -> bool:
        share = self.shares.get((agent_name, email.lower()))
        if share is None or not self.can_user_share_agent(setter_username, agent_name):
            return False
        share.allow_proactive = allow
        return True

    @blocking
    def get_public_channel_system_prompt(self, agent_name: str) -> str | None:
        return self.prompts.get(agent_name)

    @blocking
    def get_public_channel_model(self, agent_name: str) -> str | None:
        return self.models.get(agent_name)

    def rename_agent(self, old_name: str, new_name: str) -> bool:
        """Every table at once."""
        if old_name not in self.owners or new_name in self.owners:
            return False
        self.owners = {new_name if name == old_name else name: one for name, one in self.owners.items()}
        self.shares = {
            (new_name if name == old_name else name, email): one for (name, email), one in self.shares.items()
        }
        for values in (self.prompts, self.models):
            if old_name in values:
                values[new_name] = values.pop(old_name)
        return True

    def purge_agent_ownership(self, agent_name: str) -> bool:
        """Remove what was in the bin long enough."""
        if agent_name not in self.deleted:
            return False
        self.deleted.remove(agent_name)
        self.shares = {key: one for key, one in self.shares.items() if key[0] != agent_name}
        return self.owners.pop(agent_name, None) is not None


@dataclass
class TaskExecutionService:
    """Runs agents, whose containers are there until they are put in the bin; they all answer the same, or as told.

    Attributes:
        tasks: the arguments of every run.
        results: how the next ones end.
    """

    db: Database
    tasks: list[dict[str, Any]] = field(default_factory=list)
    results: list[TaskExecutionResult] = field(default_factory=list)

    async def execute_task(  # the arguments that there are, with more than the glue uses
        self,
        agent_name: str,
        message: str,
        triggered_by: str,
        source_user_id: int | None = None,
        source_user_email: str | None = None,
        model: str | None = None,
        timeout_seconds: int | None = None,
        allowed_tools: list[str] | None = None,
        system_prompt: str | None = None,
        images: list[Any] | None = None,
        conversation_key: str | None = None,
    ) -> TaskExecutionResult:
        self.tasks.append({name: value for name, value in locals().items() if name != "self"})
        await asyncio.sleep(0)
        if agent_name not in self.db.owners or agent_name in self.db.deleted:
            why = "All connection attempts failed"
            return TaskExecutionResult("exec_1", "failed", "", error=why, error_code=TaskExecutionErrorCode.NETWORK)
        return (
            self.results.pop(0) if self.results else TaskExecutionResult("exec_1", "success", f"{agent_name} answers")
        )


@dataclass
class EmailService:
    """Hands mails over; a failure is an answer of False."""

    works: bool = True
    mails: list[tuple[str, str, str]] = field(default_factory=list)

    async def send_email(self, to_email: str, subject: str, body: str, html_body: str | None = None) -> bool:
        assert html_body is None
        if self.works:
            self.mails.append((to_email, subject, body))
        return self.works


@dataclass
class SettingsService:
    """The platform's settings, as texts."""

    values: dict[str, str] = field(default_factory=dict)

    def get_setting(self, key: str, default: str | None = None) -> str | None:
        return self.values.get(key, default)

    def get_public_chat_url(self) -> str:
        return self.values.get("public_chat_url", "").rstrip("/")


@dataclass
class Tokens:
    """`dependencies.get_current_user`.

    Tokens are `jwt-<username>`, `trinity_mcp_<agent>`, and `trinity_mcp_<scope>_of_<username>`. The platform lets keys for
    narrow purposes pass on a few routes only; here they pass on all.
    """

    db: Database

    async def get_current_user(self, request: HTTPConnection, token: str) -> User:
        assert request.url.path
        key = token.removeprefix("trinity_mcp_") if token.startswith("trinity_mcp_") else ""
        scope, _, holder = key.rpartition("_of_")
        agent = key if key and not scope else None
        username = self.db.owners.get(agent, "") if agent else holder or token.removeprefix("jwt-")
        user = self.db.users.get(username)
        if user is None or user["suspended_at"]:
            raise HTTPException(401, "Could not validate credentials", {"WWW-Authenticate": "Bearer"})
        mcp_scope = "agent" if agent else scope or None
        return User(user["id"], username, user["role"], user["email"], agent, mcp_scope)
