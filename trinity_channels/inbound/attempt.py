"""One attempt at a turn: what is taken from the tables for it, and how the agent is given it."""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.agents.port import AgentMessage, AgentTurn
from trinity_channels.store.scenes import Message, OpenTurn, Scene


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an attempt is made with.

    Attributes:
        messages: those to answer, oldest first; at least one.
        history: up to 20 earlier ones.
        disclosure: what the host will say in front of the answer; empty if nothing.
    """

    messages: tuple[Message, ...]
    history: tuple[Message, ...]
    disclosure: str


def request(scene: Scene, turn: OpenTurn, attempt: Attempt) -> AgentTurn:
    """The turn as the agent is given it."""
    person = scene.person
    return AgentTurn(
        id=turn.key,
        agent=scene.agent,
        channel=scene.channel,
        conversation=f"{scene.channel}-{scene.conversation}",
        messages=[_said(scene, message) for message in attempt.messages],
        history=[_said(scene, message) for message in attempt.history],
        sender_name=person.name if person else "",
        verified_email=person.email if person else None,
        group=scene.group,
        disclosure=attempt.disclosure,
    )


def _said(scene: Scene, message: Message) -> AgentMessage:
    name, email = (message.name, message.email) if scene.group else ("", None)
    return AgentMessage(message.text, message.at, message.by_agent, message.parts, name, email)
