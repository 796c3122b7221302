"""What an agent is told about who writes, as data of the same shape in every runtime: for a direct chat or by message."""

from __future__ import annotations

from collections.abc import Mapping

from trinity_channels.agents.port import AgentMessage, AgentTurn

_NAME_LIMIT = 100


def about(turn: AgentTurn) -> Mapping[str, object]:
    """The facts of a conversation; in a group everybody's own stand with what they say."""
    if turn.group:
        return {"channel": turn.channel, "group": True}
    return {"channel": turn.channel, **_person(turn.sender_name, turn.verified_email)}


def writer(turn: AgentTurn, said: AgentMessage) -> Mapping[str, object]:
    """Who wrote a message of a group; empty for the agent's own, and in a direct chat, where `about` says it."""
    return _person(said.name, said.email) if turn.group and not said.by_agent else {}


def _person(name: str, email: str | None) -> Mapping[str, object]:
    return {"sender_name_unverified": name[:_NAME_LIMIT], "sender_email_verified": email}
