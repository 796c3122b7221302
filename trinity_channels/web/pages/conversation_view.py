"""What the page of a conversation shows: messages, and between them what failed, what is held, and who asked for access."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from trinity_channels.api import FailureKind
from trinity_channels.conversations import words
from trinity_channels.conversations.readable import readable_texts
from trinity_channels.conversations.reading import Reading
from trinity_channels.conversations.remedies import Outlook
from trinity_channels.store.access import AccessRequest
from trinity_channels.store.conversation_log import Heading, Parked, Said, Sending
from trinity_channels.store.states import PARKED_DELIVERIES, MessageState, OutboxState
from trinity_channels.store.turns import Cause
from trinity_channels.visible import one_line
from trinity_channels.web.audit_words import by
from trinity_channels.web.pages.curl import agent_api
from trinity_channels.web.pages.delivery_badges import BADGES
from trinity_channels.web.pages.message_words import reason


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message. `ours`: of the agent or this host. `badges`: how far it got, one for each state that parts are in.

    `text` is what it says, an agent's without Markdown's marks.
    """

    said: Said
    text: str
    who: str
    ours: bool
    gone: str
    notes: tuple[str, ...]
    state: str
    badges: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message of ours that did not arrive as a whole: why, and what can be done.

    `again_at`: when it was last sent again, None if it never was. `acts`: who can do something, if that is known.
    """

    message: int
    title: str
    reasons: tuple[str, ...]
    outlook: Outlook
    sendings: tuple[tuple[str, Sending], ...]
    again_at: datetime | None
    acts: FailureKind | None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A turn that failed. `message` is the newest one of it."""

    message: int
    title: str
    parked: Parked
    outlook: Outlook
    several: bool


@dataclass(frozen=True, slots=True)
class Held:
    """Messages that wait until their writer may use the agent; `request` is their open access request, if there is one.

    `message` is the one above.
    """

    message: int
    number: int
    request: AccessRequest | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was decided or asked meanwhile."""

    words: str
    at: datetime


Entry = Bubble | Undelivered | Unanswered | Held | Event


class ConversationView:
    """One page of a conversation, for its template.

    The channel's title comes from its manifest; `called` tells the names of accounts that decided, as `Actors` does.
    """

    def __init__(self, found: Reading, channel_title: str, before: int | None, called: Mapping[str, str]) -> None:
        self.found = found
        self._called = called
        self.channel_title = channel_title
        self.is_newest = before is None
        self.place = f"?before={before}" if before else ""
        self.title = words.title(found.heading)
        self._texts = readable_texts(found.log.said)
        self.address = words.masked(found.heading)

    @property
    def heading(self) -> Heading:
        """What the conversation is."""
        return self.found.heading

    @property
    def path(self) -> str:
        """Where the page is, below the page of the agent."""
        return f"/conversations/{self.heading.id}"

    @property
    def api(self) -> str:
        """Where the API has it."""
        return f"{agent_api(self.heading.agent)}/conversations/{self.heading.id}"

    @property
    def agent_api(self) -> str:
        """Where the API has the agent."""
        return agent_api(self.heading.agent)

    @property
    def _unnamed(self) -> str:
        """How someone without a name is called, in a group also someone who was erased."""
        return "Someone" if self.heading.group else self.title

    @property
    def troubles(self) -> str:
        """What failed or waits, in half a sentence; empty if nothing does."""
        turns, messages = len(self.found.log.parked), len(self.found.resends)
        told = []
        if turns:
            told.append("one question has no answer" if turns == 1 else f"{turns} questions have no answer")
        if messages:
            perhaps = any(one.state is OutboxState.UNKNOWN for said in self.found.log.said for one in said.sendings)
            what = "one message" if messages == 1 else f"{messages} messages"
            told.append(f"{what} {'may not have arrived' if perhaps else 'did not arrive'}")
        if held := self._number_held:
            told.append("one message waits for access" if held == 1 else f"{held} messages wait for access")
        return f"{', '.join(told[:-1])} and {told[-1]}" if told[1:] else "".join(told)

    @property
    def _number_held(self) -> int:
        return sum(one.state is MessageState.HELD for one in self.found.log.said)

    @property
    def entries(self) -> list[Entry]:
        """Everything in order."""
        events = sorted(self._events(), key=lambda one: one.at)
        # The newest message of each failed turn: what failed is said below it.
        last = {one.turn: one.id for one in self.found.log.said if one.turn in self.found.log.parked}
        shown: list[Entry] = []
        for said in self.found.log.said:
            while events and events[0].at < said.at:
                shown.append(events.pop(0))
            shown += self._of(said, is_last_of_turn=said.id in last.values())
        if self.is_newest:
            shown += [*events, *self._held()]
        return shown

    def _of(self, said: Said, *, is_last_of_turn: bool) -> Iterator[Entry]:
        yield self._bubble(said)
        if said.id in self.found.resends:
            yield self._undelivered(said)
        if is_last_of_turn and said.turn is not None:
            yield self._unanswered(said, self.found.log.parked[said.turn])

    def _bubble(self, said: Said) -> Bubble:
        ours = said.origin != "person"
        gone = words.gone(said, self.found.kept_days)
        badges = dict.fromkeys((BADGES[one.state], words.SENDING[one.state]) for one in said.sendings)
        return Bubble(
            said,
            self._texts[said.id],
            _who(said, self.heading) if ours else one_line(said.writer) or self._unnamed,
            ours,
            gone or ("" if said.text or said.parts else "No text"),
            words.notes(said),
            words.RECEIVED[said.state],
            tuple(badges),
        )

    def _undelivered(self, said: Said) -> Undelivered:
        parked = [one for one in said.sendings if one.state in PARKED_DELIVERIES]
        perhaps = any(one.state is OutboxState.UNKNOWN for one in parked)
        verb = "may not have reached" if perhaps else "did not reach"
        what = "This message" if len(said.sendings) == 1 else _numbered(said.sendings, parked)
        return Undelivered(
            said.id,
            f"{what} {verb} {'the group' if self.heading.group else self.title}",
            # The parts behind one that failed repeat its reason.
            tuple(
                dict.fromkeys(
                    filter(None, (reason(one.failure, one.code) for one in (parked if perhaps else parked[:1])))
                )
            ),
            self.found.resends[said.id],
            tuple((words.SENDING[one.state], one) for one in said.sendings) if len(said.sendings) > 1 else (),
            max((one.resent_at for one in parked if one.resent_at), default=None),
            self._acts(parked),
        )

    def _acts(self, parked: Sequence[Sending]) -> FailureKind | None:
        """Who can do something, before which sending again is of no use."""
        kinds = {one.kind for one in parked}
        wrote = self.heading.last_inbound_at > max(one.updated_at for one in parked)
        if FailureKind.RECIPIENT in kinds and not wrote:
            return FailureKind.RECIPIENT
        return FailureKind.OPERATOR if FailureKind.OPERATOR in kinds else None

    def _unanswered(self, said: Said, parked: Parked) -> Unanswered:
        title = {
            Cause.LATE: "This came too late to be answered without asking you",
            Cause.HOST: "This host could not handle this",
        }
        several = sum(one.turn == parked.id for one in self.found.log.said) > 1
        told = title[Cause(parked.cause)] if parked.cause else "The agent did not answer"
        return Unanswered(said.id, told, parked, self.found.resubmits[parked.id], several)

    def _held(self) -> Iterator[Held]:
        number = self._number_held
        pending = next((one for one in self.found.log.requests if one.status == "pending"), None)
        if number or pending:
            yield Held(self.found.log.said[-1].id if self.found.log.said else 0, number, pending)

    def _events(self) -> Iterator[Event]:
        oldest = self.found.log.said[0].at if self.found.log.said and self.found.log.more else None
        for one in self.found.log.requests:
            for event in _of_request(one, self._called.get(one.decided_by or "", "")):
                # What happened before the page's first message stands on the page of older ones.
                if oldest is None or event.at >= oldest:
                    yield event
        if self.heading.blocked_at:
            yield Event("Blocked: what they write is dropped", self.heading.blocked_at)


def _of_request(one: AccessRequest, called: str) -> Iterator[Event]:
    yield Event(f"{one.email} asked for access", one.requested_at)
    if one.decided_at is not None:
        decision = "Access was granted" if one.status == "approved" else "Access was declined"
        yield Event(f"{decision} by {by(one.decided_by, called) if one.decided_by else 'the owner'}", one.decided_at)


def _who(said: Said, heading: Heading) -> str:
    match said.origin:
        case "notice":
            return "This host"
        case "proactive":
            return f"{heading.agent}, written first"
        case _:
            return heading.agent


def _numbered(parts: Sequence[Sending], some: Sequence[Sending]) -> str:
    numbers = [str(place) for place, one in enumerate(parts, 1) if one in some]
    if len(numbers) == 1:
        return f"Part {numbers[0]} of {len(parts)}"
    return f"Parts {', '.join(numbers[:-1])} and {numbers[-1]} of {len(parts)}"
