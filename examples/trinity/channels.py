"""The channels in Trinity's backend, with its services as their ports.

Copy this file to the backend, and in `main.py`:

    platform = Trinity(db, task_service.execute_task, email_service.send_email, settings_service, get_current_user)
    channels = add_channels(app, platform, channel_settings(os.environ.get("DATABASE_URL", "")))
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import FastAPI, HTTPException
from starlette.requests import HTTPConnection

from trinity_channels.agents import task_text
from trinity_channels.agents.instructed import Instructions
from trinity_channels.agents.port import AgentFailed, AgentTimeout, AgentTurn, AgentUnavailable
from trinity_channels.app import Host, Ports, mount_channels
from trinity_channels.mail.port import Mail, MailError
from trinity_channels.principal import Owner, Principal, Role
from trinity_channels.refusal import Refusal
from trinity_channels.settings import Settings
from trinity_channels.store.access import Share
from trinity_channels.web.auth import bearer_token

ERRORS = {"timeout": AgentTimeout} | dict.fromkeys(("capacity", "circuit_open", "network"), AgentUnavailable)


class Database(Protocol):
    """What is used of `database.db`. Its methods block, so they are called in threads."""

    def get_agent_owner(self, agent_name: str) -> Mapping[str, Any] | None: ...
    def get_agents_by_owner(self, owner_username: str) -> Sequence[str]: ...
    def get_accessible_agent_names(self, user_email: str, is_admin: bool) -> Sequence[str]: ...
    def get_user_by_username(self, username: str) -> Mapping[str, Any] | None: ...
    def email_has_agent_access(self, agent_name: str, email: str) -> bool: ...
    def is_email_account_suspended(self, email: str) -> bool: ...
    def get_agent_shares(self, agent_name: str) -> Sequence[Any]: ...
    def share_agent(self, agent_name: str, owner_username: str, share_with_email: str) -> object: ...
    def unshare_agent(self, agent_name: str, owner_username: str, share_with_email: str) -> bool: ...
    def set_allow_proactive(self, agent_name: str, email: str, allow: bool, setter_username: str) -> bool: ...
    def get_public_channel_system_prompt(self, agent_name: str) -> str | None: ...
    def get_public_channel_model(self, agent_name: str) -> str | None: ...


@dataclass(frozen=True)
class Trinity:
    """The platform's services as all ports of the channels. People are known by their usernames."""

    db: Database
    execute_task: Callable[..., Awaitable[Any]]
    send_email: Callable[[str, str, str], Awaitable[bool]]
    settings: Any
    get_current_user: Callable[[Any, str], Awaitable[Any]]

    async def run(self, turn: AgentTurn) -> str:
        if not turn.allowed_tools:
            raise AgentFailed("Allow at least one tool in channels: to the platform, none means all.")
        result = await self.execute_task(
            turn.agent,
            task_text.message(turn),
            triggered_by=turn.channel,
            source_user_email=turn.verified_email,
            model=turn.model or None,
            allowed_tools=list(turn.allowed_tools),
            system_prompt=task_text.system_prompt(turn, turn.public_prompt),
            conversation_key=turn.conversation,
        )
        if result.status == "success" and result.response:
            return str(result.response)
        raise ERRORS.get(result.error_code, AgentFailed)(
            f"The agent's run: {result.status}.", detail=result.error or ""
        )

    async def instructions(self, agent: str) -> Instructions:
        prompt = await to_thread(self.db.get_public_channel_system_prompt, agent)
        model = await to_thread(self.db.get_public_channel_model, agent)
        tools = await to_thread(self.settings.get_setting, "channel_allowed_tools", "WebSearch,WebFetch")
        return Instructions(prompt or "", model or "", tuple(one.strip() for one in tools.split(",") if one.strip()))

    async def agents(self, owner: str | None) -> list[str]:
        if owner is not None:
            return sorted(await to_thread(self.db.get_agents_by_owner, owner))
        return sorted(await to_thread(self.db.get_accessible_agent_names, "", is_admin=True))

    async def owner(self, agent: str) -> Owner | None:
        found = await to_thread(self.db.get_agent_owner, agent)
        user = found and await to_thread(self.db.get_user_by_username, found["owner_username"])
        return Owner(user["username"], user["email"], user["name"] or "") if user else None

    async def may_use(self, agent: str, email: str) -> bool:
        return await to_thread(self.db.email_has_agent_access, agent, email)

    async def suspended(self, email: str) -> bool:
        return await to_thread(self.db.is_email_account_suspended, email)

    async def shares(self, agent: str) -> list[Share]:
        found = sorted(await to_thread(self.db.get_agent_shares, agent), key=lambda one: one.shared_with_email)
        return [Share(one.shared_with_email, one.allow_proactive, one.shared_by_email, one.created_at) for one in found]

    async def grant(self, agent: str, email: str, *, by: str, principal: Principal) -> bool:
        if await to_thread(self.db.share_agent, agent, await self._acting(agent, principal), email):
            return True
        if all(one.email != email for one in await self.shares(agent)):
            raise Refusal("platform_refused", f"The platform does not let {by} share this agent.")
        return False

    async def revoke(self, agent: str, email: str, *, principal: Principal) -> bool:
        return await to_thread(self.db.unshare_agent, agent, await self._acting(agent, principal), email)

    async def consent(self, agent: str, email: str, *, allow: bool, principal: Principal) -> bool:
        return await to_thread(self.db.set_allow_proactive, agent, email, allow, await self._acting(agent, principal))

    async def _acting(self, agent: str, principal: Principal) -> str:
        owner = None if principal.subject else await self.owner(agent)  # commands act for the owner
        return owner.id if owner else principal.subject

    async def principal(self, request: HTTPConnection) -> Principal | None:
        token = bearer_token(request)
        try:
            user = await self.get_current_user(request, token) if token else None
        except HTTPException:
            return None
        if user is None or not (user.agent_name or getattr(user, "mcp_scope", None) in (None, "user", "system")):
            return None  # keys of other scopes stand for no person
        role = Role.ADMIN if user.role == "admin" else Role.USER
        return Principal(Role.AGENT, user.agent_name) if user.agent_name else Principal(role, user.username)

    async def send(self, mail: Mail) -> None:
        if not await self.send_email(mail.to, mail.subject, mail.text):
            raise MailError("The platform's e-mail service did not take it.")

    async def public_address(self) -> str:
        return await to_thread(self.settings.get_public_chat_url)


def channel_settings(database_url: str) -> Settings:
    """Our tables share the platform's database if that is a SQLite file; if not, they have one in TRINITY_CHANNELS_HOME."""
    return Settings.load(**({"database_url": database_url} if database_url.startswith("sqlite:///") else {}))


def add_channels(app: FastAPI, platform: Trinity, settings: Settings, **others: Any) -> Host:
    """Mount them. After it renamed an agent, the platform awaits `agent_renamed`; after it purged one, `agent_deleted`."""
    # As agents, directory, authenticator, mailer, address and instructions; `others` may be `http`, for example.
    return mount_channels(app, Ports(platform, platform, platform, platform, platform, platform, **others), settings)
