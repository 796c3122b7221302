"""What the host needs of an agent: hand over a turn, get an answer back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from trinity_channels.agents import words
from trinity_channels.api import Part


@dataclass(frozen=True, slots=True)
class AgentMessage:
    """One earlier or waiting message, as an agent is given it.

    `by_agent` tells the two sides apart, so that no text can pretend to be the other. `name` is what the writer calls
    themselves and `email` what they have proved, both in groups only. `parts` is what came with the text: a location, a
    file, a quoted message.
    """

    text: str = field(repr=False)
    at: datetime
    by_agent: bool = False
    parts: tuple[Part, ...] = field(default=(), repr=False)
    name: str = field(default="", repr=False)
    email: str | None = field(default=None, repr=False)

    @property
    def notes(self) -> tuple[str, ...]:
        """The parts in words, a sentence without subject for each; not the writer's own text."""
        return words.notes(self.parts)


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """One run of an agent.

    Attributes:
        id: the same in every attempt at this turn, until the agent has failed for good; fit for an idempotency key.
        agent: the agent's name.
        channel: where the person writes.
        conversation: an opaque name of the conversation, the same in all its turns.
        messages: the waiting messages, oldest first; at least one.
        history: up to 20 earlier ones, oldest first.
        sender_name: the name the person chose for themselves; untrusted. Empty in a group.
        verified_email: the e-mail they have proved, if any. None in a group.
        group: several people write; each message says who wrote it.
        public_prompt: the owner's instructions for conversations with people, beside the agent's own; may be empty.
        model: the model that the owner has chosen for them; empty for the agent's own.
        allowed_tools: all tools that the agent may use in the run, as the application names them; None if it has named none.
        disclosure: what the host says in front of the answer, in the same message: that it comes from an AI agent. Empty if
            the conversation was told before.
        run: what an earlier attempt at this turn returned as `Working.run`; empty if none did. With it there is no history.
    """

    id: str
    agent: str
    channel: str
    conversation: str
    messages: Sequence[AgentMessage]
    history: Sequence[AgentMessage] = ()
    sender_name: str = field(default="", repr=False)
    verified_email: str | None = field(default=None, repr=False)
    group: bool = False
    public_prompt: str = field(default="", repr=False)
    model: str = ""
    allowed_tools: tuple[str, ...] | None = None
    disclosure: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of which there is more to say than its text.

    Attributes:
        text: Markdown; empty if the agent deliberately says nothing.
        cut: a limit ended the answer before the agent did; the person is told.
    """

    text: str = field(repr=False)
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Working:
    """The agent works on, and its answer has to be asked for later.

    The host stores `run`, an opaque name, and tries the turn again with `AgentTurn.run` after a pause: 1 second at first, a
    fifth of the time that the run has taken later, 30 seconds at most. Between the attempts it holds nothing for the turn,
    and it goes on so after a restart.
    """

    run: str


class AgentError(Exception):
    """Base of what can go wrong in a run. Its text is for the log and the list of failed turns; no person reads it.

    `detail` is what the agent's API itself said: kept for the operator with the failed turn, but never logged, because it
    may quote what a person wrote.
    """

    detail: str = ""

    def __init__(self, message: str = "", *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class AgentFailed(AgentError):
    """The agent cannot answer this turn; running it again would not help. The person gets a neutral apology."""


class AgentTimeout(AgentFailed):
    """The agent took longer than it may."""


class AgentUnavailable(AgentError):
    """The agent cannot be reached now (no connection, 429, 5xx); the turn is run again after `retry_after` seconds."""

    retry_after: float | None = None

    def __init__(self, message: str, *, retry_after: float | None = None, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.retry_after = retry_after


class AgentRuntime(Protocol):
    """Runs turns. One instance serves many agents and conversations at once."""

    async def run(self, turn: AgentTurn) -> str | Answer | Working:
        """Answer one turn in Markdown; an empty text, or `[NO_REPLY]`, deliberately says nothing.

        With `Working` it says that the run goes on; given `AgentTurn.run`, it asks for that run and begins no other. A
        runtime that returns it may have a method `abandon(turn: AgentTurn) -> None`, asynchronous: the answer is not wanted
        any more. Its turn has no messages. If it raises, it is called again later, for a day, also after a restart.

        Reasoning between tags such as `<think>` is removed by the host. A run that found no words must raise, not return
        an empty text: the person would wait for an answer.

        Raises:
            AgentFailed: final; AgentTimeout when it took too long.
            AgentUnavailable: transient.
        """
