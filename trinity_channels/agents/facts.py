"""What an agent is told about who writes, as data of the same shape in every runtime: for a direct chat or by message."""

from __future__ import annotations

from collections.abc import Mapping

from trinity_channels.agents.port import AgentMessage, AgentTurn

# A name is free text; a long one could hold instructions.
_NAME_LIMIT = 100


def vouched(turn: AgentTurn) -> Mapping[str, object]:
    """What is certain about a conversation; in a group each person's own e-mail stands with what they say."""
    if turn.group:
        return {"channel": turn.channel, "group": True, **_disclosed(turn)}
    facts = {"channel": turn.channel, "group": False, "sender_email_verified": turn.verified_email}
    return facts | _disclosed(turn)


def named(turn: AgentTurn) -> Mapping[str, object]:
    """What the person of a direct chat calls themselves; empty in a group, or if they give no name."""
    name = _one_line(turn.sender_name)
    return {"sender_name_unverified": name} if name and not turn.group else {}


def about(turn: AgentTurn) -> Mapping[str, object]:
    """The facts of a conversation with the name, where that cannot be taken for anything else."""
    if turn.group:
        return {"channel": turn.channel, "group": True, **_disclosed(turn)}
    return {"channel": turn.channel, **_person(turn.sender_name, turn.verified_email), **_disclosed(turn)}


def writer(turn: AgentTurn, message: AgentMessage) -> Mapping[str, object]:
    """Who wrote a message of a group; empty for the agent's own, and in a direct chat."""
    return _person(message.name, message.email) if turn.group and not message.by_agent else {}


def _person(name: str, email: str | None) -> Mapping[str, object]:
    return {"sender_name_unverified": _one_line(name), "sender_email_verified": email}


def _disclosed(turn: AgentTurn) -> dict[str, object]:
    """What the person reads before the answer, so that the agent does not say it again."""
    return {"sent_in_front_of_your_answer": turn.disclosure} if turn.disclosure else {}


def _one_line(name: str) -> str:
    return " ".join(name.split())[:_NAME_LIMIT]
