"""Whether an agent could answer: its API is asked for something that costs nothing, no model runs, no text is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from trinity_channels.agent_settings import Agent, EchoAgent, OpenAIAgent
from trinity_channels.agents.registry import Platform
from trinity_channels.api import Check, CheckState

SECONDS = 5.0
# An API need not list its models to be there. The platform's 404 says more: that it has no such agent for this token.
_NO_LIST = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}


async def probe(name: str, agent: Agent, platform: Platform | None, http: httpx.AsyncClient) -> Check:
    """Ask the API behind one agent whether it is there and takes the token."""
    title = f"Agent {name}: runtime {agent.runtime}, owner {agent.owner}"
    if isinstance(agent, EchoAgent):
        return Check("agents", CheckState.OK, f"{title}.")
    if isinstance(agent, OpenAIAgent):
        place, token = f"base_url of [agents.{name}]", "its api_key"
        return await _ask(http, f"{agent.base_url}/models", agent.api_key, title, place, token, _NO_LIST)
    assert platform is not None  # noqa: S101  the settings check that it is there
    url = f"{platform.url}/api/agents/{quote(name, safe='')}"
    return await _ask(http, url, platform.token, title, "TRINITY_URL", "TRINITY_TOKEN")


async def _ask(
    http: httpx.AsyncClient,
    url: str,
    token: SecretStr | None,
    title: str,
    place: str,
    secret: str,
    fine: Collection[int] = (),
) -> Check:
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    try:
        async with asyncio.timeout(SECONDS), http.stream("GET", url, headers=headers) as response:
            status = response.status_code
    except (httpx.HTTPError, TimeoutError) as error:
        message = f"{title}; nothing answers at {url} ({type(error).__name__}), so it cannot answer people either."
        return Check("agents", CheckState.FAILED, message, f"Start what serves it there, or correct {place}.")
    if status < HTTPStatus.MULTIPLE_CHOICES or status in fine:
        return Check("agents", CheckState.OK, f"{title}; its API answers.")
    if status == HTTPStatus.UNAUTHORIZED:
        message = f"{title}; {url} does not take the token (401)."
        return Check("agents", CheckState.FAILED, message, f"Correct {secret}.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        message = f"{title}; {url} is out of order ({status})."
        return Check("agents", CheckState.FAILED, message, "Look at the log of what serves it there.")
    message = f"{title}; {url} answers {status}, so whether it can answer people is not known."
    return Check("agents", CheckState.WARNING, message, f"Check {place} and {secret}.")
