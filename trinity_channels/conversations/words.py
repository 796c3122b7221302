"""States and reasons in words, the same for the API and the pages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trinity_channels.agents import words
from trinity_channels.api import Attachment, Forwarded, Quoted
from trinity_channels.conversations.readable import readable
from trinity_channels.people.masked import masked as masked_address
from trinity_channels.store.conversation_list import Last, Listed
from trinity_channels.store.conversation_log import Heading, Said
from trinity_channels.store.states import MessageState, OutboxState
from trinity_channels.visible import one_line

SENDING: Mapping[OutboxState, str] = MappingProxyType(
    {
        OutboxState.READY: "Queued",
        OutboxState.SENDING: "Being sent",
        OutboxState.RECONCILING: "Being checked",
        OutboxState.QUEUED: "Accepted",
        OutboxState.SENT: "Sent",
        OutboxState.DELIVERED: "Delivered",
        OutboxState.READ: "Read",
        OutboxState.FAILED: "Not delivered",
        OutboxState.UNKNOWN: "Perhaps sent",
    }
)
"""How far a message of ours has got."""
RECEIVED: Mapping[MessageState, str] = MappingProxyType(
    {
        MessageState.WAITING: "Waits for the agent",
        MessageState.HELD: "Waits for access",
        MessageState.ANSWERING: "Agent is answering",
        MessageState.ANSWERED: "",
        MessageState.NOTICE: "",
        MessageState.HANDLED: "Command",
        MessageState.FAILED: "Not answered",
        MessageState.DROPPED: "Not answered",
        MessageState.EXPIRED: "Not answered",
        MessageState.ERASED: "",
    }
)
"""What became of a message that a person wrote; empty where nothing needs to be said."""
_SHORT = 120
_READ = 240
"""Characters of a text that are read for its beginning, for marks and addresses take some of them."""
_COST = 40
"""What its marks may cost, see `readable`: a list has 25 of them."""


def gone(said: Said, kept_days: int) -> str:
    """Why a message has no text any more; empty if it has."""
    if not said.cleared:
        return ""
    match said.state:
        case MessageState.ERASED:
            return "This person was erased, and with them what they wrote."
        case _ if said.unsent_at:
            return "This person unsent the message, so its text was removed."
        case MessageState.DROPPED:
            return "It was not given to the agent, so its text was removed."
        case _:
            return f"Text deleted after {kept_days} day{'' if kept_days == 1 else 's'}."


def notes(said: Said) -> tuple[str, ...]:
    """What came with a text, as the agent is told of it."""
    return tuple(f"{one[0].upper()}{one[1:]}" for one in words.notes(said.parts))


def title(of: Listed | Heading) -> str:
    """How a conversation is called: by the person's name, else by the masked address."""
    if of.group:
        return "Group chat"
    return one_line(of.name) or masked(of) or "No name"


def masked(of: Listed | Heading) -> str:
    """The address without its middle, and without the channel before it, which is told beside it."""
    return masked_address(of.address)


def last_words(one: Listed) -> str:
    """The beginning of what was said last, an agent's without its marks."""
    last = one.last
    if last is None:
        return ""
    if last.cleared:
        return "Message unsent" if last.unsent else "Text deleted"
    text = one_line(readable(last.origin, last.text[:_READ], _COST)) or _kind(last)
    return text if len(text) <= _SHORT and len(last.text) <= _READ else f"{text[: _SHORT - 1]}…"


def _kind(last: Last) -> str:
    for part in last.parts:
        if isinstance(part, Attachment):
            return f"[{part.media_type.partition('/')[0]}]"
        if isinstance(part, Quoted | Forwarded) and part.text:
            return one_line(part.text)
    told = words.notes(last.parts)
    return f"[{one_line(told[0])}]" if told else ""
