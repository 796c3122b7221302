"""Turns, and runtimes whose API is in the test's hands."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr

from trinity_channels.agent_settings import OpenAIAgent, TrinityAgent
from trinity_channels.agents.openai import OpenAIRuntime
from trinity_channels.agents.platform import Platform, PublicSettingsReader
from trinity_channels.agents.port import AgentMessage, AgentTurn, Answer
from trinity_channels.agents.trinity import TrinityRuntime
from trinity_channels.api import Note, NoteKind

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
KEY = "fake-key-0123456789"
Handler = Callable[[httpx.Request], httpx.Response]


def note(text: str) -> Note:
    """A part that is told in these words."""
    return Note(NoteKind.OTHER, {"text": text})


TURN = AgentTurn(
    id="turn-1",
    agent="support",
    channel="whatsapp",
    conversation="c1",
    messages=(
        AgentMessage("second question", NOW),
        AgentMessage("", NOW, parts=(note("Location: 52.5, 13.4"),)),
    ),
    history=(AgentMessage("first question", NOW), AgentMessage("first answer", NOW, by_agent=True)),
    sender_name="Zoe",
    verified_email="zoe@example.org",
)


def openai(handler: Handler, **settings: Any) -> OpenAIRuntime:
    """A model whose API answers as told."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return OpenAIRuntime(http, model(**settings), lambda: NOW)


def model(**settings: Any) -> OpenAIAgent:
    """The settings of an agent behind an API."""
    given = {"owner": "owner@example.org", "base_url": "http://model.example/v1", "model": "small", "api_key": KEY}
    return OpenAIAgent(runtime="openai", **{**given, **settings})


def trinity(handler: Handler, **settings: Any) -> TrinityRuntime:
    """A platform that answers tasks as told; nothing is set there for people from outside."""

    def answer(request: httpx.Request) -> httpx.Response:
        unset = {"public_channel_system_prompt": None, "public_channel_model": None}
        return httpx.Response(200, json=unset) if "/public-" in request.url.path else handler(request)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    platform = Platform("http://trinity.example", SecretStr(KEY))
    agent = TrinityAgent(runtime="trinity", owner="owner@example.org", **settings)
    public = PublicSettingsReader(http, platform, lambda: NOW)
    return TrinityRuntime(http, platform, agent, public, now=lambda: NOW)


class Recorder:
    """Answers every request alike and keeps the last one."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        return httpx.Response(200, json=self.answer)

    @property
    def body(self) -> Any:
        """What was asked."""
        return json.loads(self.request.content)


def completion(content: object, finish: str | None = "stop", **message: object) -> dict[str, Any]:
    """What a model answers."""
    said = {"role": "assistant", "content": content, **message}
    return {"choices": [{"index": 0, "finish_reason": finish, "message": said}]}


class Api:
    """An API of agents that answers as told, the last answer again and again; `asked` are the bodies it got."""

    def __init__(self) -> None:
        self.answers: deque[httpx.Response] = deque()
        self.asked: list[str] = []

    def answers_with(self, *bodies: object, status: int = 200, **headers: str) -> None:
        """What comes next: JSON, or text as it is."""
        for body in bodies:
            content = body if isinstance(body, str) else json.dumps(body)
            self.answers.append(httpx.Response(status, content=content.encode(), headers=headers))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer the next request."""
        self.asked.append(request.content.decode())
        found = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
        return httpx.Response(found.status_code, content=found.content, headers=found.headers)


async def answer_to(body: str | bytes, kind: str = "application/json", **headers: str) -> str | Answer:
    """What a model's runtime makes of the body of a 200."""
    content = body.encode() if isinstance(body, str) else body
    return await openai(lambda _: httpx.Response(200, content=content, headers={"Content-Type": kind, **headers})).run(
        TURN
    )
