"""Trinity's HTTP API: where it is, how it is called, and what the agents are told that people from outside may use.

Facts about it that this rests on: an answer of 404 says "no such agent" and "not yours" alike; older platforms lack routes.
All of its refusals are JSON objects. Another one comes from a proxy in front of it, and says nothing about agents or rights:
some proxies answer 404 as long as the platform restarts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from trinity_channels.agents import large_json
from trinity_channels.agents.json_api import JsonApi, Reply
from trinity_channels.agents.port import AgentFailed, AgentUnavailable

KEPT = timedelta(seconds=60)
"""How long what the platform said about agents and people counts."""
SECONDS = 20.0
"""For a question that runs no agent."""
# What it answers to a token without the rights, or if it is too old to have the route.
_NOT_SHOWN = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Platform:
    """Where Trinity's API is, and the token for it. `url` has no trailing slash.

    Attributes:
        url_variable: what the setting of the address is called to the operator.
        token_variable: the same of the host's token.
    """

    url: str
    token: SecretStr
    url_variable: str = "TRINITY_URL"
    token_variable: str = "TRINITY_TOKEN"  # noqa: S105  its name

    def agent(self, name: str, path: str = "") -> str:
        """The address of an agent, or of something below it."""
        return f"{self.url}/api/agents/{quote(name, safe='')}{path}"


async def read(reply: Reply, into: Callable[[Reply], T]) -> T:
    """What `into` makes of an answer, in a thread if that takes long; errors as `into`."""
    return await large_json.in_thread_if_large(len(reply.body), lambda: into(reply))


def parsed(reply: Reply) -> object:
    """The JSON in an answer; None if there is none."""
    try:
        return large_json.loads(reply.text())
    except (ValueError, RecursionError):
        return None


async def document(reply: Reply) -> dict[Any, Any]:
    """The JSON object in an answer; empty if there is none."""
    return await own_document(reply) or {}


async def own_document(reply: Reply) -> dict[Any, Any] | None:
    """The same, and None if there is none: then the answer is not the platform's own."""
    found = await read(reply, parsed)
    return found if isinstance(found, dict) else None


def not_its_own(status: int) -> str:
    """In words, that something else has answered in the platform's place."""
    return f"An answer of {status} is not the platform's own, but of a proxy in front of it, or of another server."


@dataclass(frozen=True, slots=True)
class PublicSettings:
    """What an agent's owner has set on the platform for people from outside: what to tell the agent, and its model.

    Both are empty if nothing is set, or if the token may not read it: only the owner's or an administrator's may.
    """

    prompt: str = field(default="", repr=False)
    model: str = ""


class PublicSettingsReader:
    """Asks for them, at most once a minute for each agent."""

    def __init__(self, http: httpx.AsyncClient, platform: Platform, now: Callable[[], datetime]) -> None:
        self._api = JsonApi(http, platform.token, SECONDS, now, "platform")
        self._platform = platform
        self._now = now
        self._known: dict[str, tuple[datetime, PublicSettings]] = {}

    async def of(self, agent: str) -> PublicSettings:
        """What counts for an agent now; what counted before, if the platform cannot be asked.

        Raises:
            AgentUnavailable: it cannot be asked, and never was: without the owner's instructions no run is begun.
        """
        now, known = self._now(), self._known
        at, found = known.get(agent, (now, None))
        if found is None or not at <= now < at + KEPT:
            try:
                found = await self._read(agent)
            except AgentUnavailable:
                if found is None:
                    raise
            known[agent] = now, found
        return found

    def forget(self) -> None:
        """Ask again for every agent."""
        self._known = {}  # another one: what is being asked at present is put into the former

    async def _read(self, agent: str) -> PublicSettings:
        prompt, model = await asyncio.gather(
            self._text(agent, "/public-prompt", "public_channel_system_prompt"),
            self._text(agent, "/public-channel-model", "public_channel_model"),
        )
        return PublicSettings(prompt, model)

    async def _text(self, agent: str, path: str, name: str) -> str:
        try:
            reply = await self._api.call("GET", self._platform.agent(agent, path), judged=_NOT_SHOWN)
        except AgentFailed as error:  # which says nothing about the setting
            raise AgentUnavailable(str(error)) from None
        found = await own_document(reply)
        if found is None:
            raise AgentUnavailable(not_its_own(reply.status))
        text = found.get(name)
        return text.strip() if isinstance(text, str) else ""
