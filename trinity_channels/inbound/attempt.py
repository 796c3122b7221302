"""One attempt at a turn: what is taken from the tables for it, and how the agent is given it."""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.access.public_instructions import PublicInstructions
from trinity_channels.agents.port import AgentMessage, AgentTurn
from trinity_channels.store.conversation_state import ConversationState, Message, OpenTurn


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an attempt is made with.

    Attributes:
        messages: those to answer, oldest first; at least one.
        history: up to 20 earlier ones.
        instructions: what the owner has set for the agent's conversations with people.
        disclosure: what the host will say in front of the answer; empty if nothing.
    """

    messages: tuple[Message, ...]
    history: tuple[Message, ...]
    instructions: PublicInstructions
    disclosure: str


def request(state: ConversationState, turn: OpenTurn, attempt: Attempt) -> AgentTurn:
    """The turn as the agent is given it."""
    contact = state.contact
    return AgentTurn(
        # The same in every attempt, so that an agent can tell a repetition from a new question.
        id=turn.key,
        agent=state.agent,
        channel=state.channel,
        # Our own number, not the provider's address: an agent has no use for a telephone number.
        conversation=f"{state.channel}-{state.conversation}",
        messages=[_agent_message(state, message) for message in attempt.messages],
        history=[_agent_message(state, message) for message in attempt.history],
        sender_name=contact.name if contact else "",
        verified_email=contact.email if contact else None,
        group=state.group,
        public_prompt=attempt.instructions.prompt,
        model=attempt.instructions.model,
        disclosure=attempt.disclosure,
        run=turn.run or "",
    )


def _agent_message(state: ConversationState, message: Message) -> AgentMessage:
    # In a direct chat both stand in the turn itself; repeated with every message they would only fill the prompt.
    name, email = (message.name, message.email) if state.group else ("", None)
    return AgentMessage(message.text, message.at, message.by_agent, message.parts, name, email)
