"""Whether an agent could answer: its API is asked for something that costs nothing, no model runs, no text is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus

import httpx
from pydantic import SecretStr

from trinity_channels.agent_settings import Agent, EchoAgent, OpenAIAgent
from trinity_channels.agents import large_json
from trinity_channels.agents.platform import Platform
from trinity_channels.api import Check, CheckState
from trinity_channels.visible import cleaned_name

SECONDS = 5.0
MOST = 10_000_000
"""Bytes read of a list of models; the longest known has about a million."""
SHOWN = 10
_LONGEST_NAME = 200
# An API need not list its models to be there. The platform's 404 says more: that it has no such agent for this token.
_NO_LIST = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked and how it is called in the findings: the settings with the address and with the token."""

    title: str
    url: str
    token: SecretStr | None
    place: str
    secret: str
    model: str | None = None
    fine: Collection[int] = ()


async def probe(name: str, agent: Agent, platform: Platform | None, http: httpx.AsyncClient) -> Check:
    """Ask the API behind one agent whether it is there, takes the token, and has the model."""
    title = f"Agent {name}: runtime {agent.runtime}, owner {agent.owner}"
    if isinstance(agent, EchoAgent):
        return Check("agents", CheckState.OK, f"{title}.")
    if isinstance(agent, OpenAIAgent):
        place = f"base_url of [agents.{name}]"
        asked = _Asked(title, f"{agent.base_url}/models", agent.api_key, place, "its api_key", agent.model, _NO_LIST)
        return await _ask(http, asked)
    assert platform is not None  # noqa: S101  the settings check that it is there
    url = platform.agent(name)
    return await _ask(http, _Asked(title, url, platform.token, platform.url_variable, platform.token_variable))


async def _ask(http: httpx.AsyncClient, asked: _Asked) -> Check:
    headers = {"Authorization": f"Bearer {asked.token.get_secret_value()}"} if asked.token else {}
    title, url = asked.title, asked.url
    try:
        # Streamed: an address that is not an API may send a file without end.
        async with asyncio.timeout(SECONDS), http.stream("GET", url, headers=headers) as response:
            status = response.status_code
            listed = await _models(response) if asked.model and response.is_success else []
    except (httpx.HTTPError, TimeoutError) as error:
        message = f"{title}; nothing answers at {url} ({type(error).__name__}), so it cannot answer people either."
        return Check("agents", CheckState.FAILED, message, f"Start what serves it there, or correct {asked.place}.")
    # An empty list says nothing: not every server that takes a model lists it.
    if asked.model and listed and not _is_listed(asked.model, listed):
        more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
        message = f"{title}; its API has no model {asked.model}. It lists {', '.join(listed[:SHOWN])}{more}."
        return Check("agents", CheckState.FAILED, message, f"Correct model beside {asked.place}, or provide it there.")
    if status < HTTPStatus.MULTIPLE_CHOICES or status in asked.fine:
        return Check("agents", CheckState.OK, f"{title}; its API answers{' and lists its model' if listed else ''}.")
    if status == HTTPStatus.UNAUTHORIZED:
        message = f"{title}; {url} does not take the token (401)."
        return Check("agents", CheckState.FAILED, message, f"Correct {asked.secret}.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        message = f"{title}; {url} is out of order ({status})."
        return Check("agents", CheckState.FAILED, message, "Look at the log of what serves it there.")
    message = f"{title}; {url} answers {status}, so whether it can answer people is not known."
    return Check("agents", CheckState.WARNING, message, f"Check {asked.place} and {asked.secret}.")


async def _models(response: httpx.Response) -> list[str]:
    """The names in a list of models; empty if the answer is not such a list.

    https://platform.openai.com/docs/api-reference/models/list; some servers name the list or the names otherwise.
    """
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > MOST:
            return []
    try:
        text = data.decode(json.detect_encoding(data), "surrogatepass")
        document = await large_json.in_thread_if_large(len(data), lambda: large_json.loads(text))
    except (ValueError, RecursionError):
        return []
    if isinstance(document, dict):
        document = document.get("data") or document.get("models")
    entries = document if isinstance(document, list) else []
    names = [one.get("id") or one.get("name") if isinstance(one, dict) else one for one in entries]
    return [cleaned_name(name)[:_LONGEST_NAME] for name in names if isinstance(name, str) and name]


def _is_listed(model: str, listed: list[str]) -> bool:
    """Whether a server that lists these names takes this one.

    Gemini lists `models/<name>`, Ollama `<name>:latest`, LiteLLM patterns such as `openai/*`; OpenRouter takes a variant of
    a listed model, as in `<name>:nitro`.
    """
    spellings = {model, f"models/{model}", f"{model}:latest", model.removeprefix("models/"), model.rpartition(":")[0]}
    return any(name in spellings or ("*" in name and fnmatchcase(model, name)) for name in listed)
