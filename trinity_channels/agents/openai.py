"""A model behind any OpenAI-compatible chat completions API."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

import httpx

from trinity_channels.agent_settings import OpenAIAgent
from trinity_channels.agents import completion, large_json, prompt
from trinity_channels.agents.completion import Completion, ShapeError
from trinity_channels.agents.json_api import JsonApi
from trinity_channels.agents.port import AgentFailed, AgentTurn, AgentUnavailable, Answer
from trinity_channels.visible import visible

# Why a model stopped, as labels; other servers' words beside OpenAI's. Unknown ones count as an end like any other.
# https://platform.openai.com/docs/api-reference/chat/object#chat-object-choices-finish_reason
_MEANT = {"stop", "stop_sequence", "end_turn", "eos", "eos_token", "end_of_text", "complete", "completed"}
_CUT = {
    "length",
    "max_tokens",
    "max_output_tokens",
    "max_new_tokens",
    "max_length",
    "model_length",
    "model_context_window",
}
_FILTERED = {"content_filter", "safety", "sensitive", "recitation", "prohibited_content", "blocklist", "spii"}
_BROKEN = {"error", "network_error", "abort", "aborted", "cancelled", "insufficient_system_resource"}


class OpenAIRuntime:
    """Runs turns by `POST {base_url}/chat/completions`, with the settings of one agent."""

    def __init__(self, http: httpx.AsyncClient, agent: OpenAIAgent, now: Callable[[], datetime]) -> None:
        self._api = JsonApi(http, agent.api_key, agent.timeout_seconds, now)
        self._agent = agent

    async def run(self, turn: AgentTurn) -> str | Answer:
        """Ask the model.

        Returns:
            Its words or its refusal; empty if it stopped by itself and produced nothing at all.

        Raises:
            AgentUnavailable: as `JsonApi.post`; or an error that may pass, told within an answer of status 200.
            AgentTimeout: as `JsonApi.post`.
            AgentFailed: as `JsonApi.post`; or another error, no words, an answer of another shape.
        """
        # Made for this request alone, so no one who writes can have seen it (docs/adr/0007).
        marker = f"[{secrets.token_hex(8)}]"
        body = {
            "model": turn.model or self._agent.model,
            "messages": prompt.messages(turn, self._agent.system_prompt, self._agent.system_role, marker),
            "stream": False,  # some servers stream unless told not to
        }
        # The turn's id: servers that know Idempotency-Key run a repeated attempt once.
        reply = await self._api.post(f"{self._agent.base_url}/chat/completions", body, key=turn.id)
        try:
            answered = await large_json.in_thread_if_large(len(reply.body), lambda: completion.read(reply.text()))
        except ShapeError:
            raise AgentFailed("The agent's answer does not have the shape that its API promises.") from None
        if answered.problem:
            spoken = "The agent's API answered with an error in place of an answer."
            raise self._api.failure(spoken, answered.problem, reply.headers)
        return _answer(answered)


def _answer(answered: Completion) -> str | Answer:
    why = f"finish_reason {answered.finish[:40] or 'not given'}"
    if answered.finish in _BROKEN:
        raise AgentUnavailable(f"The model's run broke off ({why}).")
    # Whatever stopped it, people get the words that are there, and a hint that more was meant to follow.
    cut = answered.finish in _CUT | _FILTERED or not answered.whole
    # Servers put a refusal beside an empty text, beside reasoning, or in both places.
    refusal = "" if answered.refusal in answered.text else answered.refusal
    if spoken := "\n\n".join(text for text in (answered.text, refusal) if visible(text)):
        return Answer(spoken, cut=True) if cut else spoken
    if not answered.whole:
        raise AgentUnavailable("The agent's answer broke off before its first word.")
    if not answered.messages:
        raise AgentFailed(f"The agent's answer has no words: none of its choices holds a message ({why}).")
    # Only here is an empty text deliberate silence; elsewhere a person would wait for an answer that never comes.
    if answered.finish in _MEANT and not answered.beside:
        return ""
    beside = ", with reasoning or tool calls only" if answered.beside else ""
    raise AgentFailed(f"The agent's answer has no words ({why}{beside}).")
